"""`portout report` on the records of a service that has decided orders."""

import re
from pathlib import Path

from tests.commands.desk import SPOKEN, waiting_order
from tests.commands.inside import Inside
from tests.commands.shell import Shell
from tests.service import RIGHT_PIN, WRONG_PIN, Service


async def test_a_page_and_its_figures_tell_the_same_and_hold_nothing_private(
    standing: Service, portout: Shell, tmp_path: Path
) -> None:
    approved = standing.place()
    await standing.result(approved)
    reviewed = await waiting_order(standing)
    await standing.review(reviewed, "approve")
    await standing.result(reviewed)
    page = tmp_path / "report.html"
    wrote = await portout("report", "--since", "1d", "--out", str(page))
    assert (wrote.code, wrote.err) == (0, "")
    assert wrote.out.startswith(f"Wrote {page}: orders that came since ")
    figures = (await portout("report", "--since", "1d", "--json")).json
    assert figures["became"]["approved"] >= 2
    assert {one["by"] for one in figures["decisions"]} >= {"policy", "reviewer"}
    assert {rule["rule"] for rule in figures["rules"]} >= {"pin", "spid", "authorized-name"}
    html = page.read_text()
    assert html.count("<svg") == 4
    assert not re.search(r"(src|href)=\"(?!#)", html), "the page needs nothing else"
    for private in (RIGHT_PIN, WRONG_PIN, SPOKEN, "+1212"):
        assert private not in html


async def test_what_cannot_be_reported_is_one_sentence(apart: Shell, portout: Shell, tmp_path: Path) -> None:
    nowhere = tmp_path / "no" / "report.html"
    assert (await portout("report", "--out", str(nowhere))).sentence == (
        f"{nowhere} cannot be written (No such file or directory): name another place with --out."
    )
    misspelt = await portout("report", "--since", "soon")
    assert (misspelt.code, misspelt.sentence.split(":")[0]) == (2, "'soon' is no time")
    assert (await apart("report")).code == 1


async def test_a_report_replaces_a_report_and_no_other_file(tmp_path: Path) -> None:
    portout, file = Inside({"PORTOUT_HOME": str(tmp_path / "home")}), tmp_path / "report.html"
    await portout("records", "upgrade")
    for days in ("7d", "30d"):
        assert (await portout("report", "--since", days, "--out", str(file))).code == 0
    for content in (b"<!doctype html><title>Minutes</title>", b"", b"\xff\xfe"):
        file.write_bytes(content)
        ran = await portout("report", "--out", str(file))
        assert (ran.code, ran.sentence) == (
            1,
            f"{file} is there already and no report, so it was left as it is: name another place with --out.",
        )
        assert file.read_bytes() == content
