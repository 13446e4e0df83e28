"""JSON Schemas of policy, list and fixture files, for editors: what the models, the checks and the catalogue declare.

A schema completes and explains while an author writes; whether a file can be used only `rules check` knows.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from screening.authoring.schema_types import Definitions, Schema
from screening.checks import CHECKS, CheckKind
from screening.conditions import GROUPS, NOT, USABLE_FACTS
from screening.effects import Effect, EffectOutcome
from screening.facts import CATALOGUE, FactType
from screening.named_lists import NamedList
from screening.operators import OPERATORS, Operand
from screening.policy import Fixture, Rule, WrittenPolicy
from screening.policy_values import Flag, Moment, Name, PositiveDuration, Text, WholeNumber

DRAFT = "https://json-schema.org/draft/2020-12/schema"

CONDITION = "condition"
"""The kind of check that rules ask with `when:`."""

_FACTS: Schema = {"$ref": "#/$defs/Facts"}
_FACT_NAMES: Schema = {"type": "array", "items": {"enum": list(CATALOGUE)}}
_TIME_OF_DAY: Schema = {"type": "string", "pattern": "^(?:[01][0-9]|2[0-3]):[0-5][0-9]$"}


@dataclass(frozen=True)
class KnownNames:
    """The names in a bundle, which editors offer where one of them may stand.

    Attributes:
        lists: the policies' names of their lists.
        list_files, fixtures: files, as policies name them.
        rejections: names under `rejections`.
        policies: names of policies.
    """

    lists: Sequence[str] = ()
    list_files: Sequence[str] = ()
    fixtures: Sequence[str] = ()
    rejections: Sequence[str] = ()
    policies: Sequence[str] = ()


def policy_schema(names: KnownNames) -> Schema:
    """Return the schema of policy files."""
    definitions = _definitions(names)
    schema = definitions.map_of(WrittenPolicy)
    schema["required"].remove("rules")
    schema["properties"]["rules"].pop("items")
    _define_rules(definitions, names)
    own: Schema = {"required": ["rules"], "properties": {"rules": {"items": {"$ref": "#/$defs/Rule"}}}}
    changed: Schema = {"properties": {"rules": {"items": {"$ref": "#/$defs/RuleOfAnother"}}}}
    schema |= {"if": {"required": ["rules_from"]}, "then": changed, "else": own}
    definitions.schemas["Facts"] = _facts(definitions)
    return _document("Policy", schema, definitions)


def list_schema() -> Schema:
    """Return the schema of list files."""
    definitions = _definitions(KnownNames())
    return _document("List", definitions.map_of(NamedList), definitions)


def fixture_schema() -> Schema:
    """Return the schema of fixture files."""
    definitions = _definitions(KnownNames())
    schema = definitions.map_of(Fixture)
    definitions.schemas["Facts"] = _facts(definitions)
    return _document("Fixture", schema, definitions)


def _document(title: str, schema: Schema, definitions: Definitions) -> Schema:
    return {"$schema": DRAFT, "title": title, **schema, "$defs": definitions.schemas}


def _definitions(names: KnownNames) -> Definitions:
    plain = Definitions({}, {})
    text, name = plain.of(Text), plain.of(Name)
    rejection = _offered(names.rejections, name)
    fields: dict[tuple[str, str], Schema] = {
        ("WrittenPolicy", "lists"): {
            "type": "object",
            "propertyNames": name,
            "additionalProperties": _offered(names.list_files, text),
        },
        ("WrittenPolicy", "defaults"): _answers(_all_results()),
        ("WrittenPolicy", "rules_from"): _offered(names.policies, name),
        ("Scenario", "start_from"): _offered(names.fixtures, text),
        ("Scenario", "set"): _FACTS,
        ("Scenario", "unset"): _FACT_NAMES,
        ("Scenario", "no_code_for"): {"type": "array", "items": rejection},
        ("RuleTest", "given"): _FACTS,
        ("RuleTest", "unset"): _FACT_NAMES,
        ("Fixture", "facts"): _FACTS,
        ("Rule", "check"): {"$ref": "#/$defs/Check"},
        ("Rule", "then"): {"type": "object"},
    }
    for model in ("Effect", "Band", "DeadlineLine", "Expectation", "DeadlineExpectation"):
        fields[model, "reject_as"] = rejection
    for kind in CHECKS.values():
        for param in kind.list_params:
            fields[kind.params.__name__, param] = _offered(names.lists, name)
    written = {
        "Effect": _effect,
        "DeadlineLine": lambda schema: _word_or_map(["leave"], schema),
        "DeadlineExpectation": lambda schema: _word_or_map(["deny", "leave"], schema),
        "Needs": _needs,
    }
    return Definitions(fields, written)


def _define_rules(definitions: Definitions, names: KnownNames) -> None:
    schemas = definitions.schemas
    definitions.of_model(Effect)
    rule = definitions.map_of(Rule)
    asked = {name: kind for name, kind in CHECKS.items() if name != CONDITION}
    schemas["Check"] = {
        "type": "object",
        "description": "The check that is asked, with its parameters.",
        "properties": {name: _parameters(kind, definitions) for name, kind in asked.items()},
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }
    schemas["Condition"] = _condition(definitions, names)
    rule["properties"]["when"] = {"$ref": "#/$defs/Condition"}
    conditional = [
        _answered(kind, {"properties": {"check": {"required": [name]}}, "required": ["check"]})
        for name, kind in asked.items()
    ]
    conditional.append(_answered(CHECKS[CONDITION], {"required": ["when"]}))
    no_question: Schema = {"not": {"anyOf": [{"required": ["check"]}, {"required": ["when"]}]}}
    conditional.append({"if": no_question, "then": {"properties": {"then": _answers(_all_results())}}})
    schemas["Answers"] = {"allOf": conditional}
    rule["$ref"] = "#/$defs/Answers"
    one_question = [{"required": ["check"]}, {"required": ["when"]}]
    schemas["Rule"] = {**rule, "required": ["id", "title"], "oneOf": one_question}
    schemas["RuleOfAnother"] = {
        **rule,
        "description": "A rule of the policy that `rules_from` names, with what is changed of it; or a new one.",
        "required": ["id"],
    }


def _parameters(kind: CheckKind[Any], definitions: Definitions) -> Schema:
    params = definitions.of_model(kind.params)
    is_all_optional = not any(field.is_required() for field in kind.params.model_fields.values())
    return {
        "description": kind.sentence,
        **({"anyOf": [params, {"type": "null"}]} if is_all_optional else params),
    }


def _answered(kind: CheckKind[Any], asks: Schema) -> Schema:
    """What `then` and the tests of a rule may hold once it is known what the rule asks."""
    expected = {"properties": {"expect": {"enum": list(kind.results)}}}
    return {
        "if": asks,
        "then": {"properties": {"then": _answers(kind.results), "tests": {"items": expected}}},
    }


def _answers(results: Mapping[str, str]) -> Schema:
    return {
        "type": "object",
        "properties": {
            result: {"description": sentence, "$ref": "#/$defs/Effect"}
            for result, sentence in results.items()
        },
        "additionalProperties": False,
    }


def _all_results() -> dict[str, str]:
    """Every result of every check; where several checks answer with the same word, the word stands for all."""
    found: dict[str, str] = {}
    for kind in CHECKS.values():
        for result, sentence in kind.results.items():
            found[result] = sentence if found.get(result, sentence) == sentence else f"Any answer `{result}`."
    return found


def _effect(schema: Schema) -> Schema:
    schema.pop("required")
    schema["anyOf"] = [{"required": ["outcome"]}, {"required": ["score"]}]
    schema["allOf"] = [_needed("deny", ["reject_as", "reason"]), _needed("ask", ["message", "types"])]
    complete_by_themselves = [EffectOutcome.PASS, EffectOutcome.SKIP, EffectOutcome.REVIEW]
    return _word_or_map([word.value for word in complete_by_themselves], schema)


def _needed(outcome: str, keys: list[str]) -> Schema:
    is_so: Schema = {"properties": {"outcome": {"const": outcome}}, "required": ["outcome"]}
    return {"if": is_so, "then": {"required": keys}}


def _word_or_map(words: list[str], schema: Schema) -> Schema:
    return {"description": schema.pop("description"), "anyOf": [{"enum": words}, schema]}


def _needs(schema: Schema) -> Schema:
    groups = [
        {
            "type": "object",
            "properties": {word: schema["properties"][word]},
            "required": [word],
            "additionalProperties": False,
        }
        for word in GROUPS
    ]
    return {"description": schema["description"], "anyOf": [{"type": "string"}, *groups]}


def _condition(definitions: Definitions, names: KnownNames) -> Schema:
    operands = {
        Operand.TEXT: definitions.of(Text),
        Operand.TEXTS: {"type": "array", "items": definitions.of(Text), "minItems": 1},
        Operand.NUMBER: definitions.of(WholeNumber),
        Operand.MOMENT: definitions.of(Moment),
        Operand.DURATION: definitions.of(PositiveDuration),
        Operand.TIMES: {"type": "array", "items": _TIME_OF_DAY, "minItems": 2, "maxItems": 2},
        Operand.FLAG: definitions.of(Flag),
        Operand.LIST: _offered(names.lists, definitions.of(Name)),
    }
    inner: Schema = {"$ref": "#/$defs/Condition"}
    some: Schema = {"type": "array", "items": inner, "minItems": 1}
    for type_ in FactType:
        definitions.schemas[_operators_of(type_)] = _operators(type_, operands)
    facts: dict[str, Schema] = {
        name: {"description": fact.sentence, "$ref": f"#/$defs/{_operators_of(fact.type)}"}
        for name, fact in USABLE_FACTS.items()
    }
    return {
        "description": "One of all, any and not; or one fact with one operator.",
        **_one_of_these({**dict.fromkeys(GROUPS, some), NOT: inner, **facts}),
    }


def _operators_of(type_: FactType) -> str:
    return f"{type_.name.capitalize()}Comparison"


def _operators(type_: FactType, operands: Mapping[Operand, Schema]) -> Schema:
    return _one_of_these(
        {
            name: {"description": operator.sentence, **operands[operator.needs[type_]]}
            for name, operator in OPERATORS.items()
            if type_ in operator.needs
        }
    )


def _one_of_these(properties: Mapping[str, Schema]) -> Schema:
    return {
        "type": "object",
        "properties": dict(properties),
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }


def _facts(definitions: Definitions) -> Schema:
    values: dict[FactType, Schema] = {
        FactType.TEXT: definitions.of(Text),
        FactType.TEXTS: {"type": "array", "items": definitions.of(Text)},
        FactType.NUMBER: definitions.of(WholeNumber),
        FactType.MOMENT: definitions.of(Moment),
        FactType.FLAG: {"title": "true or false", "enum": [True, False, "true", "false", "yes", "no"]},
    }
    properties = {
        name: {"description": fact.sentence, **values[fact.type]} for name, fact in CATALOGUE.items()
    }
    several = {"anyOf": [values[FactType.TEXT], values[FactType.TEXTS]]}
    properties["customer.pin"] = {"description": CATALOGUE["customer.pin"].sentence, **several}
    return {
        "type": "object",
        "description": "Facts by their names. What is not given is not known.",
        "properties": properties,
        "additionalProperties": False,
    }


def _offered(names: Iterable[str], schema: Schema) -> Schema:
    """A name that the bundle knows already, offered by editors, or another one."""
    known = sorted(set(names))
    return {"anyOf": [{"enum": known}, schema]} if known else schema
