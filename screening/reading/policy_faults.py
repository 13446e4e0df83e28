"""Faults of a policy that its shape does not show: parts that do not fit each other.

Every check here reads the tree of the file, not the finished model, so that one fault does not hide another.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import phonenumbers

from screening.placeholders import Place
from screening.policy import FORMAT
from screening.policy_values import parse_duration
from screening.reading.diagnostics import Code, did_you_mean, one_of, quoted, sound
from screening.reading.effect_faults import UNITED_STATES, PolicyNames, check_effect, check_text, outcome_of
from screening.reading.fact_faults import check_given_facts, check_unset_facts
from screening.reading.rule_faults import check_rules, kind_of, report_duplicates, report_unknown
from screening.reading.shape import Faults
from screening.reading.vocabularies import country_hint
from screening.reading.yaml_tree import Node, Scalar, child, entries, items, word, words

_NOT_AT_DEADLINE = ("people", "note")


@dataclass(frozen=True, slots=True)
class RuleFiles:
    """The files that a policy may name, by their path under the rules directory."""

    lists: Collection[str]
    fixtures: Collection[str]


def is_too_new(root: Node, faults: Faults) -> bool:
    """Report a file in a format that this program does not know yet; nothing else in it can be judged then."""
    stated = child(root, "format")
    number = _number(stated)
    if stated is None or number is None or number <= FORMAT:
        return False
    sentence = f"format {number:g} is newer than this program, which reads format {FORMAT}"
    faults.error(stated, Code.FORMAT_TOO_NEW, sentence, "update the program")
    return True


def check_policy(root: Node, files: RuleFiles, faults: Faults) -> None:
    """Report every fault of a policy that its shape does not show."""
    countries = {country.text for country in words(child(root, "applies_to", "countries"))}
    rejections = [key.text for key, _ in entries(child(root, "rejections"))]
    # A policy without countries of its own may meet any number, those of the United States too.
    under_us_law = not countries or not countries.isdisjoint(UNITED_STATES)
    names = PolicyNames(rejections, child(root, "ask") is not None, under_us_law)

    _check_coverage(root, faults)
    _check_respond(child(root, "respond"), names, faults)
    _check_ascending(items(child(root, "review", "remind_at")), "reminders", faults)
    check_text(child(root, "approve", "reason"), Place.REASON, faults)
    lists = entries(child(root, "lists"))
    for _, path in lists:
        report_unknown(path, files.lists, Code.UNKNOWN_LIST, "list file", faults, "put it under lists/")
    _check_rejections(child(root, "rejections"), faults)
    check_rules(root, names, [key.text for key, _ in lists], faults)
    _check_decide(root, names, faults)
    _check_scenarios(root, files.fixtures, rejections, faults)


def _check_coverage(root: Node, faults: Faults) -> None:
    known = phonenumbers.SUPPORTED_REGIONS
    countries = words(child(root, "applies_to", "countries"))
    report_duplicates(countries, "country", faults)
    for country in countries:
        if len(country.text) == 2 and country.text.isupper() and country.text not in known:
            sentence = f"unknown country {quoted(country.text)}"
            faults.error(country, Code.WRONG_VALUE, sentence, country_hint(country.text))
    if (
        not countries
        and not words(child(root, "applies_to", "tags"))
        and word(child(root, "default")) != "true"
    ):
        place = child(root, "policy") or root
        hint = "add applies_to with countries or tags, or default: true"
        faults.error(place, Code.NEVER_REACHED, "no order can come under this policy", hint)


def _check_respond(respond: Node | None, names: PolicyNames, faults: Faults) -> None:
    margin = child(respond, "margin")
    for key in ("within", "again_within"):
        window, ahead = (parse_duration(word(node) or "") for node in (child(respond, key), margin))
        if margin is not None and window and ahead is not None and ahead >= window:
            sentence = f"the margin must be shorter than {key}"
            faults.error(margin, Code.OUT_OF_ORDER, sentence, f"{key} is {word(child(respond, key))}")
            break
    lines = items(child(respond, "at_deadline"))
    for number, line in enumerate(lines, start=1):
        check_effect(line, names, faults, unlawful_ground="a deadline that passed")
        for written, _ in entries(line):
            if written.text in _NOT_AT_DEADLINE:
                sentence = f"{written.text} does nothing here: nobody looks at the order at the deadline"
                faults.error(written, Code.INCOMPLETE_EFFECT, sentence, "remove it")
        is_last_word = outcome_of(line) == "leave" and not _number(child(line, "from_score"))
        if is_last_word and number < len(lines):
            sentence = f"never reached: line {number} leaves every order that gets there"
            faults.error(lines[number], Code.NEVER_REACHED, sentence)
            break


def _check_rejections(rejections: Node | None, faults: Faults) -> None:
    known = [key.text for key, _ in entries(rejections)]
    following: dict[str, str] = {}
    for name, rejection in entries(rejections):
        if child(rejection, "prefer_code") is None and child(rejection, "description_contains") is None:
            sentence = f"{quoted(name.text)} picks no code"
            faults.error(name, Code.INCOMPLETE_EFFECT, sentence, "add prefer_code or description_contains")
        otherwise = child(rejection, "otherwise")
        if otherwise is None:
            continue
        if not report_unknown(otherwise, known, Code.UNKNOWN_REJECTION, "rejection", faults):
            following[name.text] = word(otherwise) or ""
            if _comes_back(name.text, following):
                faults.error(otherwise, Code.CYCLE, "this leads back to a rejection that led here")


def _comes_back(start: str, following: dict[str, str]) -> bool:
    name, steps = start, 0
    while name in following and steps <= len(following):
        name, steps = following[name], steps + 1
        if name == start:
            return True
    return False


def _check_decide(root: Node, names: PolicyNames, faults: Faults) -> None:
    bands = items(child(root, "decide", "score"))
    _check_ascending([node for band in bands if (node := child(band, "from"))], "score bands", faults)
    for band in bands:
        check_effect(band, names, faults, unlawful_ground="a score")
    rules: dict[str, Node] = {}
    for rule in items(child(root, "rules")):
        rules.setdefault(word(child(rule, "id")) or "", rule)
    _check_needs(child(root, "decide", "approve_needs"), rules, faults)


def _check_needs(needs: Node | None, rules: dict[str, Node], faults: Faults) -> None:
    for _, group in entries(needs):
        for need in items(group):
            _check_needs(need, rules, faults)
    reference = word(needs)
    if needs is None or reference is None:
        return
    rule_id, _, result = reference.partition(".")
    if rule_id not in rules:
        names = sound(rules)
        known = [f"{name}.{result}" for name in names] if result else names
        hint = did_you_mean(reference, known) or (f"rules here: {one_of(names)}" if names else "")
        faults.error(needs, Code.UNKNOWN_RULE, f"unknown rule {quoted(rule_id)}", hint)
        return
    if word(child(rules[rule_id], "shadow")) == "true":
        sentence = f"{rule_id} is in shadow, so its results are no evidence"
        faults.error(
            needs, Code.MISSING_EVIDENCE_PASSES, sentence, "take it out of shadow, or name another rule"
        )
        return
    kind = kind_of(rules[rule_id])
    if kind is None or result in kind.evidence:
        return
    evidence = one_of([f"{rule_id}.{name}" for name in sorted(kind.evidence)] or ["what another rule finds"])
    if result in kind.results:
        sentence = f"{reference} is no evidence for an approval"
        faults.error(needs, Code.MISSING_EVIDENCE_PASSES, sentence, f"evidence is {evidence}")
    else:
        hint = (
            did_you_mean(reference, [f"{rule_id}.{name}" for name in kind.results])
            or f"evidence is {evidence}"
        )
        faults.error(needs, Code.UNKNOWN_RESULT, f"unknown result {quoted(reference)}", hint)


def _check_scenarios(
    root: Node, fixtures: Collection[str], rejections: Collection[str], faults: Faults
) -> None:
    scenarios = items(child(root, "scenarios"))
    names = [node for scenario in scenarios if isinstance(node := child(scenario, "name"), Scalar)]
    report_duplicates(names, "scenario", faults)
    rules = [rule_id for rule in items(child(root, "rules")) if (rule_id := word(child(rule, "id")))]
    for scenario in scenarios:
        if fixture := child(scenario, "start_from"):
            report_unknown(
                fixture, fixtures, Code.UNKNOWN_FIXTURE, "fixture", faults, "put it under fixtures/"
            )
        given = child(scenario, "set")
        check_given_facts(given, faults)
        check_unset_facts(child(scenario, "unset"), [key.text for key, _ in entries(given)], faults)
        expected = child(scenario, "expect")
        if expected is not None and not isinstance(expected, Scalar) and not entries(expected):
            faults.error(
                expected, Code.WRONG_VALUE, "expects nothing", "write the outcome that must come out"
            )
        for rejection in (
            *words(child(expected, "reject_as")),
            *words(child(expected, "at_deadline", "reject_as")),
            *words(child(scenario, "no_code_for")),
        ):
            report_unknown(rejection, rejections, Code.UNKNOWN_REJECTION, "rejection", faults)
        for rule in (*words(child(expected, "fired")), *words(child(scenario, "failing"))):
            report_unknown(rule, rules, Code.UNKNOWN_RULE, "rule", faults)


def _check_ascending(nodes: Sequence[Node], what: str, faults: Faults) -> None:
    last: float | None = None
    for node in nodes:
        number = _number(node)
        if number is not None and last is not None and number <= last:
            faults.error(
                node,
                Code.OUT_OF_ORDER,
                f"{what} must rise, and {word(node)} comes after a higher or equal one",
            )
            return
        last = number


def _number(node: Node | None) -> float | None:
    """Return a number or percentage; None for anything else, which the shape reports."""
    text = (word(node) or "").removesuffix("%").strip()
    return float(text) if text.replace(".", "", 1).isascii() and text.replace(".", "", 1).isdigit() else None
