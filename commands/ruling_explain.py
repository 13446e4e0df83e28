"""`rules explain`: why an order is decided as it is, and what would have to be otherwise."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from commands.output import Failed, print_json
from commands.session import find_place
from environment import load_settings

if TYPE_CHECKING:
    from records.store import Records
    from screening.authoring.explain import Explanation, Place
    from screening.authoring.recorded import RecordedOrder
    from screening.results import FactValue

USAGE = 2
INVALID = 3
_FILES = (".yaml", ".yml")


def add_to(rules: typer.Typer) -> None:
    rules.command()(explain)


def explain(
    what: Annotated[
        str, typer.Argument(metavar="ID|FACTS.yaml", help="A port-out id or support key, or a fixture file.")
    ],
    what_if: Annotated[
        list[str] | None,
        typer.Option(help="fact=value: decide with this fact changed; fact= for one that is not known."),
    ] = None,
    why_not: Annotated[
        Literal["approve"] | None, typer.Option(help="List everything that stands against an approval.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell a decision: what each rule found, and what that did.

    An order that was screened is decided once more by the rules that decided it then, from what was recorded; facts from
    a file by the rules in PORTOUT_RULES.
    """
    if not what.strip():
        raise typer.BadParameter("give a port-out id, a support key or a fixture file")
    from screening.authoring.what_if import read_change
    from screening.reading.given import GivenFactError

    try:
        changes = dict(read_change(text) for text in what_if or [])
        told = _from_file(Path(what), changes) if what.endswith(_FILES) else _from_records(what, changes)
    except GivenFactError as error:
        raise Failed(f"{error}.", USAGE) from None
    if as_json:
        print_json(told)
        return
    from commands.explain_page import print_explanation

    print_explanation(told, why_not_approve=why_not is not None)


def _from_file(file: Path, changes: "Mapping[str, FactValue]") -> "Explanation":
    from screening.authoring.explain import explain_given
    from screening.reading.diagnostics import PolicyErrors
    from screening.reading.loading import load_bundle, load_fixture, places_of
    from screening.reading.rule_files import what_it_is

    if (kind := what_it_is(file)) in ("policy", "list"):
        raise Failed(f"{file} is a {kind}: explain takes an order, or a file with the facts of one.", USAGE)
    rules = load_settings().rules
    try:
        fixture, bundle = load_fixture(file), load_bundle(rules)
    except PolicyErrors as refused:
        raise Failed(f"{refused}.", INVALID) from None
    places = places_of(rules)
    return explain_given(
        bundle, fixture, changes, place=lambda policy, rule: places.of(policy, "rules", rule)
    )


def _from_records(wanted: str, changes: "Mapping[str, FactValue]") -> "Explanation":
    from commands.replaying import stored_bundle
    from screening.authoring.explain import explain_recorded
    from screening.authoring.recorded import NotReplayable, ReadyBundle

    place = find_place()
    with place.records_as_they_are() as records:
        recorded = recorded_of(records, wanted)
        try:
            deciding = ReadyBundle(stored_bundle(records, recorded.policy_digest))
            where = _places(place.settings.rules, recorded.policy_digest)
            return explain_recorded(recorded, deciding, changes, place=where)
        except NotReplayable as why:
            raise Failed(f"The order {wanted} cannot be explained: {why}") from None


def recorded_of(records: "Records", wanted: str) -> "RecordedOrder":
    """The last screening of an order.

    Raises:
        Failed: there is no such order, or nothing of it that could be decided once more.
    """
    from commands.orders import find_case
    from screening.authoring.recorded import NotReplayable, recorded_order

    # By its id an order is found without the queue, too, which may be lost.
    entries = records.ledger.entries(wanted) or records.ledger.entries(find_case(records, wanted).portout_id)
    screening = next((entry for entry in reversed(entries) if "findings" in entry.body), None)
    if screening is None:
        raise Failed(f"The order {wanted} was not screened yet, so there is nothing to tell.")
    try:
        return recorded_order(screening.body, screening.personal)
    except NotReplayable as why:
        raise Failed(f"The order {wanted} cannot be decided once more: {why}") from None


def _places(rules: Path, digest: str) -> "Place | None":
    """Where rules stand, if the files on disk are the ones that decided."""
    from screening.reading.diagnostics import PolicyErrors
    from screening.reading.loading import load_bundle, places_of

    try:
        if load_bundle(rules).digest != digest:
            return None
    except PolicyErrors:
        return None
    places = places_of(rules)
    return lambda policy, rule: places.of(policy, "rules", rule)
