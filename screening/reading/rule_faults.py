"""Faults of rules: what they ask, whether every answer is handled, and their tests."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from screening.checks import CHECKS, CheckKind, condition
from screening.checks.documents import UNSCANNED
from screening.checks.kind import ERROR, MISSING, MIXED
from screening.facts import CATALOGUE
from screening.reading.condition_faults import asks_presence, check_condition
from screening.reading.diagnostics import Code, known_here, one_of, quoted
from screening.reading.effect_faults import PolicyNames, check_effect, outcome_of
from screening.reading.fact_faults import check_given_facts, check_unset_facts, is_known_fact
from screening.reading.shape import Faults, parse
from screening.reading.yaml_tree import MapNode, Node, Scalar, child, entries, items, word, words
from screening.results import FactClass

_NO_EVIDENCE = frozenset({MISSING, ERROR, MIXED, UNSCANNED})
ASKED_BY_NAME = CHECKS.keys() - {condition.KIND.name}
"""What may stand under `check`; conditions are written under `when`."""

_ALL_PLACEHOLDERS = frozenset(name for kind in CHECKS.values() for name in kind.placeholders)


def kind_of(rule: Node) -> CheckKind[Any] | None:
    """Return the kind of check that a rule asks; None if that cannot be told."""
    checks, when = entries(child(rule, "check")), child(rule, "when")
    if when is not None and not checks:
        # What asks whether a fact is missing must not become the evidence for an approval.
        return replace(condition.KIND, evidence=frozenset()) if asks_presence(when) else condition.KIND
    return CHECKS.get(checks[0][0].text) if len(checks) == 1 and when is None else None


def check_rules(root: Node, names: PolicyNames, lists: Collection[str], faults: Faults) -> None:
    """Report what is wrong with the rules of a policy and with its `defaults`.

    Args:
        root: the policy file.
        names: what effects may refer to.
        lists: the names under `lists`.
    """
    defaults = child(root, "defaults")
    rules = items(child(root, "rules"))
    report_duplicates(
        [node for rule in rules if isinstance(node := child(rule, "id"), Scalar)], "rule", faults
    )
    for rule in rules:
        _check_question(rule, lists, faults)
        kind = kind_of(rule)
        if kind is not None:
            _check_answers(rule, kind, defaults, names, faults)
        else:
            for _, effect in entries(child(rule, "then")):
                check_effect(effect, names, faults, unlawful_ground=None, declared=_ALL_PLACEHOLDERS)
        _check_tests(rule, kind, faults)
    _check_defaults(defaults, rules, names, faults)


def report_duplicates(names: list[Scalar], what: str, faults: Faults) -> None:
    """Report each name that an earlier one has already."""
    first: dict[str, Scalar] = {}
    for name in names:
        earlier = first.setdefault(name.text, name)
        if earlier is not name:
            place = f"first one at {earlier.line}:{earlier.column}"
            faults.error(name, Code.DUPLICATE_NAME, f"a second {what} called {quoted(name.text)}", place)


def report_unknown(
    name: Node, known: Collection[str], code: Code, what: str, faults: Faults, otherwise: str = ""
) -> bool:
    """Report a name that is not among the known ones; returns whether it was reported."""
    text = word(name)
    if text is None or text in known:
        return False
    faults.error(name, code, f"unknown {what} {quoted(text)}", known_here(text, known, otherwise))
    return True


def _check_question(rule: Node, lists: Collection[str], faults: Faults) -> None:
    if when := child(rule, "when"):
        check_condition(when, lists, faults)
    for key, params in entries(child(rule, "check")):
        if key.text == condition.KIND.name:
            faults.error(key, Code.UNKNOWN_CHECK, "a condition is no check", "write when: in place of check:")
            continue
        if report_unknown(key, ASKED_BY_NAME, Code.UNKNOWN_CHECK, "check", faults):
            continue
        kind = CHECKS[key.text]
        for param, usable in kind.fact_params.items():
            for name in words(child(params, param)):
                _check_fact(name, usable, faults)
        for param in kind.list_params:
            for name in words(child(params, param)):
                name.broken |= report_unknown(
                    name, lists, Code.UNKNOWN_LIST, "list", faults, "name it under lists"
                )
        is_left_out = isinstance(params, Scalar) and not params.written
        written = (
            MapNode(key.line, key.column, key.length, params.parent, params.key) if is_left_out else params
        )
        parse(kind.params, written, faults)


def _check_fact(name: Scalar, usable: Collection[str], faults: Faults) -> None:
    if not is_known_fact(name, faults):
        name.broken = True
    elif name.text not in usable:
        secret = CATALOGUE[name.text].fact_class is FactClass.SECRET
        why = "is secret and belongs to its own check" if secret else "cannot stand here"
        hint = f"known here: {one_of(usable)}"
        faults.error(name, Code.FACT_NOT_ALLOWED, f"{name.text} {why}", hint)
        name.broken = True


def _check_answers(
    rule: Node, kind: CheckKind[Any], defaults: Node | None, names: PolicyNames, faults: Faults
) -> None:
    then = child(rule, "then")
    for result, effect in entries(then):
        if report_unknown(result, kind.results, Code.UNKNOWN_RESULT, f"result of {kind.name}", faults):
            continue
        ground = None if result.text in kind.grounds else f"{kind.name}.{result.text}"
        check_effect(effect, names, faults, unlawful_ground=ground, declared=kind.placeholders)
        _check_evidence(result.text, effect, faults)
    if any(answers is not None and answers.broken for answers in (then, defaults)):
        return  # They may hold what cannot be seen here.
    handled = {key.text for key, _ in [*entries(then), *entries(defaults)]}
    if unhandled := [result for result in _results_given(rule, kind) if result not in handled]:
        keys = rule.keys if isinstance(rule, MapNode) else {}
        place = keys.get("then") or keys.get("check") or keys.get("when")
        sentence = f"{kind.name} can also answer {one_of(unhandled)}, and nothing says what that does"
        faults.error(place or rule, Code.RESULT_NOT_HANDLED, sentence, "add it here or in defaults")


def _results_given(rule: Node, kind: CheckKind[Any]) -> Collection[str]:
    """Return the results that the check of a rule can give; all of its kind if its parameters are faulty."""
    check, when = child(rule, "check", kind.name), child(rule, "when")
    params = {"when": when.plain()} if when else check.plain() if check else None
    try:
        return kind.results_given(params if isinstance(params, dict) else {})
    except ValidationError:
        return kind.results


def _check_evidence(result: str, effect: Node, faults: Faults) -> None:
    outcome = outcome_of(effect)
    if outcome == "pass" and result in _NO_EVIDENCE:
        sentence = f"{result} cannot pass: what was not found out is no evidence"
        faults.error(effect, Code.MISSING_EVIDENCE_PASSES, sentence, "write skip or review")
    elif outcome == "skip" and result == ERROR:
        sentence = "a check that failed cannot be skipped: it might have found something"
        faults.error(effect, Code.MISSING_EVIDENCE_PASSES, sentence, "write review, or points")


def _check_tests(rule: Node, kind: CheckKind[Any] | None, faults: Faults) -> None:
    tests = items(child(rule, "tests"))
    report_duplicates(
        [node for test in tests if isinstance(node := child(test, "name"), Scalar)], "test", faults
    )
    for test in tests:
        given = child(test, "given")
        check_given_facts(given, faults)
        check_unset_facts(child(test, "unset"), [key.text for key, _ in entries(given)], faults)
        expected = child(test, "expect")
        if kind is not None and expected is not None:
            report_unknown(expected, kind.results, Code.UNKNOWN_RESULT, f"result of {kind.name}", faults)


def _check_defaults(defaults: Node | None, rules: list[Node], names: PolicyNames, faults: Faults) -> None:
    known = {result for kind in CHECKS.values() for result in kind.results}
    for result, effect in entries(defaults):
        if report_unknown(result, known, Code.UNKNOWN_RESULT, "result", faults):
            continue
        ground = next(iter(_unlawful_grounds(result.text, rules)), None)
        check_effect(effect, names, faults, unlawful_ground=ground)
        _check_evidence(result.text, effect, faults)


def _unlawful_grounds(result: str, rules: list[Node]) -> list[str]:
    """Return which answers of rules end up in a default, and are no grounds that the law lists."""
    kinds: Mapping[str, CheckKind[Any]] = {
        kind.name: kind for rule in rules if (kind := kind_of(rule)) and child(rule, "then", result) is None
    }
    return [
        f"{name}.{result}"
        for name, kind in kinds.items()
        if result in kind.results and result not in kind.grounds
    ]
