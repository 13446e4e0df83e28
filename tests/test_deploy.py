"""What the files in `deploy/` say fits what they start."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import worker
from settings import PROJECT, Settings

DEPLOY = PROJECT / "deploy"
LOCKED = dict(re.findall(r"(?m)^([\w.-]+)==([\w.]+)", (PROJECT / "requirements.lock").read_text()))
PROJECT_FILE = tomllib.loads((PROJECT / "pyproject.toml").read_text())


def _container() -> list[tuple[str, str]]:
    """The instructions, each on one line."""
    text = (DEPLOY / "Containerfile").read_text().replace("\\\n", "")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.partition(" ")[0], line.partition(" ")[2]) for line in lines]


def _said(instruction: str) -> list[str]:
    return [rest for name, rest in _container() if name == instruction]


def _service() -> list[tuple[str, str]]:
    unit: list[tuple[str, str]] = []
    for line in (DEPLOY / "portout-worker.service").read_text().splitlines():
        name, separator, value = line.partition("=")
        if separator and not line.startswith("#"):
            unit.append((name, value))
    return unit


def test_the_unit_waits_longer_than_a_worker_may_take_to_stop() -> None:
    [seconds] = [int(value) for name, value in _service() if name == "TimeoutStopSec"]
    assert seconds > worker.GRACE.total_seconds()


def test_every_name_in_the_unit_is_a_setting() -> None:
    words = " ".join(value for name, value in _service() if name == "Environment").split()
    names = {word.partition("=")[0] for word in words}
    assert names == {"TELNYX_API_KEY_FILE", "PORTOUT_PAYLOAD_KEYS_FILE", "PORTOUT_HOME"}
    known = {field.upper() for field in Settings.model_fields}
    assert {name.removeprefix("PORTOUT_").removesuffix("_FILE") for name in names} <= known


def test_unit_and_container_start_the_worker() -> None:
    [start] = [value for name, value in _service() if name == "ExecStart"]
    assert start.endswith("python worker.py")
    assert 'CMD ["python", "worker.py"]' in (DEPLOY / "Containerfile").read_text()
    assert Path(worker.__file__) == PROJECT / "worker.py"


def test_what_the_container_copies_is_there_and_not_left_out() -> None:
    sources = [source for rest in _said("COPY") for source in shlex.split(rest)[:-1]]
    assert sources == ["requirements.lock", "."]
    needed = [*sources, *(f"{name}.py" for name in PROJECT_FILE["tool"]["setuptools"]["py-modules"])]
    needed += [name.split(".")[0] for name in PROJECT_FILE["tool"]["setuptools"]["packages"]]
    left_out = (PROJECT / ".dockerignore").read_text().split()
    assert [name for name in needed if not (PROJECT / name).exists() or name in left_out] == []


def test_what_git_ignores_does_not_get_into_the_image() -> None:
    ignored = {line.strip("/") for line in (PROJECT / ".gitignore").read_text().split()}
    left_out = {line.removeprefix("**/") for line in (PROJECT / ".dockerignore").read_text().split()}
    assert ignored - left_out == set()


def test_the_image_has_what_its_commands_need() -> None:
    [base] = _said("FROM")
    version = base.rpartition(":")[2].removesuffix("-slim")
    assert version in SpecifierSet(PROJECT_FILE["project"]["requires-python"])
    # Without isolation the project is built by what the lock brings; a venv of Python 3.12 has no setuptools of its own.
    for text in PROJECT_FILE["build-system"]["requires"]:
        assert LOCKED[Requirement(text).name] in Requirement(text).specifier
    runs = " ".join(_said("RUN"))
    assert "--require-hashes --requirement requirements.lock" in runs
    assert "--no-build-isolation --editable ." in runs


def test_image_and_unit_keep_their_files_where_their_settings_say() -> None:
    unit, [code] = dict(_service()), _said("WORKDIR")
    [home] = _said("VOLUME")
    settings = dict(word.split("=", 1) for word in shlex.split(_said("ENV")[0]))
    assert settings == {"PATH": f"{code}/.venv/bin:$PATH", "PORTOUT_HOME": home}
    assert f"--home-dir {home} --create-home {_said('USER')[0]}" in " ".join(_said("RUN"))
    assert (unit["WorkingDirectory"], unit["ExecStart"]) == (code, f"{code}/.venv/bin/python worker.py")
    assert home == f"/var/lib/{unit['StateDirectory']}"
    assert ("Environment", f"PORTOUT_HOME={home}") in _service()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed here")
def test_systemd_finds_no_fault_in_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "portout-worker.service"
    text = (DEPLOY / unit.name).read_text()
    unit.write_text(text.replace("/opt/portout/.venv/bin/python", sys.executable))
    environment = {**os.environ, "SYSTEMD_LOG_LEVEL": "warning"}
    ran = subprocess.run(
        ["systemd-analyze", "verify", unit], env=environment, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout + ran.stderr) == (0, "")
