"""What PostgreSQL needs that SQLite does not: how to connect, and why it does not answer, in plain words."""

from typing import Any

from sqlalchemy.engine import URL

WHY = {
    "53100": "its disk is full",
    "53300": "it has too many connections",
    "55P03": "busy with other writes",
    "57P01": "it is shutting down",
    "57P02": "it crashed and is starting again",
    "57P03": "it is starting",
    "25006": "it takes no writes: a standby?",
    "40P01": "two writes waited for each other",
}
"""By SQLSTATE: what passes by itself, or by the hand of whoever runs the server."""

NO_CONNECTION = (
    ("password", "the password is refused or missing"),
    ("does not exist", "there is no such database or role"),
    ("pg_hba", "it does not let this machine or role in"),
    ("could not translate", "the host is not known"),
    ("resolve host", "the host is not known"),
    ("timeout", "no answer in time"),
    ("starting up", "it is starting"),
    ("shutting down", "it is shutting down"),
    ("too many", "it has too many connections"),
    ("refused", "nobody answers there"),
    ("No such file", "nobody answers there"),
    ("closed the connection", "it broke the connection off"),
)
"""Without a SQLSTATE there is only libpq's text, in which hosts and roles stand: what it means, by a part of it."""


def why_away(error: BaseException | None) -> str | None:
    """Why the server cannot be used now; None when the error is another one."""
    state = getattr(error, "sqlstate", None)
    if state in WHY:
        return WHY[state]
    # psycopg has a class of its own for each SQLSTATE, below those that every driver has.
    if not {"OperationalError", "InterfaceError"} & {kind.__name__ for kind in type(error).__mro__}:
        return None
    if state:
        return str(state)
    return next((why for part, why in NO_CONNECTION if part in str(error)), "no answer")


def connect_arguments(url: URL, patience: float) -> dict[str, Any]:
    """What psycopg is told beside the URL; what stands there wins.

    Args:
        patience: seconds that a connection, a lock, and bytes on their way are each waited for.
    """
    ours = {
        "application_name": "portout",
        "connect_timeout": max(2, round(patience)),  # libpq counts whole seconds, at least two
        "keepalives_idle": round(patience),
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": round(patience * 1000),
    }
    # A worker that froze within a transaction, or whose machine is gone, must not hold the locks of others for hours.
    limits = f"-c lock_timeout={round(patience * 1000)} -c idle_in_transaction_session_timeout=60000"
    given = url.query.get("options", "")
    return {
        **{name: value for name, value in ours.items() if name not in url.query},
        "options": f"{limits} {given if isinstance(given, str) else ' '.join(given)}".strip(),
    }
