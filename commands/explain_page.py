"""A decision on the screen: the outcome, below it the rules, below each what it saw."""

import sys
from collections.abc import Iterator, Sequence
from typing import Any

from commands.output import plain, print_lines
from screening.authoring.explain import ExplainedRule, Explanation


def print_explanation(told: Explanation, *, why_not_approve: bool) -> None:
    """Print a decision as a tree; with `why_not_approve` what stands against an approval instead of the rules."""
    if why_not_approve:
        print_lines(_headline(told))
        print_lines(*(_numbered(told.against_approval) or ["Nothing stands against an approval."]))
    else:
        print_tree(_headline(told), _branches(told))
    if told.differences:
        print_lines("", *(f"! {sentence}" for sentence in told.differences))


def _headline(told: Explanation) -> str:
    order = f"{told.order}: " if told.order else ""
    people = ", two people" if told.people > 1 else ""
    rejection = f" as {told.reject_as}" if told.reject_as else ""
    return (
        f"{order}{told.outcome}{rejection}, score {told.score}{people} — policy {told.policy} ({told.mode}), "
        f"rules {told.policy_digest[:12]}, engine {told.engine}"
    )


def _numbered(sentences: Sequence[str]) -> list[str]:
    return [f"{number}. {sentence}" for number, sentence in enumerate(sentences, start=1)]


def _branches(told: Explanation) -> Iterator[tuple[str, list[str]]]:
    for rule in told.rules:
        yield _rule_line(rule), list(_about(rule))
    yield told.evidence, []
    for sentence in told.because:
        yield sentence, []
    if told.reason:
        yield f"To the carrier: “{told.reason}”", []


def _rule_line(rule: ExplainedRule) -> str:
    shadow = " (in shadow: counts for nothing)" if rule.shadow else ""
    place = f"  {rule.place}" if rule.place else ""
    return f"{rule.rule_id}: {rule.result} → {rule.does}{shadow}{place}"


def _about(rule: ExplainedRule) -> Iterator[str]:
    yield rule.sentence
    if rule.note:
        yield f"Note: {rule.note}"
    if rule.facts:
        yield "; ".join(f"{name} = {_value(value)}" for name, value in rule.facts.items())
    if rule.remark:
        yield rule.remark


def _value(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def print_tree(title: str, branches: Iterator[tuple[str, list[str]]]) -> None:
    """Print a title, below it branches with their leaves."""
    from rich.console import Console
    from rich.text import Text
    from rich.tree import Tree

    tree = Tree(Text(plain(title)))
    for branch, leaves in branches:
        below = tree.add(Text(plain(branch)))
        for leaf in leaves:
            below.add(Text(plain(leaf)))
    # Where nobody reads it from a screen a line is a line.
    Console(width=None if sys.stdout.isatty() else 500).print(tree, soft_wrap=not sys.stdout.isatty())
