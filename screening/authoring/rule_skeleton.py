"""A rule to start from: every answer of its check handled, carefully, and a first test."""

import textwrap
from collections.abc import Sequence
from typing import Any

import yaml

from screening.authoring.schema import CONDITION
from screening.checks import CheckKind

_SUSPICIOUS = "holds"


def rule_skeleton(rule_id: str, kind: CheckKind[Any], lists: Sequence[str] = ()) -> str:
    """Return a rule as text, as it stands under `rules:` of a policy.

    Good evidence passes, and everything else goes to a person.

    Args:
        rule_id: what the rule is called.
        kind: the check that it asks.
        lists: the policies' names of lists; one of them stands where the check needs one.
    """
    params = {
        name: lists[0] if name in kind.list_params and lists and value not in lists else value
        for name, value in kind.example.params.items()
    }
    asks = {"when": params["when"]} if kind.name == CONDITION else {"check": {kind.name: params}}
    first_test = {"name": "an example", "given": dict(kind.example.given), "expect": kind.example.expect}
    answers = {result: _careful(kind, result) for result in kind.results}
    width = max(len(f"{result}: {effect}") for result, effect in answers.items())
    then = [
        f"  {f'{result}: {effect}':<{width}}  # {kind.results[result]}" for result, effect in answers.items()
    ]
    head = {
        "id": rule_id,
        "title": kind.sentence.partition(";")[0].removesuffix("."),
        "why": "Say here why there is this rule.",
    }
    text = "\n".join([_written({**head, **asks}), "then:", *then, _written({"tests": [first_test]})])
    return textwrap.indent(f"- {textwrap.indent(text, '  ').lstrip()}", "  ")


def _careful(kind: CheckKind[Any], result: str) -> str:
    # A condition is asked about what should not be: that it holds is known for certain, and not good.
    is_good = result in kind.evidence and not (kind.name == CONDITION and result == _SUSPICIOUS)
    return "pass" if is_good else "review"


class _Dumper(yaml.SafeDumper):
    """Items of a list stand deeper than the key that holds them, as in all rule files."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, indentless=indentless and flow)


def _written(value: object) -> str:
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, width=1_000, allow_unicode=True)
    return text.rstrip()
