"""What a policy author looks up and starts from: `rules checks`, `rules facts`, `rules new`."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.output import Failed, print_fields, print_json, print_lines, print_table
from environment import load_settings

if TYPE_CHECKING:
    from screening.authoring.reference import CheckEntry, ParameterEntry
    from screening.checks import CheckKind
    from screening.facts import FactType
    from screening.operators import Operand

USAGE = 2

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def add_to(rules: typer.Typer) -> None:
    rules.command()(checks)
    rules.command()(facts)
    rules.command()(new)


def checks(
    name: Annotated[str | None, typer.Argument(help="One check, with everything about it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what rules can ask: every check with its parameters, results, facts and placeholders."""
    from screening.authoring.reference import check_entry
    from screening.checks import CHECKS

    kinds = list(CHECKS.values()) if name is None else [_kind_called(name)]
    entries = [check_entry(kind) for kind in kinds]
    if as_json:
        print_json(entries if name is None else entries[0])
    elif name is None:
        rows = [
            (entry.name, entry.sentence, ", ".join(result.name for result in entry.results))
            for entry in entries
        ]
        print_table("", ("check", "finds out", "results"), rows)
        print_lines("Everything about one: portout rules checks NAME")
    else:
        _print_check(entries[0])


def facts(
    name: Annotated[str | None, typer.Argument(help="One fact, with everything about it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what checks and conditions read, and what tests give and texts name."""
    from screening.authoring.reference import fact_entry
    from screening.facts import CATALOGUE
    from screening.reading.diagnostics import did_you_mean, quoted

    if name is not None and name not in CATALOGUE:
        hint = did_you_mean(name, CATALOGUE) or "`portout rules facts` lists them all."
        raise Failed(f"There is no fact {quoted(name)}; {hint}", USAGE)
    entries = [fact_entry(known) for known in ([name] if name else CATALOGUE)]
    if as_json:
        print_json(entries if name is None else entries[0])
    elif name is None:
        rows = [(entry.name, entry.type, entry.fact_class, entry.sentence) for entry in entries]
        print_table("", ("fact", "type", "class", "what it is"), rows)
        print_lines(
            "public: sent by the gaining carrier, may stand in any text. internal: ours, may stand in a note. "
            "secret: in tests only."
        )
    else:
        [entry] = entries
        told = [
            ("type", entry.type),
            ("class", entry.fact_class),
            ("read by", ", ".join(entry.read_by) or "no check; texts and tests may name it"),
        ]
        print_fields(f"{entry.name}: {entry.sentence}", told)


def new(
    rule_id: Annotated[str, typer.Argument(metavar="NAME", help="What the rule is to be called.")],
    check: Annotated[str, typer.Option(help="The check that it asks; `condition` for one with `when:`.")],
) -> None:
    """Print a rule to start from, with every answer handled and a first test, to be pasted under `rules:`."""
    from pydantic import TypeAdapter, ValidationError

    from screening.authoring.rule_skeleton import rule_skeleton
    from screening.policy_values import Name

    kind = _kind_called(check)
    try:
        TypeAdapter(Name).validate_python(rule_id)
    except ValidationError as refused:
        raise Failed(f"The name of a rule {refused.errors()[0]['msg']}.", USAGE) from None
    print(rule_skeleton(rule_id, kind, _lists_in(load_settings().rules)))


def _kind_called(name: str) -> "CheckKind[Any]":
    from screening.checks import CHECKS
    from screening.reading.diagnostics import did_you_mean, quoted

    if name not in CHECKS:
        hint = did_you_mean(name, CHECKS) or "`portout rules checks` lists them all."
        raise Failed(f"There is no check {quoted(name)}; {hint}", USAGE)
    return CHECKS[name]


def _lists_in(rules: Path) -> list[str]:
    """The names under which policies call their lists, those of the default policy first; none if they cannot be read."""
    from screening.reading.diagnostics import PolicyErrors
    from screening.reading.loading import load_bundle

    try:
        bundle = load_bundle(rules)
    except PolicyErrors:
        return []
    in_turn = sorted(bundle.policies.values(), key=lambda policy: not policy.default)
    return list(dict.fromkeys(name for policy in in_turn for name in policy.lists))


def _print_check(entry: "CheckEntry") -> None:
    print_lines(f"{entry.name}: {entry.sentence}")
    parameters = [
        (parameter.name, parameter.type, _stated(parameter), parameter.meaning)
        for parameter in entry.parameters
    ]
    print_fields("parameters", parameters or [("none", "")])
    print_fields(
        "results",
        [
            (
                result.name,
                "evidence" if result.is_evidence else "ground to refuse" if result.is_ground else "",
                result.sentence,
            )
            for result in entry.results
        ],
    )
    print_fields(
        "operators",
        [(operator.name, _fits(operator.needs), operator.sentence) for operator in entry.operators],
    )
    print_fields("facts", [(fact.name, fact.type, fact.fact_class) for fact in entry.facts])
    print_fields(
        "placeholders in notes", [(f"<{name}>", sentence) for name, sentence in entry.placeholders.items()]
    )


def _fits(needs: "Mapping[FactType, Operand]") -> str:
    """What stands behind an operator, by the types of facts that it fits."""
    from screening.facts import FactType

    by_operand: dict[str, list[str]] = {}
    for fact_type, operand in needs.items():
        by_operand.setdefault(operand, []).append(fact_type)
    return "; ".join(
        f"{'any' if len(types) == len(FactType) else ' or '.join(types)}: {operand}"
        for operand, types in by_operand.items()
    )


def _stated(parameter: "ParameterEntry") -> str:
    if parameter.needed:
        return "needed"
    default = parameter.default
    if default is None:
        return "may be left out"
    if isinstance(default, bool):
        return f"else {str(default).lower()}"
    return f"else {', '.join(default) if isinstance(default, list) else default}"
