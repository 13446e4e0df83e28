"""`preflight` reads, judges, and leaves everything as it is."""

import shutil
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from commands.hearing import plan_webhooks
from environment import settings_without_environment
from records.cases import Stage
from sandbox.samples import sample_customers_csv, sample_pins, seed
from tests.commands.conftest import shell_of
from tests.commands.shell import Shell
from tests.scenarios.processes import environment
from tests.service import HURRIED, RIGHT_PIN, WRONG_PIN, Service, installed
from tests.signing import Signer
from tests.small_policy import small_policy
from tests.waiting import eventually

AS_REAL = {"TELNYX_API_KEY": "sandbox"}
"""The sandbox taken for a real account: what is set up looks real, and nothing is sent without PORTOUT_SEND."""
SENDING = {**AS_REAL, "PORTOUT_SEND": "yes"}
PATIENT = HURRIED.model_copy(update={"activity": 30.0, "evidence": 90.0})
"""Twenty orders at once on a busy machine: no evidence is given up."""


def import_samples(service: Service) -> None:
    file = service.settings.home / "samples.csv"
    file.write_text(sample_customers_csv())
    service.records.customers.import_file(file, datetime.now(UTC), by="ann")
    file.unlink()


def everything_in(service: Service) -> dict[str, list[Any]]:
    """Every row of every table."""
    engine = sa.create_engine(service.settings.records_url)
    tables = sa.MetaData()
    with engine.connect() as connection:
        tables.reflect(connection)
        rows = {
            name: sorted(map(repr, connection.execute(sa.select(table))))
            for name, table in tables.tables.items()
        }
    engine.dispose()
    return rows


async def test_preflight_only_reads_at_the_carrier_and_leaves_the_records_as_they_are(
    service: Service,
) -> None:
    import_samples(service)
    samples = seed(service.carrier.carrier, salt=str(uuid4()))
    before = everything_in(service)
    truths = service.carrier.carrier.truths()
    ran = await shell_of(service, **SENDING)("preflight", "--json")
    assert ran.code == 0, ran.out
    log = service.carrier.carrier.log.since()
    assert {entry["method"] for entry in log} == {"GET"}
    assert {entry["status"] for entry in log} == {200}
    assert service.carrier.carrier.truths() == truths
    assert everything_in(service) == before
    assert len(ran.json["pending"]) == len(samples)
    assert not [
        run async for run in service.client.list_workflows(f"TaskQueue = '{service.settings.task_queue}'")
    ]
    assert not any(pin in ran.out for pin in sample_pins())


async def test_preflight_foretells_what_the_policy_then_does(temporal: str, tmp_path: Path) -> None:
    async with installed(temporal, tmp_path, timing=PATIENT) as service:
        import_samples(service)
        samples = seed(service.carrier.carrier, salt=str(uuid4()))
        service.mend()
        foretold = (await shell_of(service)("preflight", "--json")).json["pending"]
        async with service.working():
            advised = [await eventually(partial(advice_on, service, sample.id)) for sample in samples]
    assert {
        order["portout_id"]: (order["outcome"], order["score"], order["rules"]) for order in foretold
    } == dict(zip((sample.id for sample in samples), advised, strict=True))


def advice_on(service: Service, portout_id: str) -> tuple[str, int | None, dict[str, str]] | None:
    """What the rules made of an order, once they have."""
    case = service.case(portout_id)
    return (case.recommendation, case.score, case.rules) if case and case.recommendation else None


async def test_a_guess_in_another_pending_order_bars_an_approval(service: Service) -> None:
    number = next(service.numbers)
    service.carrier.carrier.add_number(phone_number=number, external_pin=RIGHT_PIN)
    usual = {"phone_numbers": [number], "carrier_name": "Onvoy", "spid": "073H"}
    right = service.carrier.carrier.create_order(**usual, attempted_pin=RIGHT_PIN)
    service.carrier.carrier.create_order(**usual, attempted_pin=WRONG_PIN)
    ran = await shell_of(service)("preflight", "--json")
    [found] = [order for order in ran.json["pending"] if order["portout_id"] == right]
    assert (found["outcome"], found["rules"]["pin"]) == ("review", "match")
    assert any("Another PIN was tried" in note for note in found["notes"])


async def test_orders_older_than_the_first_sending_would_go_to_a_person(service: Service) -> None:
    order = service.place()
    sandbox = await shell_of(service)("preflight", "--json")
    real = await shell_of(service, **SENDING)("preflight", "--json")
    assert [order["outcome"] for order in sandbox.json["pending"]] == ["approve"]
    [found] = real.json["pending"]
    assert (found["portout_id"], found["outcome"]) == (order, "review")
    assert "The order is older than the first sending; it is not answered automatically." in found["notes"]


async def test_shadow_is_told_and_the_advice_shown_all_the_same(service: Service) -> None:
    service.place()
    service.place_denied()
    ran = await shell_of(service, **AS_REAL)("preflight")
    assert ran.code == 0
    assert "PORTOUT_SEND is not yes: every order is only watched" in " ".join(ran.out.split())
    assert "what the policy would do now, if it were allowed to (it is in shadow now)" in " ".join(
        ran.out.split()
    )
    assert "2 of the 2 numbers of the pending orders have a PIN on file" in " ".join(ran.out.split())
    assert " approve " in ran.out
    assert " deny " in ran.out
    assert ran.out.endswith("Ready.\n")


@pytest.mark.parametrize(
    ("given", "health", "says"),
    [
        ({}, "ok", "no public key is set, so port-outs are found by polling, every 60 s"),
        (
            {"telnyx_api_key": "key"},
            "warning",
            "no public key is set, so port-outs are found by polling, every 60 s; to have them screened within a "
            "second, set TELNYX_PUBLIC_KEY to the key in the carrier's portal, run `portout console` and give the "
            "carrier https://your-name/webhooks/telnyx",
        ),
        (
            {"telnyx_api_key": "key", "telnyx_public_key": f"{Signer().public},{Signer('next').public}"},
            "ok",
            "2 public keys in TELNYX_PUBLIC_KEY; run `portout console` and give the carrier "
            "https://your-name/webhooks/telnyx, then `portout status` says whether they come",
        ),
    ],
)
def test_preflight_says_how_webhooks_stand_and_what_to_set(
    given: dict[str, str], health: str, says: str
) -> None:
    part = plan_webhooks(settings_without_environment(**given))
    assert (part.health, part.says) == (health, says)


async def test_before_the_first_start_preflight_makes_nothing(service: Service, tmp_path: Path) -> None:
    service.place()
    home = tmp_path / "new"
    ran = await shell_of(service, **AS_REAL, PORTOUT_HOME=str(home))("preflight")
    assert ran.code == 0
    assert "judged as if no customer had been imported" in " ".join(ran.out.split())
    assert not home.exists()


async def test_what_is_wrong_with_a_set_up_is_told_and_exits_with_one(
    service: Service, tmp_path: Path
) -> None:
    service.place()
    rules = tmp_path / "broken"
    shutil.copytree(service.settings.rules, rules)
    policy = rules / "us-standard.yaml"
    policy.write_text(policy.read_text().replace("then:", "than:", 1))
    portout = Shell(
        environment(
            service,
            TELNYX_API_KEY="wrong",
            PORTOUT_RULES=str(rules),
            PORTOUT_PIN_KEY="short",
            PORTOUT_NOTIFY="review=nonsense://x",
            TELNYX_PUBLIC_KEY="nonsense",
            TEMPORAL_ADDRESS="127.0.0.1:1",
        )
    )
    ran = await portout("preflight", "--json")
    assert ran.code == 1
    failed = {part["name"]: part["says"] for part in ran.json["parts"] if part["health"] == "FAILED"}
    assert failed.keys() == {"Temporal", "Carrier", "Rules", "Notices", "Keys", "Records", "Webhooks"}
    assert "TELNYX_API_KEY" in failed["Carrier"]
    assert failed["Webhooks"].startswith("TELNYX_PUBLIC_KEY must be the public key from the carrier's portal")
    assert "us-standard.yaml:" in failed["Rules"]
    assert "PORTOUT_PIN_KEY" in failed["Keys"]
    assert ran.json["ready"] is False


async def test_orders_that_nobody_has_opened_yet_count_for_each_other(
    service: Service, tmp_path: Path
) -> None:
    """And once they are opened, they do not count twice."""
    burst = {"velocity": {"count": "orders", "per": "spid", "at_most": "1"}}
    rules = small_policy(tmp_path / "small", {"burst": {"check": burst}, "number": {"check": {"number": {}}}})
    alone = service.place(spid="ZZZZ", carrier_name="Another")
    burst_of = [service.place() for _ in range(3)]
    preflight = shell_of(service, PORTOUT_RULES=str(rules))
    before = (await preflight("preflight", "--json")).json["pending"]
    async with service.working(rules=rules):
        for order in [alone, *burst_of]:
            await service.stands_in(Stage.AWAITING_REVIEW, order)
    after = (await preflight("preflight", "--json")).json["pending"]
    for pending in (before, after):
        assert {order["portout_id"]: order["rules"] for order in pending} == {
            alone: {"burst": "within_limit", "number": "ours"},
            **{order: {"burst": "over_limit", "number": "ours"} for order in burst_of},
        }
