"""Backups of PostgreSQL by its own programs, `pg_dump` and `pg_restore`, which know what it is made of."""

import os
import subprocess
from pathlib import Path

import sqlalchemy as sa

from records.errors import BackupRefused

INSTALL = (
    "install PostgreSQL's client programs (Debian: postgresql-client), of the server's version or newer."
)


def dump(url: str, file: Path) -> None:
    """Writes the whole database into a file, as it is at one moment.

    Raises:
        BackupRefused: it could not be done, and why.
    """
    _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={file}", url=url)


def load(url: str, file: Path) -> None:
    """Fills an empty database from such a file in one transaction. Raises as `dump`."""
    how = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges")
    _run("pg_restore", *how, str(file), url=url)


def version_in(file: Path) -> str | None:
    """The migration that the records in the file are at; None when there are none. Raises as `dump`."""
    lines = _run("pg_restore", "--data-only", "--table=alembic_version", "--file=-", str(file)).splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith("COPY ")]
    return lines[starts[0] + 1].strip() if starts else None


def _run(program: str, *arguments: str, url: str | None = None) -> str:
    environment = dict(os.environ)
    command = [program, *arguments]
    if url is not None:
        parsed = sa.make_url(url)
        if parsed.password:
            environment["PGPASSWORD"] = (
                parsed.password
            )  # not as an argument, which everybody on the machine can read
        place = parsed.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
        command += ["--no-password", f"--dbname={place}"]
    try:
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise BackupRefused(f"There is no {program} on this machine: {INSTALL}") from None
    if done.returncode:
        raise BackupRefused(_why(program, done.stderr))
    return done.stdout


def _why(program: str, said: str) -> str:
    if "version mismatch" in said or "unsupported version" in said:
        return f"The {program} of this machine is too old: {INSTALL}"
    first = next((line for line in said.splitlines() if line.startswith(program)), "")
    # What the server itself says may quote rows.
    told = first.partition("error: ")[2].partition("ERROR:")[0].strip(" :") or "it gave no reason"
    return f"{program} could not do it, and nothing was changed: {told[:200]}."
