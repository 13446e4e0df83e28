"""Rule files as editors read them: YAML 1.2, in which `15` is a number and `true` a boolean."""

import re
from typing import Any

import yaml


class _EditorLoader(yaml.SafeLoader):
    """Knows the forms of YAML 1.2 instead of those of YAML 1.1."""


_EditorLoader.yaml_implicit_resolvers = {}

for _tag, _form, _begins in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+", list("-+0123456789")),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?", list("-+.0123456789")),
):
    _EditorLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_form})$"), _begins)


def as_editors_read(text: str) -> Any:
    """The values in a rule file, as an editor checks them against a schema."""
    return yaml.load(text, Loader=_EditorLoader)
