"""API tokens, which prove who acts: `token add`, `list`, `revoke`."""

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from commands.output import print_json, print_lines, print_table
from commands.session import find_place
from commands.times import moment, now

if TYPE_CHECKING:
    from records.tokens import Role, Token

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ROLES = ("reviewer", "senior")
_UNITS = {"d": "days", "h": "hours", "m": "minutes", "w": "weeks"}
_LONGEST = timedelta(days=3660)


def add_to(app: typer.Typer) -> None:
    token = typer.Typer(no_args_is_help=True)
    token.command()(add)
    token.command("list")(show_all)
    token.command()(revoke)
    app.add_typer(token, name="token", help="Tokens, which prove who acts.")


def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose it is: one of PORTOUT_REVIEWERS.")],
    role: Annotated[str, typer.Option(help="reviewer or senior; the ledger keeps it with each decision.")],
    expires: Annotated[
        str | None, typer.Option(help="How long it holds, like 90d or 12h; without, until it is revoked.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a token. It is shown this once and kept nowhere; its owner sets it as PORTOUT_TOKEN."""
    from commands.acting import reviewer

    at, role_ = now(), _role(role)
    until = None if expires is None else at + _span(expires)
    place = find_place()
    person = reviewer(place.settings, name)
    with place.records() as records:
        token, secret = records.tokens.add(person, role_, at=at, expires_at=until)
    if as_json:
        print_json({**token.model_dump(), "token": secret.get_secret_value()})
        return
    print_lines(
        f"Token {token.token_id} of {person}, {role_}, {_holds(token.expires_at)}. "
        "It is shown only now; give it to nobody else:",
        secret.get_secret_value(),
    )


def show_all(as_json: AsJson = False) -> None:
    """List every token that was made: whose it is and until when it holds, never the token itself."""
    at = now()
    with find_place().records_as_they_are() as records:
        tokens = records.tokens.all()
    if as_json:
        print_json([{**token.model_dump(), "valid": _state(token, at) == "valid"} for token in tokens])
        return
    if not tokens:
        print_lines("There is no token; `portout token add NAME --role reviewer` makes one.")
        return
    print_table(
        "Tokens",
        ["Id", "Owner", "Role", "Made", "Holds until", "State"],
        [
            [
                token.token_id,
                token.person,
                token.role,
                moment(token.added_at),
                moment(token.expires_at) if token.expires_at else "—",
                _state(token, at),
            ]
            for token in tokens
        ],
    )


def revoke(
    which: Annotated[
        str,
        typer.Argument(
            metavar="ID_OR_NAME", help="The id that `list` shows; or a name, for all tokens of that person."
        ),
    ],
) -> None:
    """Make a token useless from now on."""
    with find_place().records_as_they_are() as records:
        revoked = records.tokens.revoke(which, now())
    if not revoked:
        print_lines("It was revoked before.")
    for token in revoked:
        print_lines(f"Token {token.token_id} of {token.person} proves nothing any more.")


def _role(given: str) -> "Role":
    from records.tokens import Role

    if given not in ROLES:
        raise typer.BadParameter(f"must be one of {', '.join(ROLES)}", param_hint="--role")
    return Role(given)


def _span(given: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,6})([wdhm])", given.strip())
    span = timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else timedelta(0)
    if not timedelta(0) < span <= _LONGEST:
        raise typer.BadParameter("must be like 90d, 12h or 30m", param_hint="--expires")
    return span


def _holds(until: datetime | None) -> str:
    return f"holds until {moment(until)}" if until else "holds until it is revoked"


def _state(token: "Token", at: datetime) -> str:
    if token.revoked_at is not None:
        return f"revoked {moment(token.revoked_at)}"
    return "expired" if token.expires_at is not None and token.expires_at <= at else "valid"
