"""Edits of rules: which were added, removed or shadowed, what they ask and what their results do."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from pydantic import ValidationError

from screening.authoring.gate_effects import Context, effect_words, reads_differently, softens
from screening.authoring.gate_words import Edit, shown
from screening.checks import CHECKS
from screening.policy import Check, Policy, Rule

Moves = frozenset[tuple[str, str]]
"""Results, each with one that can stand in its place after a change."""

_LIKER = frozenset({("mismatch", "close"), ("mismatch", "match"), ("close", "match")})
_RAISED: Mapping[tuple[str, str], Moves] = {
    ("authorized_name", "bands.match"): frozenset({("match", "close"), ("match", "mismatch")}),
    ("authorized_name", "bands.close"): frozenset({("close", "mismatch")}),
    ("authorized_name", "initials"): _LIKER,
    ("authorized_name", "nicknames"): _LIKER,
    ("account_lock", "changed_within"): frozenset({("unlocked", "recently_changed")}),
    ("account_lock", "sim_changed_within"): frozenset({("unlocked", "recently_changed")}),
    ("documents", "needs"): frozenset({("complete", "incomplete")}),
    ("repeat_request", "within"): frozenset({("first", "unchanged"), ("first", "changed")}),
    ("timing", "soonest"): frozenset(
        (sign, "too_soon") for sign in ("ordinary", "night", "holiday", "weekend")
    ),
    ("timing", "weekend"): frozenset({("ordinary", "weekend")}),
    ("velocity", "at_most"): frozenset({("over_limit", "within_limit")}),
    ("velocity", "within"): frozenset({("within_limit", "over_limit")}),
}
"""What moves when a parameter is raised, turned from false to true, or names more; back, the same moves back. What is
not here may move anything."""
_QUIET = ("title", "why", "tests")
_COMPARED = {"id", "check", "then", "shadow", *_QUIET}


def rule_edits(both: Context) -> Iterator[Edit]:
    """Edits of the rules of one policy."""
    old, new = ({rule.id: rule for rule in policy.rules} for policy in (both.old, both.new))
    for rule_id, rule in old.items():
        if rule_id not in new:
            yield f"rule {rule_id} removed", not rule.shadow
    for rule_id, rule in new.items():
        if rule_id not in old:
            yield f"rule {rule_id} added", not rule.shadow and _new_rule_opens(both.new, rule, both)
        elif old[rule_id] != rule:
            for text, opens in _edits(old[rule_id], rule, both):
                # What a rule in shadow finds cannot change an outcome.
                yield f"rule {rule_id}: {text}", opens and not (old[rule_id].shadow and rule.shadow)
    if old.keys() == new.keys() and list(old) != list(new):
        yield "order of rules changed", False


def moves_soften(moves: Moves, rule_id: str, both: Context) -> bool:
    """Whether one of these moves of a rule's result makes a decision milder, before or after the edits."""
    for policy in (both.old, both.new):
        rule = policy.rule(rule_id)
        if rule is None or rule.shadow:
            continue
        for was, is_ in moves:
            effects = policy.effect_for(rule, was), policy.effect_for(rule, is_)
            if softens(*effects, both) or both.is_evidence(rule_id, is_):
                return True
    return False


def _new_rule_opens(policy: Policy, rule: Rule, both: Context) -> bool:
    """A rule can only make decisions worse, unless it asks for documents, gives evidence or points count strangely."""
    asked = [policy.effect_for(rule, result) for result in _results(rule)]
    return any(
        effect.outcome == "ask" or (effect.score > 0 and not both.points_tighten) for effect in asked
    ) or any(both.is_evidence(rule.id, result) for result in _results(rule))


def _results(rule: Rule) -> set[str]:
    kind = CHECKS.get(rule.check.kind)
    return {*rule.then, *(kind.results if kind else ())}


def _edits(old: Rule, new: Rule, both: Context) -> Iterator[Edit]:
    for name in _QUIET:
        if getattr(old, name) != getattr(new, name):
            yield f"{name} changed", False
    for name in type(old).model_fields.keys() - _COMPARED:
        if getattr(old, name) != getattr(new, name):
            yield f"{name} {shown(getattr(old, name))} -> {shown(getattr(new, name))}", True
    if old.shadow != new.shadow:
        words = "no longer in shadow" if old.shadow else "put into shadow"
        yield words, new.shadow or _new_rule_opens(both.new, new, both)
    yield from _check_edits(old, new, both)
    yield from _effect_edits(old, new, both)


def _check_edits(old: Rule, new: Rule, both: Context) -> Iterator[Edit]:
    if old.check.kind != new.check.kind:
        yield f"asks {new.check.kind} instead of {old.check.kind}", True
        return
    before, after = _params(old.check), _params(new.check)
    for path in sorted(before.keys() | after.keys()):
        was, is_ = before.get(path), after.get(path)
        if was != is_:
            opens = _param_opens(old, path, was, is_, both)
            yield f"{path} {shown(was)} -> {shown(is_)}", opens


def _param_opens(rule: Rule, path: str, was: object, is_: object, both: Context) -> bool:
    moves = _RAISED.get((rule.check.kind, path))
    if moves is None:
        return True
    if _reaches(is_, was):
        return moves_soften(moves, rule.id, both)
    if _reaches(was, is_):
        return moves_soften(frozenset((to, from_) for from_, to in moves), rule.id, both)
    return True


def _reaches(more: object, less: object) -> bool:
    """Whether the first value is at least as high, or names at least as much, as the second. None is nothing."""
    if less is None:
        return True
    if isinstance(more, list) and isinstance(less, list):
        return set(more) >= set(less)
    if isinstance(more, timedelta) and isinstance(less, timedelta):
        return more >= less
    return isinstance(more, int) and isinstance(less, int) and more >= less


def _params(check: Check) -> dict[str, Any]:
    """The parameters by their paths, those that were left out with their defaults."""
    kind = CHECKS.get(check.kind)
    params: dict[str, Any] = check.params
    if kind is not None:
        try:
            params = kind.params.model_validate(check.params).model_dump()
        except ValidationError:
            params = check.params
    found: dict[str, Any] = {}
    _spread(params, "", found)
    return found


def _spread(value: Any, path: str, found: dict[str, Any]) -> None:
    if isinstance(value, dict) and path != "when":
        for name, inner in value.items():
            _spread(inner, f"{path}.{name}" if path else str(name), found)
    else:
        found[path] = value


def _effect_edits(old: Rule, new: Rule, both: Context) -> Iterator[Edit]:
    for result in sorted(old.then.keys() | new.then.keys()):
        if old.then.get(result) == new.then.get(result):
            continue
        before, after = both.effects(old.id, result)
        words = effect_words(before), effect_words(after)
        if before == after:
            where = "left to the defaults" if result in old.then else "written out"
            yield f"effect of {result} {where} ({words[0]})", False
        elif reads_differently(before, after):
            yield f"texts of {result} changed", False
        else:
            yield f"effect of {result} {words[0]} -> {words[1]}", softens(before, after, both)
