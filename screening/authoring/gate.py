"""What differs between two bundles, in words, and which of the edits can open the gate.

An edit opens the gate if it can turn a review or a denial into an approval, by our answer or by the carrier's silence.
Every edit is judged by itself and with suspicion: one that cannot be told to be harmless opens the gate.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from screening.authoring.gate_effects import (
    Context,
    band_edits,
    effect_words,
    needs_imply,
    reads_differently,
    softens,
)
from screening.authoring.gate_lists import list_edits
from screening.authoring.gate_rules import rule_edits
from screening.authoring.gate_words import Edit, shown
from screening.bundle import Bundle
from screening.effects import DeadlineLine
from screening.policy import Policy, Rejection
from screening.policy_values import RuleModel

__all__ = ["Difference", "differences"]

_NO_BEARING = {"format", "policy", "title", "owner"}
"""Fields of a policy that decide nothing."""
_APART = {
    "respond",
    "review",
    "approve",
    "ask",
    "lists",
    "rejections",
    "defaults",
    "rules",
    "decide",
    "scenarios",
}
"""Fields of a policy that are compared part by part."""


@dataclass(frozen=True)
class Difference:
    """One edit.

    Attributes:
        text: what was edited, as in `rule pin: effect of mismatch deny -> review`.
        opens_gate: whether it can turn a review or a denial into an approval.
        policy: the policy that it belongs to; None for lists and fixtures, which belong to all of them.
    """

    text: str
    opens_gate: bool
    policy: str | None


def differences(before: Bundle, after: Bundle) -> list[Difference]:
    """Compare two bundles. Bundles of the same digest have no differences, all others have at least one."""
    if before.digest == after.digest:
        return []
    found = [
        Difference(text, opens, policy)
        for policy, text, opens in [
            *((None, *edit) for edit in list_edits(before, after)),
            *((None, *edit) for edit in _fixture_edits(before, after)),
            *_of_policies(before, after),
            *((None, *edit) for edit in _other_fields(before, after, {"policies", "lists", "fixtures"})),
        ]
    ]
    # What no part above knows of must not pass as nothing.
    return found or [Difference("written differently", True, None)]


def _of_policies(before: Bundle, after: Bundle) -> Iterator[tuple[str, str, bool]]:
    for name in before.policies.keys() - after.policies.keys():
        yield name, "policy removed", True
    for name, policy in after.policies.items():
        old = before.policies.get(name)
        if old is None:
            yield name, f"policy added ({policy.mode})", True
        elif old != policy:
            for text, opens in _policy_edits(before, after, old, policy):
                yield name, text, opens


def _policy_edits(before: Bundle, after: Bundle, old: Policy, new: Policy) -> Iterator[Edit]:
    both = Context(old, new)
    for name in ("title", "owner"):
        if getattr(old, name) != getattr(new, name):
            yield f"{name} {shown(getattr(old, name))} -> {shown(getattr(new, name))}", False
    yield from _other_fields(old, new, _NO_BEARING | _APART)
    yield from _respond_edits(old, new)
    yield from _review_edits(old, new)
    yield from _other_fields(old.approve, new.approve, {"reason", "host_messaging"}, "approve.")
    for name in ("reason", "host_messaging"):
        if getattr(old.approve, name) != getattr(new.approve, name):
            yield f"approve.{name} changed", False
    yield from _ask_edits(old, new)
    yield from _list_names(before, after, old, new)
    yield from _rejection_edits(old.rejections, new.rejections)
    yield from _default_edits(both)
    yield from rule_edits(both)
    yield from band_edits(both)
    yield from _needs_edits(old, new)
    yield from _other_fields(old.decide, new.decide, {"score", "approve_needs"}, "decide.")
    if old.scenarios != new.scenarios:
        yield "scenarios changed", False


def _other_fields(old: RuleModel, new: RuleModel, known: set[str], prefix: str = "") -> Iterator[Edit]:
    """Fields without a comparison of their own: whatever changes there opens the gate."""
    for name in type(old).model_fields.keys() - known:
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield f"{prefix}{name} {shown(before)} -> {shown(after)}", True


def _respond_edits(old: Policy, new: Policy) -> Iterator[Edit]:
    before, after = old.respond, new.respond
    known = {"within", "margin", "again_within", "at_deadline"}
    yield from _other_fields(before, after, known, "respond.")
    for name in ("within", "again_within", "margin"):
        was, is_ = getattr(before, name), getattr(after, name)
        if was != is_:
            # Whoever acts later may come too late, and the carrier approves by silence.
            later = is_ < was if name == "margin" else is_ > was
            yield f"respond.{name} {shown(was)} -> {shown(is_)}", later
    if before.at_deadline != after.at_deadline:
        words = [_deadline_words(policy.respond.at_deadline) for policy in (old, new)]
        lines = list(zip(before.at_deadline, after.at_deadline, strict=False))
        if words[0] == words[1] and all(reads_differently(*pair) for pair in lines):
            yield "texts of respond.at_deadline changed", False
        else:
            both = Context(old, new)
            yield f"respond.at_deadline {words[0]} -> {words[1]}", not both.deadline_denies_no_less()


def _deadline_words(lines: list[DeadlineLine]) -> str:
    return ", else ".join(
        line.outcome
        + (f" as {line.reject_as}" if line.reject_as else "")
        + (f" from {line.from_score}" if line.from_score else "")
        for line in lines
    )


def _review_edits(old: Policy, new: Policy) -> Iterator[Edit]:
    before, after = old.review, new.review
    quiet = {"remind_at", "escalate_at"}
    yield from _other_fields(before, after, {"two_people_from_score", *quiet}, "review.")
    for name in sorted(quiet):
        if getattr(before, name) != getattr(after, name):
            yield f"review.{name} changed", False
    was, is_ = before.two_people_from_score, after.two_people_from_score
    if was != is_:
        fewer = was is not None and (is_ is None or is_ > was)
        yield f"review.two_people_from_score {shown(was)} -> {shown(is_)}", fewer


def _ask_edits(old: Policy, new: Policy) -> Iterator[Edit]:
    before, after = old.ask, new.ask
    if before is None or after is None:
        if before != after:
            # By itself it asks nobody: what asks for documents are effects.
            yield f"ask {'added' if before is None else 'removed'}", False
        return
    yield from _other_fields(before, after, {"recheck"}, "ask.")
    if before.recheck != after.recheck:
        yield f"ask.recheck {shown(before.recheck)} -> {shown(after.recheck)}", False


def _list_names(before: Bundle, after: Bundle, old: Policy, new: Policy) -> Iterator[Edit]:
    for name in sorted(old.lists.keys() | new.lists.keys()):
        was, is_ = old.lists.get(name), new.lists.get(name)
        if was == is_:
            continue
        if was is None or is_ is None:
            # It counts through the rules that name it, and those differ too.
            yield f"list {name} {'added' if was is None else 'removed'}", False
        else:
            same = before.lists.get(was) == after.lists.get(is_)
            yield f"list {name} read from {is_} instead of {was}", not same


def _rejection_edits(before: Mapping[str, Rejection], after: Mapping[str, Rejection]) -> Iterator[Edit]:
    for name in sorted(before.keys() | after.keys()):
        if name not in before:
            yield f"rejection {name} added", False
        elif before[name] != after.get(name):
            # A denial for which no code can be picked any more becomes a review.
            yield f"rejection {name} {'changed' if name in after else 'removed'}", True


def _default_edits(both: Context) -> Iterator[Edit]:
    before, after = both.old.defaults, both.new.defaults
    for result in sorted(before.keys() | after.keys()):
        was, is_ = before.get(result), after.get(result)
        if was == is_:
            continue
        words = [effect_words(effect) if effect else "none" for effect in (was, is_)]
        if was and is_ and reads_differently(was, is_):
            yield f"texts of defaults.{result} changed", False
        else:
            opens = any(
                rule.id in both.shared
                and result not in rule.then
                and softens(*both.effects(rule.id, result), both)
                for rule in both.old.rules
            )
            yield f"defaults.{result} {words[0]} -> {words[1]}", opens


def _needs_edits(old: Policy, new: Policy) -> Iterator[Edit]:
    before, after = old.decide.approve_needs, new.decide.approve_needs
    if before != after:
        yield f"decide.approve_needs {shown(before)} -> {shown(after)}", not needs_imply(after, before)


def _fixture_edits(before: Bundle, after: Bundle) -> Iterator[Edit]:
    kinds = Counter(
        "added" if path not in before.fixtures else "removed" if path not in after.fixtures else "changed"
        for path in before.fixtures.keys() | after.fixtures.keys()
        if before.fixtures.get(path) != after.fixtures.get(path)
    )
    for kind, count in sorted(kinds.items()):
        yield f"{count} {'fixture' if count == 1 else 'fixtures'} {kind}", False
