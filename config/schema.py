"""
JSON Schemas of the YAML files, so that editors complete keys, explain them and mark mistakes.

They are made from the models. An editor's schema is weaker than the check: it sees one file, not
the names in others, and it must refuse nothing that the check takes. Texts that may look like
numbers are allowed to be numbers, since editors read `0800` as one.
"""

import ast
import inspect
import json
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from config.durations import duration_text
from config.load import FILES
from config.section import Section
from config.values import DURATION_KEYWORD
from cti.instants import Duration

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
SCHEMAS_FOLDER: Final = ".schemas"
"""Beside the YAML files, whose first line names it to editors."""


def schemas() -> Mapping[str, str]:
    """Return the text of every schema by its file's name: `queues.json` for `queues.yaml`."""
    return {name.replace(".yaml", ".json"): schema_text(name) for name in FILES}


def schema_text(name: str) -> str:
    """Return one YAML file's schema, as it stands in a file."""
    return json.dumps(schema_of(name), indent=2, ensure_ascii=False) + "\n"


def schema_of(name: str) -> dict[str, Any]:
    """Return the schema of one of the YAML files."""
    model = FILES[name]
    made = model.model_json_schema(schema_generator=_Generator)
    definitions = {
        section: _finished(definition) for section, definition in made.pop("$defs", {}).items()
    }
    top = _finished(made)
    del top["description"]
    return {"$schema": DIALECT, "title": f"Cordboard: {name}", **top} | (
        {"$defs": definitions} if definitions else {}
    )


class _Generator(GenerateJsonSchema):
    """Pydantic's generator, with checked keys and with what the models say in words."""

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """Return a mapping whose keys are checked; pydantic lets those that do not fit pass."""
        made = {
            "type": "object",
            "propertyNames": _as_key(self.generate_inner(schema["keys_schema"])),
            "additionalProperties": self.generate_inner(schema["values_schema"]),
        }
        self.update_with_validations(made, schema, self.ValidationsMapping.object)
        return made

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """Return a section, each key with the words that stand below it in the model."""
        made = super().model_schema(schema)
        words = _words_of(schema["cls"])
        for key, value in made.get("properties", {}).items():
            allowed = value.pop("description", None)
            told = f"{words[key]} Must be {allowed}." if allowed else words[key]
            made["properties"][key] = {"description": told, **value}
        return made


def _as_key(schema: JsonSchemaValue) -> JsonSchemaValue:
    """Return what a key must be: keys are always text."""
    return {key: value for key, value in schema.items() if key != "type"}


def _finished(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema with durations as people write them, and without what says nothing."""
    finished: dict[str, Any] = {}
    is_duration = _holds_duration(schema)
    for key, value in schema.items():
        if key == DURATION_KEYWORD or (key == "title" and isinstance(value, str)):
            continue
        if key == "default":
            if isinstance(value, dict) and value:
                continue  # a section's: each of its keys has its own
            finished[key] = duration_text(Duration(value)) if is_duration else value
        elif key == "properties" and isinstance(value, dict):
            finished[key] = {name: _finished(below) for name, below in value.items()}
        elif isinstance(value, dict):
            finished[key] = _finished(value)
        elif isinstance(value, list):
            finished[key] = [_finished(one) if isinstance(one, dict) else one for one in value]
        else:
            finished[key] = value
    return finished


def _holds_duration(schema: Mapping[str, Any]) -> bool:
    return DURATION_KEYWORD in schema and isinstance(schema.get("default"), int)


def _words_of(section: type[BaseModel]) -> dict[str, str]:
    """Return what the models say below each key of a section, inherited keys included."""
    words: dict[str, str] = {}
    for model in reversed(section.__mro__):
        if model is Section or not issubclass(model, Section):
            continue
        words |= _module_words(model.__module__).get(model.__name__, {})
    return words


@cache
def _module_words(module: str) -> dict[str, dict[str, str]]:
    """Return the texts below the keys of each class of a module."""
    found: dict[str, dict[str, str]] = {}
    for node in ast.parse(inspect.getsource(sys.modules[module])).body:
        if not isinstance(node, ast.ClassDef):
            continue
        for key, below in zip(node.body, node.body[1:], strict=False):
            if isinstance(key, ast.AnnAssign) and isinstance(below, ast.Expr):
                name = ast.unparse(key.target)
                found.setdefault(node.name, {})[name] = str(ast.literal_eval(below.value))
    return found
