"""A policy of the rules that a test wants, as a folder of rule files."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from screening.checks import CHECKS
from screening.reading.loading import load_bundle

HEAD = """
format: 1
policy: small
default: true
title: What a test asks
owner: tests@example.com
timezone: UTC
mode: enforce
applies_to: {countries: [US]}
respond: {within: 24h, margin: 2h, again_within: 4h, at_deadline: [leave]}
rejections: {other: {prefer_code: 1001}}
scenarios: [{name: nothing is known, expect: {outcome: review}}]
"""


def small_policy(
    folder: Path, rules: Mapping[str, Mapping[str, Any]], *, lists: Mapping[str, str] | None = None
) -> Path:
    """Write a policy in which every result of every rule is a review.

    Args:
        folder: is made.
        rules: by rule id, `check` or `when` as an author writes them, and effects of some results under `then`.
        lists: files of lists by name, with what stands in them.

    Raises:
        PolicyErrors: the rules are not valid.
    """
    (folder / "lists").mkdir(parents=True)
    for name, text in (lists or {}).items():
        (folder / "lists" / f"{name}.yaml").write_text(text)
    content: dict[str, Any] = {
        "lists": {name: f"lists/{name}.yaml" for name in lists or {}},
        "rules": [
            {"id": name, "title": name, **rule, "then": {**_reviewed(rule), **rule.get("then", {})}}
            for name, rule in rules.items()
        ],
        "decide": {"otherwise": "review"},
    }
    parts = (f"{key}: {json.dumps(value)}\n" for key, value in content.items() if value)
    (folder / "small.yaml").write_text(HEAD + "".join(parts))
    load_bundle(folder)
    return folder


def _reviewed(rule: Mapping[str, Any]) -> dict[str, str]:
    kind = next(iter(rule["check"])) if "check" in rule else "condition"
    return dict.fromkeys(CHECKS[kind].results, "review")
