"""Settings: where each may stand, and that one which cannot be used is named and nothing of it repeated."""

import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from commands.configured import read_settings
from environment import IN_FILES, find_settings, load_settings, variable_of
from settings import Settings, SettingsError

SECRET = "postgresql://svc:rosebud@db/records"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.upper().startswith(("PORTOUT_", "TELNYX_")):
            monkeypatch.delenv(name)


def test_every_secret_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    texts = {name: f"review=json://host/{name}" for name in IN_FILES.values()}
    texts["heartbeat_url"] = "https://host/beat"
    texts["database_url"] = "postgresql://user:rosebud@host/x"
    for variable, name in IN_FILES.items():
        (tmp_path / name).write_text(f"{texts[name]}\n")
        monkeypatch.setenv(f"{variable}_FILE", str(tmp_path / name))
    settings = load_settings()
    read = {name: getattr(settings, name) for name in IN_FILES.values()}
    plain = {
        name: value if isinstance(value, str) else value.get_secret_value() for name, value in read.items()
    }
    assert plain == texts
    assert not any(text in repr(settings) for text in texts.values())


def test_every_setting_that_hides_its_value_may_stand_in_a_file() -> None:
    hiding = {name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)}
    assert hiding | {"database_url"} == set(IN_FILES.values())


def test_a_file_may_be_named_in_small_letters_as_every_setting_may(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "key").write_text("rosebud")
    monkeypatch.setenv("portout_records_key_file", str(tmp_path / "key"))
    monkeypatch.setenv("portout_home", str(tmp_path))
    assert load_settings().records_key == SecretStr("rosebud")
    source = {row.name: row.source for row in read_settings().settings}
    assert source["PORTOUT_RECORDS_KEY"] == f"file {tmp_path / 'key'}"
    assert source["PORTOUT_HOME"] == "environment"
    monkeypatch.setenv("Portout_Records_Key", "rosebud")
    with pytest.raises(SettingsError, match="both set"):
        load_settings()


@pytest.mark.parametrize(
    ("given", "file", "sentence"),
    [
        ({"PORTOUT_PIN_KEY": SECRET}, SECRET, "PORTOUT_PIN_KEY and PORTOUT_PIN_KEY_FILE are both set: set one of them."),
        ({}, None, "PORTOUT_PIN_KEY_FILE: {file} cannot be read."),
        ({}, " \n", "PORTOUT_PIN_KEY_FILE: {file} is empty."),
        ({}, b"\xff\xfe", "PORTOUT_PIN_KEY_FILE: {file} cannot be read."),
    ],
    ids=["given twice", "missing", "empty", "no text"],
)  # fmt: skip
def test_a_file_that_holds_no_secret_is_named(
    given: dict[str, str],
    file: str | bytes | None,
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    path = tmp_path / "pin"
    if file is not None:
        path.write_bytes(file if isinstance(file, bytes) else file.encode())
    for name, value in {**given, "PORTOUT_PIN_KEY_FILE": str(path)}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert str(refused.value) == sentence.format(file=path)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("PORTOUT_REVIEWER", "did you mean PORTOUT_REVIEWERS?"),
        ("PORTOUT_PIN_KEYFILE", "did you mean PORTOUT_PIN_KEY_FILE?"),
        ("portout_recordskey", "did you mean PORTOUT_RECORDS_KEY?"),
        ("PORTOUT_TIMING__NOTCE", "did you mean PORTOUT_TIMING__NOTICE?"),
        ("PORTOUT_LEASE_FILE", "did you mean PORTOUT_"),
        ("PORTOUT_XYZZY", "PORTOUT_XYZZY is not a setting; `portout settings` lists"),
    ],
)
def test_a_name_that_is_no_setting_is_refused_with_what_was_meant(
    name: str, meant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, SECRET)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert str(refused.value).startswith(f"{name} is not a setting")
    assert meant in str(refused.value)
    assert "rosebud" not in str(refused.value)


def test_what_cannot_be_used_is_all_named_and_the_rest_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {
        "PORTOUT_LEASE": "rosebud",
        "PORTOUT_TIMING__NOTICE": "-1",
        "PORTOUT_NOTIFY": "rosebud",
        "PORTOUT_HEARTBEAT_URL": "rosebud",
        "TELNYX_BASE_URL": "rosebud",
        "PORTOUT_CODEC_ORIGINS": "https://temporal.example.com, https://host/rosebud",
        "PORTOUT_TYPO": "rosebud",
    }
    for name, value in {**wrong, "PORTOUT_TASK_QUEUE": "mine", "PORTOUT_HOME": ""}.items():
        monkeypatch.setenv(name, value)
    found = find_settings()
    named = {"PORTOUT_TIMING" if name == "PORTOUT_TIMING__NOTICE" else name for name in wrong}
    assert set(found.faults) == named
    assert "rosebud" not in str(found.faults)
    assert (found.settings.task_queue, found.settings.home.name, found.settings.lease) == (
        "mine",
        ".portout",
        900.0,
    )


def test_the_address_of_the_records_is_shown_without_its_password() -> None:
    shown = Settings(database_url=f"{SECRET}?password=rosebud").records_place
    assert shown == "postgresql://db/records"


def test_no_part_of_a_password_in_a_query_is_shown() -> None:
    assert Settings(database_url="postgresql://db/records?password=p@rosebud").records_place == (
        "postgresql://db/records"
    )


@pytest.mark.parametrize(
    "url",
    [
        "postgres//u:rosebud@h/x",
        "postgresql:/portout:rosebud@db/portout",
        "u:rosebud@db/x",
        "host=db password=rosebud",
        "postgresql://u:rosebud@h:abc/x",
        "postgresql://u:rosebud/x",
        "postgresql://u:rose@bud@h/x",
        "postgresql://u:p@rosebud/w@h/x",
        "postgresql://u:p@rosebud?w@h/x",
        "postgresql://u:p@rosebud?w@h",
        "postgresql://u:p@rosebud?w=1@h/x",
        "postgresql://u:p@[rosebud@w]/x",
        "postgresql://u/v:rosebud@h/x",
    ],
)
def test_an_address_of_the_records_that_is_no_url_is_refused_and_not_shown(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTOUT_DATABASE_URL", url)
    found = find_settings()
    assert found.faults["PORTOUT_DATABASE_URL"].startswith(
        "PORTOUT_DATABASE_URL: must be a URL such as postgresql://"
    )
    assert "rosebud" not in f"{found.faults} {found.settings.records_place}"
    assert (
        "every @ of a password, or behind the ?, written %40 and every / written %2F"
        in found.faults["PORTOUT_DATABASE_URL"]
    )
    unchecked = Settings.model_construct(database_url=url)
    assert unchecked.records_place == "set, but no URL"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql+psycopg://u:p/?w@[::1]:5432/x?sslmode=require", "postgresql+psycopg://[::1]:5432/x"),
        ("postgresql://u@corp:p@db/x", "postgresql://db/x"),
        ("postgres:///x?host=/run/postgresql", "postgres:///x"),
        ("postgresql://u:rosebud@db/x?application_name=me@here", "postgresql://db/x"),
        ("sqlite:////srv/records.db", "sqlite:////srv/records.db"),
        ("sqlite:////srv/me@here/records.db", "sqlite:////srv/me@here/records.db"),
    ],
)
def test_an_address_that_the_database_takes_is_taken(url: str, shown: str) -> None:
    assert Settings(database_url=url).records_place == shown


def test_every_variable_is_named_after_its_field() -> None:
    assert (variable_of("telnyx_api_key"), variable_of("send")) == ("TELNYX_API_KEY", "PORTOUT_SEND")


@pytest.mark.parametrize(
    ("given", "name", "says"),
    [
        (
            {"DIRECTORY_URL": "http://crm.example.com/numbers"},
            "PORTOUT_DIRECTORY_URL",
            "must begin with https",
        ),
        (
            {"DIRECTORY_URL": "https://me:rosebud@crm.example.com"},
            "PORTOUT_DIRECTORY_URL",
            "the address alone",
        ),
        ({"DIRECTORY_URL": "crm.example.com"}, "PORTOUT_DIRECTORY_URL", "must be a web address"),
        ({"DIRECTORY_TOKEN": "rosébud"}, "PORTOUT_DIRECTORY_TOKEN", "must be printable ASCII"),
        ({"CUSTOMER_SOURCES": "tables,crm"}, "PORTOUT_CUSTOMER_SOURCES", "must name some of tables, telnyx"),
        ({"CUSTOMER_SOURCES": "tables,tables"}, "PORTOUT_CUSTOMER_SOURCES", "each once"),
        ({"CUSTOMER_SOURCES": "directory"}, "PORTOUT_CUSTOMER_SOURCES", "does not say where that is"),
        (
            {"CUSTOMER_SOURCES": "tables", "DIRECTORY_URL": "https://crm.example.com"},
            "PORTOUT_CUSTOMER_SOURCES",
            "leaves out the directory",
        ),
    ],
)
def test_sources_of_customers_that_cannot_be_are_named(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], name: str, says: str
) -> None:
    for variable, value in given.items():
        monkeypatch.setenv(f"PORTOUT_{variable}", value)
    faults = find_settings().faults
    assert list(faults) == [name]
    assert says in faults[name]
    assert "ros" not in faults[name]


def test_customers_are_looked_up_where_they_are_unless_the_operator_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert load_settings().sources == ("tables", "telnyx")
    monkeypatch.setenv("PORTOUT_DIRECTORY_URL", "http://127.0.0.1:9000/numbers/")
    assert load_settings().sources == ("tables", "telnyx", "directory")
    monkeypatch.setenv("PORTOUT_CUSTOMER_SOURCES", "directory, tables")
    settings = load_settings()
    assert (settings.sources, settings.directory_url) == (
        ("directory", "tables"),
        "http://127.0.0.1:9000/numbers",
    )
