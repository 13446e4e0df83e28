"""The file of checkpoints outside the database: one JSON object a line, only ever appended to.

    {"checkpoint":{…},"signature":"base64"}

The signature is over the checkpoint as it stands there: canonical JSON (keys sorted, no spaces, ASCII).
"""

import fcntl
import json
import os
from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from records.canonical import canonical
from records.errors import NotRecordable, RecordsError
from records.ledger_checkpoints import Checkpoint, Checkpoints, ForeignCheckpoint

_BLOCK = 1 << 16
_BEGIN = b'{"checkpoint":'


class BadFile(RecordsError):
    """The file of checkpoints cannot be read or written, or does not belong to this database."""


def seal(checkpoints: Checkpoints, file: Path, at: datetime, trusted: Collection[str] = ()) -> int:
    """Seal what was written to the ledger since the last checkpoint. Returns how many were written to the file.

    A process that dies between database and file leaves nothing out: the next one writes it.

    Args:
        trusted: public keys besides our own whose last checkpoint may be followed, base64.

    Raises:
        BadKey: there is no PORTOUT_LEDGER_KEY.
        BadFile: the file cannot be written, or is another database's, or the last checkpoint is signed by a key that is
            not trusted.
        DatabaseUnavailable: try again later.
    """
    try:
        for _ in checkpoints.make(at, trusted):
            pass
    except ForeignCheckpoint as error:
        raise BadFile(f"Nothing was written to {file}: {error}") from None
    return keep(checkpoints, file)


def keep(checkpoints: Checkpoints, file: Path) -> int:
    """Append every checkpoint that the file does not have yet, also those that another machine made, or that were made
    just before a process died. Returns how many.

    Raises:
        BadFile: it cannot be written, or ends with a checkpoint that the database does not have.
        DatabaseUnavailable: the checkpoints cannot be read.
    """
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(file, os.O_CREAT | os.O_RDWR | os.O_APPEND, 0o600)
        with os.fdopen(handle, "r+b") as opened:
            fcntl.flock(opened.fileno(), fcntl.LOCK_EX)
            last = _last(opened, file)
            if last is not None and checkpoints.get(last.number) != last:
                raise BadFile(
                    f"The file {file} ends with checkpoint {last.number}, which the database does not have so: see "
                    "`portout ledger verify`, and after restoring a backup put that file aside."
                )
            count = 0
            for checkpoint in checkpoints.all(after=last.number if last else 0):
                opened.write(_line(checkpoint))
                count += 1
            opened.flush()
            os.fsync(opened.fileno())
    except OSError as error:
        raise BadFile(
            f"The checkpoints cannot be written to {file} ({error.strerror}): check the folder, or name another file "
            "by PORTOUT_LEDGER_CHECKPOINTS."
        ) from None
    return count


def read(file: Path) -> Iterator[Checkpoint | None]:
    """Every line of a file as far as it reaches when this begins; None for one that is no checkpoint.

    Raises:
        BadFile: it is missing or cannot be read.
    """
    try:
        with file.open("rb") as opened:
            left = os.fstat(opened.fileno()).st_size
            while left > 0:
                line = opened.readline()
                left -= len(line)
                yield _parse(line)
    except FileNotFoundError:
        raise BadFile(
            f"There is no file of checkpoints at {file}: name the one that the worker writes "
            "(PORTOUT_LEDGER_CHECKPOINTS), or a copy of it by --file."
        ) from None
    except OSError as error:
        raise BadFile(f"The file of checkpoints {file} cannot be read ({error.strerror}).") from None


def last_in(file: Path) -> Checkpoint | None:
    """The last checkpoint of a file, which is left as it is; None if there is none, or no file.

    Raises:
        BadFile: it cannot be read, or its last line is something else.
    """
    try:
        with file.open("rb") as opened:
            return _last(opened, file, cut_off=False)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadFile(f"The file of checkpoints {file} cannot be read ({error.strerror}).") from None


def _last(opened: BinaryIO, file: Path, *, cut_off: bool = True) -> Checkpoint | None:
    """The last checkpoint of a file; what a process that died half-way left behind it is cut off.

    Raises:
        BadFile: the last line, or what follows it, is something else. Nothing is cut off then: the file is not ours.
    """
    end = opened.seek(0, os.SEEK_END)
    tail = b""
    while True:
        begin = max(0, end - _BLOCK)
        opened.seek(begin)
        tail = opened.read(end - begin) + tail
        end = begin
        whole = tail[: tail.rfind(b"\n") + 1]
        before = whole.rfind(b"\n", 0, -1) + 1
        if begin == 0 or before > 0:
            found, cut = _parse(whole[before:]) if whole else None, tail[len(whole) :]
            if (whole and found is None) or cut[: len(_BEGIN)] != _BEGIN[: len(cut)]:
                raise BadFile(f"The last line of {file} is no checkpoint: see `portout ledger verify`.")
            if cut_off:
                opened.truncate(begin + len(whole))
            return found


def _line(checkpoint: Checkpoint) -> bytes:
    # As it is: the content is canonical JSON in ASCII already.
    return b'{"checkpoint":%s,"signature":"%s"}\n' % (
        checkpoint.content,
        checkpoint.signature.encode("ascii"),
    )


def _parse(line: bytes) -> Checkpoint | None:
    try:
        value = json.loads(line)
        content, signature = value["checkpoint"], value["signature"]
        number, data = content["number"], canonical(content)
    except (ValueError, KeyError, TypeError, RecursionError, NotRecordable):
        return None
    # Two texts of one checkpoint would have two hashes.
    found = Checkpoint(number, data, signature) if isinstance(signature, str) else None
    return found if isinstance(number, int) and found and _line(found) == line else None
