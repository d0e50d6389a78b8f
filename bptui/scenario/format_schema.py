"""The JSON Schema of the scenario format: what an editor needs to complete and to check a scenario while it is written.

What a schema cannot say (that names agree, that shapes fit, that a formula can be read) a scenario's reader says.
"""

from __future__ import annotations

from typing import Any

from bptui.core.optimizer import optimizers
from bptui.core.order import Pass
from bptui.scenario.reading.settings import DTYPES, FORMAT, KEYS

NUMBER: dict[str, Any] = {"type": "number"}
WHOLE: dict[str, Any] = {"type": "integer", "minimum": 0}
TEXT: dict[str, Any] = {"type": "string"}
PASS: dict[str, Any] = {"enum": [it.value for it in Pass]}
NUMBERS: dict[str, Any] = {"$ref": "#/$defs/numbers"}
INITIALIZERS = ["zeros", "ones", "constant", "normal", "uniform", "he", "xavier", "arange"]


def table_of(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    """Return the schema of a table with these keys and no others."""
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def by_any_name(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a table whose keys are names."""
    return {"type": "object", "additionalProperties": schema}


def scenario_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a scenario, read as TOML."""
    note = {"text": TEXT, "step": WHOLE, "node": TEXT, "pass": PASS}
    properties: dict[str, Any] = {
        "bptui": {"type": "integer", "minimum": 1, "maximum": FORMAT},
        "title": TEXT,
        "about": TEXT,
        "dtype": {"enum": list(DTYPES)},
        "seed": WHOLE,
        "layers": {"type": "array", "items": TEXT},
        "styles": {"type": "object"},
        "inputs": by_any_name({"$ref": "#/$defs/leaf"}),
        "parameters": by_any_name({"$ref": "#/$defs/leaf"}),
        "nodes": by_any_name({"anyOf": [TEXT, {"$ref": "#/$defs/template"}]}),
        "run": table_of({"output": TEXT, "dout": NUMBERS}),
        "train": {"type": "object", "properties": train_properties()},
        "expect": table_of(
            {
                "rtol": NUMBER | {"minimum": 0},
                "atol": NUMBER | {"minimum": 0},
                "values": by_any_name(NUMBERS),
                "gradients": by_any_name(NUMBERS),
                "independent": by_any_name({"anyOf": [TEXT, {"type": "array", "items": TEXT}]}),
            }
        ),
        "breakpoints": {
            "type": "array",
            "items": table_of({"node": TEXT, "pass": PASS, "if": TEXT, "after": WHOLE, "on": TEXT})
            | {"oneOf": [{"required": ["node"]}, {"required": ["on"]}]},
        },
        "notes": {
            "type": "array",
            "items": table_of(note, "text"),
        },
        "predict": table_of({"nodes": {"type": "array", "items": TEXT}, "pass": PASS}),
        "points": by_any_name(NUMBER | {"minimum": 0}),
    }
    assert set(properties) == set(KEYS)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A scenario of bptui",
        **table_of(properties, "nodes"),
        "$defs": {
            "numbers": {"anyOf": [NUMBER, {"type": "boolean"}, {"type": "array", "items": NUMBERS}]},
            "leaf": {"anyOf": [NUMBERS, *leaf_tables()]},
            "template": {"type": "object", "properties": {"formula": TEXT}, "required": ["formula"]},
        },
    }


def train_properties() -> dict[str, Any]:
    """Return what ``[train]`` may hold: the options of all optimizers."""
    options = {option for rule in optimizers.values() for option in rule.options()}
    return {"optimizer": {"enum": list(optimizers)}, "steps": {"type": "integer", "minimum": 1}} | dict.fromkeys(
        sorted(options), NUMBER
    )


def leaf_tables() -> list[dict[str, Any]]:
    """Return the schemas of the tables that give a leaf: from a file, drawn by a recipe, or with a dtype of its own."""
    shape = {"anyOf": [WHOLE, {"type": "array", "items": WHOLE}]}
    numbers = dict.fromkeys(("value", "mean", "std", "low", "high", "start", "step"), NUMBER)
    key = {"anyOf": [TEXT, {"type": "array", "items": TEXT}]}
    rows = {"type": "array", "items": WHOLE, "minItems": 2, "maxItems": 2}
    dtype = {"enum": ["int64", "bool", *DTYPES]}
    return [
        table_of({"shape": shape, "init": {"enum": INITIALIZERS}, **numbers, "seed": WHOLE}, "shape", "init"),
        table_of({"file": TEXT, "key": key, "rows": rows, "dtype": dtype}, "file"),
        table_of({"value": NUMBERS, "dtype": dtype}, "value"),
    ]
