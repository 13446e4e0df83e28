"""`status`, `pause`, `resume`, `settings`, `sandbox`."""

import asyncio
import base64
import json
import re
import signal
from pathlib import Path

import httpx

from records.cases import Stage
from settings import Settings, Timing
from tests.commands.conftest import shell_of
from tests.commands.inside import Inside
from tests.commands.shell import Shell
from tests.service import Service
from tests.waiting import eventually


async def test_status_of_a_working_service_is_well_and_exits_with_zero(
    standing: Service, portout: Shell
) -> None:
    order = standing.place_reviewed(age_seconds=7200)
    await standing.stands_in(Stage.AWAITING_REVIEW, order)
    ran = await portout("status", "--json")
    assert ran.code == 0, ran.out
    parts = {part["name"]: part for part in ran.json["parts"]}
    assert list(parts) == [
        *("Temporal", "Worker", "Intake", "Carrier", "Records", "Rules", "Live rules", "Webhooks", "Ledger"),
        *("Sending", "Queue"),
    ]
    assert {part["health"] for part in parts.values()} == {"ok"}
    assert parts["Worker"]["says"] == f"1 on the task queue {standing.settings.task_queue}"
    assert " pending, " in parts["Intake"]["says"]
    assert ran.json["waiting"] >= 1
    case = standing.case(order)
    assert case is not None
    assert f"nearest deadline: {case.support_key}, 19 h " in parts["Queue"]["says"]


async def test_status_notices_a_worker_that_has_just_gone(service: Service) -> None:
    portout = shell_of(service)
    async with service.working():
        await eventually(lambda: _works(portout))
    ran = await portout("status")
    assert ran.code == 1
    assert ran.out.startswith("It does not work: see what FAILED.")
    assert re.search(r"Worker +FAILED", ran.out)


async def _works(portout: Shell) -> bool:
    return (await portout("status")).code == 0


async def test_status_says_what_is_wrong_with_each_part(service: Service, tmp_path: Path) -> None:
    rules = tmp_path / "broken"
    rules.mkdir()
    (rules / "broken.yaml").write_text("format: 1\npolicy: [\n")
    portout = shell_of(service, PORTOUT_RULES=str(rules), TELNYX_API_KEY="wrong")
    ran = await portout("status", "--json")
    assert ran.code == 1
    says = {part["name"]: (part["health"], part["says"]) for part in ran.json["parts"]}
    assert says["Temporal"][0] == "ok"
    assert says["Worker"][0] == says["Intake"][0] == says["Carrier"][0] == says["Rules"][0] == "FAILED"
    assert "There is no schedule" in says["Intake"][1]
    assert "TELNYX_API_KEY" in says["Carrier"][1]
    assert "broken.yaml:2: " in says["Rules"][1]
    assert says["Sending"][0] == "warning"


async def test_status_without_temporal_and_records_still_answers(apart: Shell) -> None:
    ran = await apart(
        "status", "--json", TEMPORAL_ADDRESS="127.0.0.1:1", TELNYX_BASE_URL="http://127.0.0.1:1/v2"
    )
    assert ran.code == 1
    failed = [part["name"] for part in ran.json["parts"] if part["health"] == "FAILED"]
    assert failed == ["Temporal", "Carrier", "Records"]


async def test_a_pause_tells_who_and_why_until_it_is_resumed(service: Service) -> None:
    portout = shell_of(service)
    # What changes nothing runs beside each other: most of a command's time goes into its start.
    unsaid, paused = await asyncio.gather(
        portout("pause"), portout("pause", "--by", "olga", "--reason", "Keys change.")
    )
    assert unsaid.sentence.startswith("A reason is needed")
    assert (paused.code, paused.err) == (0, "")
    again, queue = await asyncio.gather(
        portout("pause", "--by", "paul", "--reason", "Me too."), portout("queue", "--json")
    )
    assert again.out.startswith("Sending is paused by olga since 20")
    assert queue.json["paused"].endswith("UTC: Keys change.")
    resumed = await portout("resume", "--by", "paul")
    assert resumed.out.startswith("Resumed")
    again, queue = await asyncio.gather(portout("resume"), portout("queue", "--json"))
    assert again.out == "Sending is not paused.\n"
    assert queue.json["paused"] is None


async def test_settings_are_all_listed_and_secrets_are_not_shown(apart: Shell) -> None:
    secret = "KEY0123456789"
    ran = await apart(
        "settings",
        "--json",
        TELNYX_API_KEY=secret,
        PORTOUT_NOTIFY=f"review=json://user:{secret}@host/",
        PORTOUT_DATABASE_URL=f"postgresql://user:{secret}@db/records",
        PORTOUT_REVIEWERS="dana, robin",
        TEMPORAL_API_KEY=secret,
    )
    assert ran.code == 0
    rows = {row["name"]: row for row in ran.json["settings"]}
    named = {f"PORTOUT_{name.upper()}" for name in Settings.model_fields if not name.startswith("telnyx_")}
    named |= {f"PORTOUT_TIMING__{name.upper()}" for name in Timing.model_fields}
    assert named - {"PORTOUT_TIMING"} <= rows.keys()
    assert all(row["help"] for row in rows.values())
    assert rows["TELNYX_API_KEY"] | {"help": ""} == {
        "name": "TELNYX_API_KEY",
        "value": "set",
        "source": "environment",
        "help": "",
        "fault": None,
    }
    assert rows["TEMPORAL_API_KEY"]["value"] == rows["PORTOUT_NOTIFY"]["value"] == "set"
    assert rows["PORTOUT_PIN_KEY"]["value"] == "not set"
    assert rows["PORTOUT_REVIEWERS"]["value"] == "dana, robin"
    assert rows["PORTOUT_DATABASE_URL"]["value"] == "postgresql://db/records"
    assert rows["PORTOUT_TASK_QUEUE"]["source"] == "default"
    assert secret not in ran.out + (await apart("settings", TELNYX_API_KEY=secret)).out


async def test_settings_are_listed_when_some_of_them_cannot_be_used(apart: Shell, tmp_path: Path) -> None:
    key = base64.b64encode(b"k" * 32).decode()
    (tmp_path / "keys").write_text(f"new:{key}\nold:{key}\n")
    (tmp_path / "records.key").write_text(key)
    ran = await apart(
        "settings",
        "--json",
        PORTOUT_SEND="perhaps",
        PORTOUT_PIN_KEY="rosebud",
        PORTOUT_REVIEWER="dana",
        PORTOUT_PAYLOAD_KEYS_FILE=str(tmp_path / "keys"),
    )
    assert ran.code == 1
    rows = {row["name"]: (row["value"], row["source"]) for row in ran.json["settings"]}
    assert rows["PORTOUT_SEND"] == rows["PORTOUT_PIN_KEY"] == ("cannot be used", "environment")
    assert rows["PORTOUT_RECORDS_KEY"] == ("set", f"file {tmp_path / 'records.key'}")
    assert rows["PORTOUT_PAYLOAD_KEYS"] == (
        "set: new encrypts, old only decrypts",
        f"file {tmp_path / 'keys'}",
    )
    assert ran.json["faults"] == [
        "PORTOUT_REVIEWER is not a setting: did you mean PORTOUT_REVIEWERS? `portout settings` lists those that are.",
        "PORTOUT_SEND: must be 'yes' or 'no'.",
        "PORTOUT_PIN_KEY is not base64: make one with `openssl rand -base64 32`.",
    ]
    assert key not in ran.out


async def test_one_setting_is_shown_alone_and_a_secret_only_as_set() -> None:
    portout = Inside({"PORTOUT_SEND": "perhaps", "PORTOUT_PIN_KEY_FILE": "/dev/null"})
    key = base64.b64encode(b"k" * 32).decode()
    ran = await portout("settings", "portout_records_key", PORTOUT_RECORDS_KEY=key)
    assert ran.code == 0
    assert re.search(r"Value +set *\n +From +environment *\n +What for +Key that seals", ran.out)
    assert "PORTOUT_RECORDS_KEY_FILE names" in ran.out
    assert key not in ran.out
    shown = await portout("settings", "PORTOUT_REVIEWERS", "--json", PORTOUT_REVIEWERS="dana,robin")
    assert (shown.code, shown.json["value"], shown.json["source"], shown.json["fault"]) == (
        0,
        "dana, robin",
        "environment",
        None,
    )
    assert shown.json["help"].startswith("Who may decide")
    unusable = await portout("settings", "PORTOUT_SEND")
    assert unusable.code == 1
    assert "Cannot be used: PORTOUT_SEND: must be 'yes' or 'no'." in unusable.out
    wait = await portout("settings", "PORTOUT_TIMING__NOTICE", PORTOUT_TIMING__NOTICE="-1")
    assert (wait.code, "Cannot be used: PORTOUT_TIMING__NOTICE: " in wait.out) == (1, True)
    assert (await portout("settings", "PORTOUT_TIMING__STEP")).code == 2
    assert (await portout("settings", "PORTOUT_PIN_KEY_FILE", "--json")).json["name"] == "PORTOUT_PIN_KEY"


async def test_a_setting_that_there_is_not_is_wrong_usage_with_what_was_meant() -> None:
    ran = await Inside({})("settings", "REVIEWER")
    assert (ran.code, ran.sentence) == (
        2,
        "REVIEWER is not a setting: did you mean PORTOUT_REVIEWERS? `portout settings` lists those that are.",
    )


async def test_the_sandbox_says_where_it_is_and_answers_there_until_it_is_stopped(apart: Shell) -> None:
    process = await apart.start("sandbox", "--port", "0", "--key", "own-key-17")
    assert process.stdout is not None
    said = (await process.stdout.readline()).decode()
    url = said.split(" with ")[0].removeprefix("The sandbox carrier listens at ")
    async with httpx.AsyncClient(trust_env=False) as http:
        refused = await http.get(f"{url}/portouts")
        listed = await http.get(f"{url}/portouts", headers={"Authorization": "Bearer own-key-17"})
    process.send_signal(signal.SIGTERM)
    out, err = await process.communicate()
    assert (process.returncode, err) == (0, b"")
    assert refused.status_code == 401
    assert json.loads(listed.content)["meta"]["total_results"] >= 14
    assert b"own-key-17" not in out
    assert b"TELNYX_BASE_URL=" in out


async def test_a_busy_port_is_one_sentence(apart: Shell, standing: Service) -> None:
    ran = await apart("sandbox", "--port", str(standing.carrier.port))
    assert ran.code == 1
    assert "stop what is using that port, or choose another" in ran.sentence
