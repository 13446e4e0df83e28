"""Which files are rule files by their names, and how one is read without waiting for anybody."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from screening.reading.yaml_tree import LARGEST_FILE, entries, read_tree

_SUFFIXES = (".yaml", ".yml")
_SCHEMA = ".schema.json"  # what `rules schema --install` writes beside the rules

_TELLING = {
    "policy": frozenset({"policy", "rules"}),
    "list": frozenset({"entries"}),
    "fixture": frozenset({"facts"}),
}


class CannotReadError(Exception):
    """A file cannot be read. The message says why; `hint` may say more."""

    def __init__(self, why: str, hint: str = "") -> None:
        super().__init__(why)
        self.hint = hint


def is_rule_file(path: Path) -> bool:
    """Whether a file is read as a policy, list or fixture, whatever is found under that name."""
    # Editors leave hidden copies beside the file that is being edited.
    return path.suffix in _SUFFIXES and not path.name.startswith(".")


def resembles_rule_file(path: Path) -> bool:
    """Whether somebody may take a file for a rule file that is none by its name: `vip.YAML`, `vip.yaml.txt`."""
    name = path.name.casefold()
    if name.startswith(".") or is_rule_file(path):
        return False
    is_json = name.endswith(".json") and not name.endswith(_SCHEMA)
    return is_json or not {*Path(name).suffixes}.isdisjoint(_SUFFIXES)


def read_ordinary(path: Path, most: int = -1) -> bytes:
    """Read a file, of a long one the first bytes.

    Raises:
        CannotReadError: it is not there, may not be read, or is a folder, a pipe or a device, which may never end.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise CannotReadError("it is not an ordinary file")
        with path.open("rb") as opened:
            return opened.read(most)
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        raise CannotReadError(why_not(error, "not a file name"), _linked(path)) from None


def what_it_is(path: Path) -> str | None:
    """Say what a file holds by the keys at its top: `policy`, `list` or `fixture`; None if it does not tell."""
    try:
        root, _, _ = read_tree(read_ordinary(path, LARGEST_FILE), str(path))
    except CannotReadError:
        return None
    written = {key.text for key, _ in entries(root)}
    return next((kind for kind, keys in _TELLING.items() if not keys.isdisjoint(written)), None)


def why_not(error: OSError | ValueError, otherwise: str) -> str:
    """Say what the system says, or else what a name must be."""
    return error.strerror if isinstance(error, OSError) and error.strerror else otherwise


def files_below(directory: Path) -> Iterator[Path]:
    """Yield what stands in a directory and in those below it, hidden directories left out, in the order of their names."""
    if not directory.is_dir():
        return
    for above, below, files in os.walk(directory):
        below[:] = sorted(entry for entry in below if not entry.startswith("."))
        yield from (Path(above, name) for name in sorted([*below, *files]))


def _linked(path: Path) -> str:
    try:
        return f"it is a link to {path.readlink()}"
    except (OSError, ValueError):
        return ""
