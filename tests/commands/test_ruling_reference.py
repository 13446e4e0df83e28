"""What `rules checks`, `facts`, `new` and `schema` print, and what `schema --install` leaves alone."""

import json
import shutil
from pathlib import Path

from screening.checks import CHECKS
from screening.facts import CATALOGUE
from settings import PROJECT
from tests.commands.shell import Shell


async def test_every_check_is_listed_and_one_is_told_in_full(apart: Shell) -> None:
    listed = await apart("rules", "checks")
    assert (listed.code, listed.err) == (0, "")
    assert all(name in listed.out for name in CHECKS)
    told = await apart("rules", "checks", "timing")
    timing = CHECKS["timing"]
    assert told.code == 0
    for word in (*timing.params.model_fields, *timing.results, *timing.facts, "<signs>"):
        assert word in told.out
    as_json = await apart("rules", "checks", "--json")
    assert [entry["name"] for entry in as_json.json] == list(CHECKS)
    one = await apart("rules", "checks", "account_lock", "--json")
    assert one.json["parameters"][0]["default"] == "72h"


async def test_every_fact_is_listed_with_its_class(apart: Shell) -> None:
    listed = await apart("rules", "facts", "--json")
    assert [entry["name"] for entry in listed.json] == list(CATALOGUE)
    told = await apart("rules", "facts", "customer.pin")
    assert [line.split() for line in told.out.splitlines() if line.startswith("  ")] == [
        ["type", "text"],
        ["class", "secret"],
        ["read", "by", "pin"],
    ]


async def test_a_name_that_is_not_there_is_wrong_usage_with_a_suggestion(apart: Shell) -> None:
    check = await apart("rules", "checks", "velocty")
    assert (check.code, check.sentence) == (2, "There is no check 'velocty'; did you mean 'velocity'?")
    fact = await apart("rules", "facts", "portout.spd")
    assert (fact.code, fact.sentence) == (2, "There is no fact 'portout.spd'; did you mean 'portout.spid'?")
    rule = await apart("rules", "new", "two words", "--check", "pin")
    assert rule.code == 2
    assert rule.sentence.startswith("The name of a rule needs a name of letters, digits, '-' and '_'")


async def test_a_new_rule_names_a_list_of_the_default_policy(apart: Shell) -> None:
    made = await apart("rules", "new", "new-carriers", "--check", "carrier")
    assert made.code == 0
    assert made.out.startswith("  - id: new-carriers\n")
    assert "block: blocked_carriers\n" in made.out


async def test_the_installed_schemas_are_those_of_this_program(apart: Shell, tmp_path: Path) -> None:
    """When this fails: `portout rules schema --install`."""
    without_schemas = shutil.ignore_patterns("*.schema.json")
    rules = Path(shutil.copytree(PROJECT / "rules", tmp_path / "rules", ignore=without_schemas))
    settings = tmp_path / ".vscode" / "settings.json"
    settings.parent.mkdir()
    settings.write_text('{"editor.rulers": [110], "yaml.schemas": {"./a.json": "b.yaml"}}')
    assert (await apart("rules", "schema", "--install", str(rules))).code == 0
    for name in ("policy", "list", "fixture"):
        installed = (rules / f"{name}.schema.json").read_text()
        assert installed == (PROJECT / "rules" / f"{name}.schema.json").read_text()
    ours = json.loads((PROJECT / ".vscode" / "settings.json").read_text())["yaml.schemas"]
    assert json.loads(settings.read_text()) == {
        "editor.rulers": [110],
        "yaml.schemas": {"./a.json": "b.yaml", **ours},
    }
    printed = await apart("rules", "schema", str(rules))
    assert printed.out == (rules / "policy.schema.json").read_text()


async def test_settings_that_cannot_be_read_are_left_as_they_are(apart: Shell, tmp_path: Path) -> None:
    rules = Path(shutil.copytree(PROJECT / "rules", tmp_path / "rules"))
    settings = tmp_path / ".vscode" / "settings.json"
    settings.parent.mkdir()
    settings.write_text("{\n  // mine\n}\n")
    ran = await apart("rules", "schema", "--install", str(rules))
    assert ran.code == 1
    assert "is left as it is, since it is no plain JSON; add to it: " in ran.err
    assert settings.read_text() == "{\n  // mine\n}\n"
