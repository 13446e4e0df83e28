"""What the files in `deploy/` say fits what they start."""

from pathlib import Path

import worker
from settings import PROJECT, Settings

DEPLOY = PROJECT / "deploy"


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
