"""Faults of effects, score bands and lines of `at_deadline`: what they lack, and what their texts may not name."""

from collections.abc import Collection
from dataclasses import dataclass

from screening.facts import CATALOGUE
from screening.placeholders import SCORE, Place, allowed_names, find
from screening.reading.diagnostics import Code, did_you_mean, known_here, quoted
from screening.reading.shape import Faults
from screening.reading.yaml_tree import MapNode, Node, Scalar, child, word
from screening.results import FactClass

UNITED_STATES = frozenset({"US", "PR", "GU", "VI", "AS", "MP"})
"""Countries and territories in which 47 CFR 52.36 says on what grounds a port may be refused."""

_ONLY_WITH = {"reject_as": "deny", "reason": "deny", "override": "deny", "message": "ask", "types": "ask"}


@dataclass(frozen=True, slots=True)
class PolicyNames:
    """What effects of one policy may refer to, as far as the file can be read.

    Attributes:
        rejections: names under `rejections`.
        asks: whether there is a block `ask`.
        under_us_law: whether the policy may decide about numbers to which 47 CFR 52.36 applies.
    """

    rejections: Collection[str]
    asks: bool
    under_us_law: bool


def outcome_of(effect: Node | None) -> str | None:
    """Return the word of an effect, whichever way it is written; None if it has none."""
    if isinstance(effect, Scalar):
        return word(effect)
    outcome = word(child(effect, "outcome"))
    return "score" if outcome is None and child(effect, "score") is not None else outcome


def check_effect(
    effect: Node,
    names: PolicyNames,
    faults: Faults,
    *,
    unlawful_ground: str | None,
    declared: Collection[str] = (),
) -> None:
    """Report what is wrong with one effect.

    Args:
        effect: the effect, band or line as it stands in the file.
        names: what it may refer to.
        unlawful_ground: the ground as it is called in the file, if the law does not list it where the law is known;
            None for a ground that is permitted.
        declared: the placeholders that the rule's check declares.
    """
    outcome = outcome_of(effect)
    for key, needed in _ONLY_WITH.items():
        if (node := _key(effect, key)) and outcome is not None and outcome != needed:
            faults.error(node, Code.INCOMPLETE_EFFECT, f"{key} belongs to {needed}, not to {outcome}")
    if outcome == "deny":
        _check_denial(effect, names, faults, unlawful_ground)
    elif outcome == "ask":
        _check_request(effect, names, faults)
    elif outcome == "score" and child(effect, "score") is None:
        faults.error(effect, Code.INCOMPLETE_EFFECT, "needs points", "write {score: 15}")
    elif outcome in ("pass", "skip") and (points := child(effect, "score")):
        faults.error(
            points, Code.INCOMPLETE_EFFECT, f"{outcome} adds no points", "leave out the outcome or the points"
        )
    for place in Place:
        check_text(child(effect, place.value), place, faults, declared)


def check_text(text: Node | None, place: Place, faults: Faults, declared: Collection[str] = ()) -> None:
    """Report placeholders that do not exist, or that a text in this place may not name."""
    if not isinstance(text, Scalar):
        return
    allowed = allowed_names(place, declared)
    for placeholder in find(text.text):
        name = placeholder.name
        if name in allowed:
            continue
        where = _within(text, text.text[placeholder.start : placeholder.end], faults)
        fact = CATALOGUE.get(name)
        if fact is not None and fact.fact_class is FactClass.SECRET:
            faults.error(where, Code.FACT_NOT_ALLOWED, f"{name} is secret and may stand in no text")
        elif fact is not None or name == SCORE or name in declared:
            sentence = f"{name} is internal, and a {place} leaves the company"
            faults.error(where, Code.FACT_NOT_ALLOWED, sentence, "name it in a note")
        else:
            hint = did_you_mean(name, allowed)
            faults.error(where, Code.UNKNOWN_PLACEHOLDER, f"unknown placeholder {quoted(f'<{name}>')}", hint)


def _check_denial(effect: Node, names: PolicyNames, faults: Faults, unlawful_ground: str | None) -> None:
    lacking = [key for key in ("reject_as", "reason") if child(effect, key) is None]
    if lacking and not effect.broken:
        sentence = f"a denial needs {' and '.join(lacking)}"
        suggestion = "write {outcome: deny, reject_as: …, reason: …}"
        faults.error(_outcome_node(effect), Code.INCOMPLETE_EFFECT, sentence, suggestion)
    rejection = child(effect, "reject_as")
    if (name := word(rejection)) and rejection and name not in names.rejections:
        hint = known_here(name, names.rejections, "define it in rejections")
        faults.error(rejection, Code.UNKNOWN_REJECTION, f"unknown rejection {quoted(name)}", hint)
    override = _key(effect, "override")
    if override and child(effect, "why") is None:
        faults.error(
            override, Code.INCOMPLETE_EFFECT, "override needs why", "say who approved it and on what ground"
        )
    if unlawful_ground and not override and names.under_us_law:
        sentence = f"{unlawful_ground} is no ground on which 47 CFR 52.36 lets a port be refused"
        suggestion = "use review, or add 'override: legal' and 'why'"
        faults.error(_outcome_node(effect), Code.GROUND_NOT_PERMITTED, sentence, suggestion)


def _check_request(effect: Node, names: PolicyNames, faults: Faults) -> None:
    if not names.asks:
        sentence = "the policy asks for documents and has no block ask"
        faults.error(
            _outcome_node(effect), Code.INCOMPLETE_EFFECT, sentence, "add ask: {wait: 8h, recheck: 15m}"
        )
    lacking = [key for key in ("message", "types") if child(effect, key) is None]
    if lacking and not effect.broken:
        sentence = f"asking for documents needs {' and '.join(lacking)}"
        suggestion = "write {outcome: ask, message: …, types: [loa]}"
        faults.error(_outcome_node(effect), Code.INCOMPLETE_EFFECT, sentence, suggestion)


def _key(effect: Node, key: str) -> Node | None:
    return effect.keys.get(key) if isinstance(effect, MapNode) else None


def _outcome_node(effect: Node) -> Node:
    return child(effect, "outcome") or effect


def _within(text: Scalar, part: str, faults: Faults) -> Node:
    """Return a node for a part of a text; the whole text where the part cannot be found in its first line."""
    line = faults.source_of(text).lines[text.line - 1]
    found = line.find(part, text.column - 1)
    if found < 0:
        return text
    node = Scalar(text.line, found + 1, len(part), key=text.key, broken=text.broken, text=part)
    node.parent = text.parent
    return node
