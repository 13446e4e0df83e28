"""Results of rule tests as JUnit XML, which build servers read."""

from collections.abc import Sequence
from xml.etree import ElementTree

from commands.output import plain
from screening.authoring.verdicts import Case, Verdict


def junit_xml(cases: Sequence[Case], sentence: str) -> bytes:
    """Return the document: a suite per policy, a case per test; known gaps are marked as skipped.

    Args:
        cases: the tests that ran. Without any the document holds one error, for nothing was proved.
        sentence: why nothing ran.
    """
    root = ElementTree.Element("testsuites", name="portout rules test")
    for policy in dict.fromkeys(case.policy for case in cases):
        _suite(root, policy, [case for case in cases if case.policy == policy])
    if not cases:
        suite = ElementTree.SubElement(
            root, "testsuite", name="rules", tests="1", failures="0", errors="1", skipped="0"
        )
        case = ElementTree.SubElement(suite, "testcase", classname="rules", name="nothing was run")
        ElementTree.SubElement(case, "error", message=plain(sentence))
    document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _suite(root: ElementTree.Element, policy: str, cases: Sequence[Case]) -> None:
    def count(verdict: Verdict) -> str:
        return str(sum(case.verdict is verdict for case in cases))

    suite = ElementTree.SubElement(
        root,
        "testsuite",
        name=policy,
        tests=str(len(cases)),
        failures=count(Verdict.FAILED),
        errors="0",
        skipped=count(Verdict.KNOWN_GAP),
    )
    for case in cases:
        element = ElementTree.SubElement(
            suite, "testcase", classname=f"{policy}.{case.rule or 'scenarios'}", name=plain(case.name)
        )
        file, _, line = case.place.rpartition(":")
        if file:
            element.set("file", plain(file))
            element.set("line", line)
        if case.verdict is Verdict.FAILED:
            ElementTree.SubElement(element, "failure", message=plain("; ".join(case.why))).text = _lines(case)
        elif case.verdict is Verdict.KNOWN_GAP:
            ElementTree.SubElement(element, "skipped", message=plain("known gap: " + "; ".join(case.why)))


def _lines(case: Case) -> str:
    lines: list[str] = []
    for line in case.lines:
        lines.append(f"{line.place}  {line.text}".strip())
        lines += [f"    {name} = {value}" for name, value in line.facts.items()]
    return "\n".join(plain(line) for line in lines)
