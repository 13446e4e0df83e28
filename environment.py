"""Reading the settings from the environment, once, at the edge; secrets from files, too."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from settings import Settings, SettingsError, Timing


def variable_of(name: str) -> str:
    """The variable of the environment that a field of `Settings` is read from."""
    return str(Settings.model_fields[name].validation_alias or f"PORTOUT_{name.upper()}")


def in_environment(variable: str) -> str | None:
    """What a variable of ours is set to, whatever the case of its name, as pydantic reads it."""
    return {name.upper(): value for name, value in os.environ.items()}.get(variable)


IN_FILES = {
    variable_of(name): name
    for name, field in Settings.model_fields.items()
    if field.annotation == SecretStr | None or name == "database_url"
}
"""The secrets, by variable: each may stand in a file."""


@dataclass(frozen=True)
class Found:
    """What the environment says."""

    settings: Settings
    """With the default in place of what cannot be used."""
    faults: Mapping[str, str]
    """Why a variable cannot be used, one sentence each, by its name. No value is in them."""


def find_settings(**given: Any) -> Found:
    """Read the settings from the environment, also when some of them cannot be used; `given` wins over it."""
    faults = dict(_unknown())
    for variable, name in IN_FILES.items():
        try:
            text = _in_file(variable)
        except SettingsError as error:
            faults[variable], text = str(error), ""
        if text is not None:
            given.setdefault(name, text or Settings.model_fields[name].default)
    while True:
        try:
            settings = Settings(**given)
            settings.notice_urls()
        except ValidationError as error:
            wrong = {str(item["loc"][0]): _sentence(item) for item in error.errors(include_input=False)}
        except SettingsError as error:
            wrong = {"notify": str(error)}
        else:
            return Found(settings, faults)
        for place, sentence in wrong.items():
            name = next(name for name in Settings.model_fields if place in (name, variable_of(name)))
            faults[variable_of(name)] = sentence
            given[name] = Settings.model_fields[name].get_default(call_default_factory=True)


def load_settings(**given: Any) -> Settings:
    """Read the settings from the environment; `given` wins over it.

    Raises:
        SettingsError: names every setting that cannot be used, never its value.
    """
    found = find_settings(**given)
    if found.faults:
        raise SettingsError(" ".join(found.faults.values()))
    return found.settings


def _unknown() -> Iterator[tuple[str, str]]:
    """Variables that look like ours and are none, with what was probably meant."""
    names = [variable_of(name) for name in Settings.model_fields if name != "timing"]
    known = {*names, *(f"{variable}_FILE" for variable in IN_FILES)}
    known |= {f"PORTOUT_TIMING__{name.upper()}" for name in Timing.model_fields}
    for name in sorted(os.environ):
        if name.upper().startswith("PORTOUT_") and name.upper() not in known:
            yield name, no_setting(name, known)


def no_setting(name: str, known: Iterable[str]) -> str:
    """What somebody is told who names a setting that there is not."""
    # Without the part that all have in common, which would make all of them look alike.
    endings = {other.removeprefix("PORTOUT_"): other for other in known}
    near = get_close_matches(name.upper().removeprefix("PORTOUT_"), endings, n=1)
    meant = f": did you mean {endings[near[0]]}?" if near else ";"
    return f"{name} is not a setting{meant} `portout settings` lists those that are."


def _in_file(variable: str) -> str | None:
    """What is in the file of a secret; None when no file is named.

    Raises:
        SettingsError: the file cannot be read or is empty, or the secret is given as well.
    """
    name = f"{variable}_FILE"
    file = in_environment(name)
    if not file:
        return None
    if in_environment(variable):
        raise SettingsError(f"{variable} and {name} are both set: set one of them.")
    try:
        text = Path(file).read_text().strip()
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"{name}: {file} cannot be read.") from None
    if not text:
        raise SettingsError(f"{name}: {file} is empty.")
    return text


class _Given(Settings):
    @classmethod
    def settings_customise_sources(  # the base class fixes all five
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


def settings_without_environment(**given: Any) -> Settings:
    """The settings of a demonstration or a test: what is given and the defaults, whatever the environment says."""
    return _Given(**given)


def _sentence(item: Any) -> str:
    place = [str(part) for part in item["loc"]]
    name = place[0] if place[0].isupper() else f"PORTOUT_{place[0].upper()}"
    return f"{'__'.join([name, *(part.upper() for part in place[1:])])}: {item['msg'].removeprefix('Value error, ')}."
