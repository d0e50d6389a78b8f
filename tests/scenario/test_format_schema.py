"""The schema of the scenario format: every bundled scenario keeps to it, and what a reader refuses it refuses, too."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from bptui.report.new_scenario import BLANK
from bptui.scenario.bundled import bundled
from bptui.scenario.format_schema import scenario_schema

jsonschema = pytest.importorskip("jsonschema")
VALIDATOR = jsonschema.Draft202012Validator(scenario_schema())


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(scenario_schema())


@pytest.mark.parametrize("path", [path for _, path in bundled()], ids=lambda path: path.stem)
def test_every_bundled_scenario_keeps_to_it(path: Path) -> None:
    VALIDATOR.validate(tomllib.loads(path.read_text(encoding="utf-8")))


def test_the_scenario_to_start_from_keeps_to_it() -> None:
    VALIDATOR.validate(tomllib.loads(BLANK))


@pytest.mark.parametrize(
    "line",
    [
        "titel = 'x'",
        "dtype = 'float16'",
        "inputs = { x = { fil = 'a.npy' } }",
        "inputs = { x = { shape = 2, init = 'hee' } }",
        "train = { steps = 0 }",
        "train = { optimizer = 'SGDD' }",
        "breakpoints = [ { pass = 'forward' } ]",
        "notes = [ { step = 1 } ]",
        "predict = { pass = 'backwards' }",
        "points = { Relu = -1 }",
        "seed = -1",
    ],
)
def test_what_no_reader_takes_it_refuses(line: str) -> None:
    table = tomllib.loads(f"{line}\n[nodes]\na = 'Relu(x)'\n")
    assert not VALIDATOR.is_valid(table)


def test_a_scenario_without_nodes_is_none() -> None:
    assert not VALIDATOR.is_valid(tomllib.loads("title = 'x'"))
