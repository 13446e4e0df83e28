"""Whether a file has the shape of its model, every deviation reported at its place."""

import types
import typing
import zoneinfo
from collections.abc import Iterator
from typing import Annotated, TypeVar, Union

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from screening.diagnostics import Code, Diagnostic, Source, did_you_mean, nearest, one_of, quoted
from screening.policy_values import RuleModel
from screening.yaml_tree import ListNode, MapNode, Node, Scalar, child, entries, items, word

Model = TypeVar("Model", bound=RuleModel)

_CODES = {"one_check": Code.ONE_CHECK, "bands_order": Code.OUT_OF_ORDER}
"""Codes of faults that models find themselves, by the type of their error."""


class Faults:
    """Collects the diagnostics of one file."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.diagnostics: list[Diagnostic] = []

    def error(self, node: Node, code: Code, message: str, suggestion: str = "") -> None:
        """Report a fault at a node, unless a fault of that node is reported already."""
        if node.broken:
            return
        self.diagnostics.append(
            self.source.diagnostic(
                node.line,
                node.column,
                code,
                message,
                length=node.length if isinstance(node, Scalar) else 1,
                path=path_of(node),
                suggestion=suggestion,
            )
        )


def path_of(node: Node) -> str:
    """Return where a node is in the file's own terms: `in rule pin, then.mismatch`."""
    trail = node.trail
    root = node
    while root.parent is not None:
        root = root.parent
    named = {"rules": ("rule", "id"), "scenarios": ("scenario", "name")}.get(str(trail[0])) if trail else None
    if named and len(trail) > 1:
        kind, key = named
        name = word(child(root, *trail[:2], key))
        start = f"in {kind} {name if name else int(trail[1]) + 1}"
        return f"{start}, {_dotted(trail[2:])}" if trail[2:] else start
    return f"in {_dotted(trail)}" if trail else ""


def parse(model: type[Model], node: Node, faults: Faults) -> Model | None:
    """Read a tree as a model.

    Returns:
        The model, or None after every deviation was reported.
    """
    _report_empty_values(node, faults)
    try:
        return model.model_validate(node.plain())
    except ValidationError as error:
        deviations = error.errors(include_url=False, include_input=False)
    unknown = [details for details in deviations if details["type"] == "extra_forbidden"]
    misspelt = {meant for details in unknown if (meant := _report_unknown_key(model, node, details, faults))}
    for details in deviations:
        place = tuple(details["loc"])
        if details["type"] == "missing" and place not in misspelt:
            name = _name_of(_follow(node, place))
            faults.error(name, Code.MISSING_KEY, f"missing key {quoted(str(place[-1]))}")
        elif details["type"] not in ("missing", "extra_forbidden"):
            _report_wrong_value(_follow(node, place), details, faults)
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


def _report_wrong_value(node: Node, details: ErrorDetails, faults: Faults) -> None:
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
        checks = [key.text for key, _ in entries(node)]
        found = f"found {' and '.join(checks)}" if checks else "found none"
        return f"a rule asks exactly one check, {found}", "make a rule of each" if checks else ""
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
    hint = did_you_mean(word(node) or "", zoneinfo.available_timezones()) if kind == "timezone" else ""
    return f"{details['msg']}, {_found(node)}", hint


def _found(node: Node) -> str:
    if isinstance(node, Scalar):
        return f"found {quoted(node.text)}" if node.written else "found nothing"
    return "found a list" if isinstance(node, ListNode) else "found keys with values"


def _dotted(trail: tuple[str | int, ...]) -> str:
    return "".join(_dotted_steps(trail)).lstrip(".")


def _dotted_steps(trail: tuple[str | int, ...]) -> Iterator[str]:
    for step in trail:
        yield f"[{step + 1}]" if isinstance(step, int) else f".{step}"
