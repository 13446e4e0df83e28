"""Whether a file has the shape of its model, every deviation reported at its place."""

import re
import types
import typing
import zoneinfo
from collections.abc import Iterator
from typing import Annotated, TypeVar, Union

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from screening.policy_values import AS_WRITTEN, RuleModel, parse_duration
from screening.reading.diagnostics import (
    Code,
    Diagnostic,
    Severity,
    Source,
    did_you_mean,
    nearest,
    one_of,
    quoted,
)
from screening.reading.look_alikes import misleading_letter
from screening.reading.yaml_tree import ListNode, MapNode, Node, Scalar, child, entries, items, word

Model = TypeVar("Model", bound=RuleModel)

_LONGEST_NAME = 64

_WORDED_DURATION = re.compile(
    r"([0-9]+)\s*(d|days?|h|hrs?|hours?|m|mins?|minutes?|s|secs?|seconds?)(?![a-z])[\s,]*(?:and\s+)?",
    re.ASCII,
)
_COMMENT = re.compile(r"\s*:\s+#")

_CODES = {
    "one_check": Code.ONE_CHECK,
    "bands_order": Code.OUT_OF_ORDER,
    "asks_nothing": Code.MISSING_KEY,
}
"""Codes of faults that models find themselves, by the type of their error."""


class Faults:
    """Collects the diagnostics of one file.

    Attributes:
        source: the text of the file.
        diagnostics: what was found.
        taken_from: files from which parts of this one are taken, by the top of their trees.
        taken_by: what such a part is said to be taken by.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.diagnostics: list[Diagnostic] = []
        self.taken_from: dict[Node, Source] = {}
        self.taken_by = ""

    @property
    def has_errors(self) -> bool:
        """Whether anything found keeps the file from being used."""
        return any(entry.severity is Severity.ERROR for entry in self.diagnostics)

    def source_of(self, node: Node) -> Source:
        """Return the file in which a node stands."""
        return self.taken_from.get(_top(node), self.source)

    def error(self, node: Node, code: Code, message: str, suggestion: str = "") -> None:
        """Report a fault at a node, unless a fault of that node is reported already."""
        self._report(node, code, message, suggestion, Severity.ERROR)

    def warning(self, node: Node, code: Code, message: str, suggestion: str = "") -> None:
        """Report what is worth a look at a node and does not keep the files from being used."""
        self._report(node, code, message, suggestion, Severity.WARNING)

    def _report(self, node: Node, code: Code, message: str, suggestion: str, severity: Severity) -> None:
        if node.broken:
            return
        source = self.source_of(node)
        misleading = misleading_letter(node.text[:_LONGEST_NAME]) if isinstance(node, Scalar) else None
        if misleading and misleading not in suggestion:
            suggestion = f"{misleading}; {suggestion}".removesuffix("; ")
        path = path_of(node)
        if source is not self.source:
            path = f"{path}, as {self.taken_by} takes it".lstrip(", ")
        self.diagnostics.append(
            source.diagnostic(
                node.line,
                node.column,
                code,
                message,
                severity=severity,
                length=node.length if isinstance(node, Scalar) else 1,
                path=path,
                suggestion=suggestion,
            )
        )


def path_of(node: Node) -> str:
    """Return where a node is in the file's own terms: `in rule pin, then.mismatch`."""
    trail = node.trail
    root = _top(node)
    named = {"rules": ("rule", "id"), "scenarios": ("scenario", "name")}.get(str(trail[0])) if trail else None
    if named and len(trail) > 1:
        kind, key = named
        name = word(child(root, *trail[:2], key))
        start = f"in {kind} {name if name else int(trail[1]) + 1}"
        return f"{start}, {_dotted(trail[2:])}" if trail[2:] else start
    return f"in {_dotted(trail)}" if trail else ""


def _top(node: Node) -> Node:
    while node.parent is not None:
        node = node.parent
    return node


def parse(model: type[Model], node: Node, faults: Faults) -> Model | None:
    """Read a tree as a model.

    Returns:
        The model, or None after every deviation was reported.
    """
    _report_empty_values(node, faults)
    try:
        return model.model_validate(node.plain(), context=AS_WRITTEN)
    except ValidationError as error:
        deviations = error.errors(include_url=False, include_input=False)
    unknown = [details for details in deviations if details["type"] == "extra_forbidden"]
    misspelt = {meant for details in unknown if (meant := _report_unknown_key(model, node, details, faults))}
    for details in deviations:
        place = tuple(details["loc"])
        if details["type"] == "missing" and place not in misspelt:
            lacking = _follow(node, place)
            if not lacking.broken:
                faults.error(_name_of(lacking), Code.MISSING_KEY, f"missing key {quoted(str(place[-1]))}")
        elif details["type"] == "one_check" and misspelt & {place, (*place[:-1], "when")}:
            continue
        elif details["type"] not in ("missing", "extra_forbidden"):
            report_wrong_value(_follow(node, place), details, faults)
    return None


def fields_of(model: type[RuleModel]) -> dict[str, object]:
    """Return the keys that a model knows in a file, with what each holds."""
    hints = typing.get_type_hints(model, include_extras=True)
    return {field.alias or name: hints[name] for name, field in model.model_fields.items()}


def _report_empty_values(node: Node, faults: Faults) -> None:
    for key, value in entries(node):
        if isinstance(value, Scalar) and not value.written and not _is_check_without_parameters(value):
            message, suggestion = f"{quoted(key.text)} has no value", "give it one, or remove the key"
            is_split = isinstance(value.parent, MapNode) and value.parent.flow
            if is_split and (value.line, value.column) == (key.line, key.column + key.length):
                message = f"{quoted(key.text)} stands alone between braces"
                suggestion = "if a comma inside a text split it off, put that text in quotes"
                if ":" in key.text:
                    suggestion = "write a blank behind the ':'"
            elif _COMMENT.match(faults.source_of(key).lines[key.line - 1], key.column - 1 + key.length):
                suggestion = "'#' begins a comment; put the text in quotes if it belongs to it"
            faults.error(key, Code.WRONG_VALUE, message, suggestion)
            key.broken = value.broken = True
        else:
            _report_empty_values(value, faults)
    for item in items(node):
        if isinstance(item, Scalar) and not item.written:
            faults.error(item, Code.WRONG_VALUE, "an item without a value", "give it one, or remove the '-'")
            item.broken = True
        else:
            _report_empty_values(item, faults)


def _is_check_without_parameters(node: Node) -> bool:
    trail = node.trail
    return len(trail) == 4 and trail[0] == "rules" and trail[2] == "check"


def _report_unknown_key(
    model: type[RuleModel], root: Node, details: ErrorDetails, faults: Faults
) -> tuple[str | int, ...] | None:
    """Report a key that the model does not know; returns the place of the key that was perhaps meant."""
    *above, last = details["loc"]
    node = _follow(root, details["loc"])
    key: Node = node.parent.keys.get(str(last), node) if isinstance(node.parent, MapNode) else node
    known = fields_at(model, tuple(above))
    meant = nearest(str(last), known)
    hint = f"did you mean {quoted(meant)}?" if meant else ""
    listed = f"known here: {', '.join(known)}" if known else "nothing can be set here"
    faults.error(key, Code.UNKNOWN_KEY, f"unknown key {quoted(str(last))}", hint or listed)
    key.broken = node.broken = True
    return (*above, meant) if meant else None


def report_wrong_value(node: Node, details: ErrorDetails, faults: Faults) -> None:
    """Report a value that its model does not take.

    Args:
        node: the value, or the nearest node above it.
        details: what the model says about it.
    """
    message, suggestion = _in_plain_words(details, node)
    faults.error(node, _CODES.get(details["type"], Code.WRONG_VALUE), message, suggestion)


def _name_of(node: Node) -> Node:
    """Return where a map that lacks something is best pointed at: its own key if it has one."""
    if isinstance(node.parent, MapNode) and node.key in node.parent.keys:
        return node.parent.keys[str(node.key)]
    return node


def _follow(node: Node, loc: tuple[str | int, ...]) -> Node:
    """Go down as far as the file goes."""
    for step in loc:
        node = child(node, step) or node
    return node


def fields_at(model: type[RuleModel], loc: tuple[str | int, ...]) -> list[str]:
    """Return the keys that are known at a place of a model."""
    current: object = model
    for step in loc:
        current = _step(_unwrapped(current), step)
    found = _unwrapped(current)
    return list(fields_of(found)) if isinstance(found, type) and issubclass(found, RuleModel) else []


def _step(annotation: object, step: str | int) -> object:
    if isinstance(annotation, type) and issubclass(annotation, RuleModel):
        return fields_of(annotation).get(str(step))
    arguments = typing.get_args(annotation)
    return arguments[-1] if arguments else None


def _unwrapped(annotation: object) -> object:
    """Take off `Annotated` and `| None`."""
    while True:
        origin = typing.get_origin(annotation)
        if origin is Annotated:
            annotation = typing.get_args(annotation)[0]
        elif origin in (Union, types.UnionType):
            annotation = next(part for part in typing.get_args(annotation) if part is not type(None))
        else:
            return annotation


def _in_plain_words(details: ErrorDetails, node: Node) -> tuple[str, str]:
    """Return the sentence and the suggestion for a value that its model does not take."""
    kind, context = details["type"], details.get("ctx", {})
    if kind in ("literal_error", "enum"):
        known = str(context["expected"]).split("'")[1::2]
        written = word(node)
        return f"needs {one_of(known)}, {_found(node)}", did_you_mean(written, known) if written else ""
    if kind in ("model_type", "dict_type", "model_attributes_type"):
        return f"needs keys with values, {_found(node)}", ""
    if kind == "one_check":
        asked = _questions(node)
        found = f"found {' and '.join(asked)}" if asked else "found none"
        hint = "make a rule of each" if asked else "add check, or when with a condition"
        return f"a rule asks exactly one check, {found}", hint
    if kind in _CODES:
        return details["msg"], ""
    if kind == "list_type":
        return f"needs a list, {_found(node)}", ""
    if kind == "string_type":
        return f"needs a text, {_found(node)}", ""
    if kind == "too_short":
        return "needs at least one item", ""
    if kind == "greater_than_equal":
        return f"needs a number of at least {context['ge']}, {_found(node)}", ""
    if kind == "less_than_equal":
        return f"needs a number of at most {context['le']}, {_found(node)}", ""
    if kind == "leading_zero":
        number = int(word(node) or "0")
        return f"{details['msg']}, {_found(node)}", f"write {number}: YAML programs do not agree what it is"
    if kind == "duration" and (meant := _duration_meant(word(node) or "")):
        return f"{details['msg']}, {_found(node)}", f"did you mean {quoted(meant)}?"
    hint = did_you_mean(word(node) or "", zoneinfo.available_timezones()) if kind == "timezone" else ""
    return f"{details['msg']}, {_found(node)}", hint


def _duration_meant(text: str) -> str | None:
    """Return `24h` for `24 hours` and the like; None where nobody can tell."""
    parts = _WORDED_DURATION.findall(text[:_LONGEST_NAME].lower())
    meant = "".join(f"{number}{unit[0]}" for number, unit in parts)
    return meant if parse_duration(meant) and not _WORDED_DURATION.sub("", text.lower()).strip() else None


def _questions(node: Node) -> list[str]:
    """Return what a rule asks, by its `check` or, where it has none, by the rule itself."""
    rule = node.parent if node.key == "check" else node
    asked = [key.text for key, _ in entries(child(rule, "check"))]
    return asked if child(rule, "when") is None else [*asked, "when"]


def _found(node: Node) -> str:
    if isinstance(node, Scalar):
        return f"found {quoted(node.text)}" if node.written else "found nothing"
    return "found a list" if isinstance(node, ListNode) else "found keys with values"


def _dotted(trail: tuple[str | int, ...]) -> str:
    return "".join(_dotted_steps(trail)).lstrip(".")


def _dotted_steps(trail: tuple[str | int, ...]) -> Iterator[str]:
    for step in trail:
        yield f"[{step + 1}]" if isinstance(step, int) else f".{step}"
