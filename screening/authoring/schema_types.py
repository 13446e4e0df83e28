"""JSON Schema of the models of rule files: from the annotations that validate a file to what its editor is told.

pydantic's own schema knows nothing of the forms in which authors write values, and loses limits where a value has one.
"""

import inspect
import re
import types
import typing
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal, Union

from pydantic import TypeAdapter, WithJsonSchema
from pydantic.fields import FieldInfo

from screening.policy_values import RuleModel

Schema = dict[str, Any]

FieldSchemas = Mapping[tuple[str, str], Schema]
"""What stands in a field in place of its annotation's schema, by the names of model and field."""


_LIMITS = {"ge": "minimum", "le": "maximum", "min_length": "minItems"}


class Definitions:
    """The schemas of models, each made once and referred to.

    Args:
        fields: schemas of single fields that only the rest of the file, or of the bundle, can tell.
        written: models that are written in another way than as a map of their fields: from the schema of that map
            to the one of the model.
    """

    def __init__(self, fields: FieldSchemas, written: Mapping[str, Callable[[Schema], Schema]]) -> None:
        self.schemas: dict[str, Schema] = {}
        self._fields = fields
        self._written = written

    def of_model(self, model: type[RuleModel]) -> Schema:
        """Return a reference to the schema of a model."""
        name = model.__name__
        if name not in self.schemas:
            self.schemas[name] = {}  # models that hold themselves refer to it meanwhile
            made = self.map_of(model)
            self.schemas[name] = self._written[name](made) if name in self._written else made
        return {"$ref": f"#/$defs/{name}"}

    def map_of(self, model: type[RuleModel]) -> Schema:
        """Return the schema of a map with the fields of a model, and no others."""
        schema: Schema = {
            "type": "object",
            "description": summary(model),
            "properties": {
                field.alias or name: self.of_field(model, name, field)
                for name, field in model.model_fields.items()
                if not field.exclude
            },
            "additionalProperties": False,
        }
        if required := [
            field.alias or name for name, field in model.model_fields.items() if field.is_required()
        ]:
            schema["required"] = required
        return schema

    def of(self, annotation: Any) -> Schema:
        """Return the schema of what an annotation lets stand in a file."""
        origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
        if origin is Annotated:
            return self._of_annotated(arguments[0], arguments[1:])
        if origin in (Union, types.UnionType):
            choices = [self.of(part) for part in arguments if part is not types.NoneType]
            return choices[0] if len(choices) == 1 else {"anyOf": choices}
        if origin is Literal:
            return {"enum": list(arguments)}
        if origin is list:
            return {"type": "array", "items": self.of(arguments[0])}
        if origin is dict:
            return {"type": "object", "additionalProperties": self.of(arguments[1])}
        if isinstance(annotation, type) and issubclass(annotation, RuleModel):
            return self.of_model(annotation)
        if isinstance(annotation, type) and issubclass(annotation, StrEnum):
            return {"enum": [member.value for member in annotation]}
        return {"title": "text", "type": "string"} if annotation is str else {}

    def _of_annotated(self, annotation: Any, metadata: tuple[Any, ...]) -> Schema:
        stated = [entry.json_schema for entry in metadata if isinstance(entry, WithJsonSchema)]
        schema = dict(stated[0]) if stated and stated[0] is not None else self.of(annotation)
        for entry in metadata:
            schema |= _limits(entry.metadata if isinstance(entry, FieldInfo) else [entry])
        return schema

    def of_field(self, model: type[RuleModel], name: str, field: FieldInfo) -> Schema:
        """Return the schema of one field of a model, with what the field is for and its default."""
        stated = self._fields.get((model.__name__, name))
        schema = dict(stated or self._of_annotated(field.annotation, tuple(field.metadata)))
        if meaning := meaning_of(model, name):
            schema["description"] = meaning
        default = default_of(field)
        return schema if default is None else {**schema, "default": default}


def default_of(field: FieldInfo) -> Any:
    """Return what counts when a field is left out, as an author would write it; None where that is nothing."""
    default = None if field.is_required() else field.get_default(call_default_factory=True, validated_data={})
    if default is None:
        return None
    written = TypeAdapter(field.rebuild_annotation()).dump_python(
        default, mode="json", by_alias=True, exclude_none=True
    )
    return written if written not in ([], {}) else None


def meaning_of(model: type[RuleModel], name: str) -> str:
    """Return what a field is for: by its description, else by `Attributes` in the docstring of its model."""
    described = model.model_fields[name].description
    return described or next(
        (told[name] for base in model.__mro__ if name in (told := _attributes(base))), ""
    )


def _attributes(model: type) -> dict[str, str]:
    _, found, section = inspect.cleandoc(model.__doc__ or "").partition("\nAttributes:\n")
    entries = re.split(r"^    (?=\S)", section, flags=re.MULTILINE) if found else []
    told: dict[str, str] = {}
    for entry in entries:
        names, colon, text = entry.partition(": ")
        sentence = " ".join(text.split())
        told.update(dict.fromkeys(names.split(", "), sentence[:1].upper() + sentence[1:]) if colon else {})
    return told


def summary(model: type[RuleModel]) -> str:
    """Return what the docstring of a model says first."""
    return " ".join((model.__doc__ or "").strip().split("\n\n")[0].split())


def _limits(metadata: list[Any]) -> Schema:
    return {
        word: limit
        for entry in metadata
        for attribute, word in _LIMITS.items()
        if (limit := getattr(entry, attribute, None)) is not None
    }
