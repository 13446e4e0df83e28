"""`portout carrier reports` and `report`: asking for the carrier's CSV, waiting for it, saving it."""

import csv
from pathlib import Path

import pytest

from sandbox.models import NewOrder
from sandbox.serve import SandboxServer
from tests.commands.inside import Inside


@pytest.fixture
def wanted(sandbox: SandboxServer) -> str:
    """An order that reports are about."""
    sandbox.carrier.create_order(NewOrder(phone_numbers=("+13035550102",)))
    return sandbox.carrier.create_order(
        NewOrder(phone_numbers=("+12125550101",), end_user_name="Gary Oldfield")
    )


async def asked_for(operator: Inside, *filters: str) -> str:
    made = await operator("carrier", "reports", "--create", *filters, "--json")
    return str(made.json["id"])


async def test_a_report_is_asked_for_waited_for_and_saved_for_its_owner_only(
    sandbox: SandboxServer, operator: Inside, wanted: str, tmp_path: Path
) -> None:
    sandbox.carrier.reports.takes = 0.3
    report = await asked_for(operator, "--end-user-name", "Gary Oldfield", "--status-in", "pending,ported")
    file = tmp_path / "report.csv"
    ran = await operator("carrier", "report", report, "--wait", "--download", str(file))
    assert ran.code == 0
    assert "Status     completed" in ran.out
    assert "Of orders  end_user_name Gary Oldfield; status__in pending, ported" in ran.out
    assert f"Saved {file.stat().st_size} bytes to {file}." in ran.out.replace("\n", "")
    assert [row["id"] for row in csv.DictReader(file.read_text().splitlines())] == [wanted]
    assert file.stat().st_mode & 0o077 == 0


async def test_every_filter_of_a_report_reaches_the_carrier(sandbox: SandboxServer, operator: Inside) -> None:
    filters = {
        "--created-at-gt": "2026-01-01",
        "--created-at-lt": "2036-01-01T00:00:00Z",
        "--customer-reference-in": "C-1,C-2",
        "--end-user-name": "Gary Oldfield",
        "--phone-numbers-overlaps": "+12125550101",
        "--status-in": "pending",
    }
    report = await asked_for(operator, *(part for pair in filters.items() for part in pair))
    assert sandbox.carrier.reports.read(report)["params"]["filters"] == {
        "created_at__gt": "2026-01-01T00:00:00.000000Z",
        "created_at__lt": "2036-01-01T00:00:00.000000Z",
        "customer_reference__in": ["C-1", "C-2"],
        "end_user_name": "Gary Oldfield",
        "phone_numbers__overlaps": ["+12125550101"],
        "status__in": ["pending"],
    }


async def test_reports_are_listed_with_what_they_are_about(sandbox: SandboxServer, operator: Inside) -> None:
    sandbox.carrier.reports.takes = 0.0
    done = await asked_for(operator, "--status-in", "ported")
    sandbox.carrier.reports.takes = 3600.0
    made = await operator("carrier", "reports", "--create")
    table = await operator("carrier", "reports", COLUMNS="80")
    listed = await operator("carrier", "reports", "--report-type", "export_portouts_csv", "--json")
    completed = await operator("carrier", "reports", "--status", "completed", "--json")
    assert "--wait --download FILE" in made.out
    assert f"{done}  completed  20" in table.out
    assert "pending" in table.out
    assert max(map(len, table.out.splitlines())) <= 80
    assert [one["status"] for one in listed.json] == ["completed", "pending"]
    assert [one["id"] for one in completed.json] == [done]


async def test_a_report_that_is_not_completed_is_not_saved(
    sandbox: SandboxServer, operator: Inside, tmp_path: Path
) -> None:
    sandbox.carrier.reports.takes = 3600.0
    report, file = await asked_for(operator), tmp_path / "report.csv"
    ran = await operator("carrier", "report", report, "--download", str(file))
    assert (
        ran.sentence
        == f"The report {report} is pending and has nothing to download yet; nothing was saved. Add --wait."
    )
    assert not file.exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("report", "34dc46a9-53ed-4e01-9454-26227ea13326"), "The carrier knows no report 34dc46a9-"),
        (
            ("report", "x", "--download", "{there}"),
            "{there} is there already; nothing was saved. Name another file.",
        ),
        (("report", "x", "--download", "/nowhere/x.csv"), "There is no folder /nowhere; nothing was saved."),
        (("reports", "--status-in", "pending"), "These filters are for a new report: add --create."),
        (
            ("reports", "--create", "--status", "pending"),
            "--status filters the listing; a new report takes --status-in.",
        ),
        (("reports", "--status", "done"), "--status: 'done' is not one of pending, completed."),
        (("reports", "--create", "--created-at-gt", "soon"), "--created-at-gt: 'soon' is not a date or time"),
    ],
)
async def test_what_cannot_be_had_is_one_sentence(
    operator: Inside, tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    there = tmp_path / "there.csv"
    there.touch()
    ran = await operator("carrier", *(argument.format(there=there) for argument in arguments))
    assert ran.code in (1, 2)
    assert ran.sentence.startswith(sentence.format(there=there))
    assert there.read_bytes() == b""
