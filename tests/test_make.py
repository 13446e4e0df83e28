"""`make` on a machine that lacks something: one sentence that says what, and what to do."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent


def _make_with(python: str, folder: Path) -> subprocess.CompletedProcess[str]:
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(PROJECT / name, folder / name)
    # `make test` runs these tests: what it tells its children of itself is not for this `make`.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(
        ["make", "demo", f"PYTHON={python}"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def _python_that_fails_at(word: str, folder: Path) -> str:
    script = folder / "python"
    script.write_text(f'#!/bin/sh\ncase "$*" in *{word}*) exit 1;; esac\nexit 0\n')
    script.chmod(0o755)
    return str(script)


@pytest.mark.parametrize(
    ("fails_at", "sentence"),
    [
        ("version_info", "Python 3.11 or newer is needed"),
        ("ensurepip", "lacks the venv module"),
        ("--version", "install Python 3.11 or newer"),
    ],
)
def test_what_is_missing_is_said_in_one_sentence(fails_at: str, sentence: str, tmp_path: Path) -> None:
    made = _make_with(_python_that_fails_at(fails_at, tmp_path), tmp_path)
    assert made.returncode != 0
    assert sentence in made.stdout
    assert len(made.stdout.strip().splitlines()) == 1
    assert not (tmp_path / ".venv").exists()


def test_the_lock_holds_hashes_and_names_no_index() -> None:
    lock = (PROJECT / "requirements.lock").read_text()
    assert "http" not in lock.replace("httpx", "").replace("httptools", "").replace("httpcore", "")
    pinned = [line for line in lock.splitlines() if "==" in line]
    assert pinned
    assert all(line.rstrip().endswith("\\") for line in pinned)
