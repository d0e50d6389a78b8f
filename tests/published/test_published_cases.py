"""Numbers that others have printed, of layers and small networks: ours agree within what their print allows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bptui.core.tape import Tape
from bptui.scenario.load import loads
from bptui.scenario_tape import run
from published_networks import NETWORKS

CASES = {path.stem: path for path in sorted((Path(__file__).parent / "cases").glob("*.json"))}

every_case = pytest.mark.parametrize("name", CASES)


def read_case(name: str) -> dict[str, Any]:
    case: dict[str, Any] = json.loads(CASES[name].read_text(encoding="utf-8"))
    return case


def source_of(case: Mapping[str, Any], nodes: Mapping[str, str]) -> str:
    """Return a case's network as a scenario."""
    sections: dict[str, dict[str, Any]] = {"inputs": {}, "parameters": {}}
    for name, value in case["inputs"].items():
        sections["parameters" if value["role"] == "parameter" else "inputs"][name] = value["value"]
    output, dout = next((it for it in (case["dout"] or {}).items() if np.any(it[1])), ([*nodes][-1], 1.0))
    tables = [*sections.items(), ("nodes", nodes), ("run", {"output": output, "dout": dout})]
    return "\n".join(
        f"[{table}]\n" + "\n".join(f"{json.dumps(key)} = {json.dumps(it)}" for key, it in rows.items())
        for table, rows in tables
    )


def tape_of_case(name: str) -> Tape:
    return run(loads(source_of(read_case(name), NETWORKS[name])))


def printed(case: Mapping[str, Any], nodes: Mapping[str, str]) -> Iterator[tuple[str, str, tuple[int, ...], Any]]:
    """Yield what was printed: an output or a gradient, its name, the place in it, and the number or array.

    Outputs that no layer of ours hands out, such as the weights of attention, are left out.
    """
    ours = {name for names in nodes for name in names.split(", ")}
    yield from (("output", name, (), value) for name, value in case["published"]["outputs"].items() if name in ours)
    yield from (("gradient", name, (), value) for name, value in case["published"]["gradients"].items())
    for it in case["published"]["elements"]:
        yield it["of"], it["name"], tuple(it["index"]), it["value"]


@every_case
def test_ours_are_the_printed_numbers(name: str) -> None:
    case, tape = read_case(name), tape_of_case(name)
    tolerance = case["published"]["tolerance"]
    compared = 0
    for kind, of, index, value in printed(case, NETWORKS[name]):
        found = (tape.values if kind == "output" else tape.gradients)[of]
        assert found is not None
        np.testing.assert_allclose(found[index], value, rtol=tolerance["rel"], atol=tolerance["abs"], err_msg=of)
        compared += 1
    assert compared or case["errata"]


@every_case
def test_ours_are_what_another_engine_computes_from_the_same_inputs(name: str) -> None:
    case, tape = read_case(name), tape_of_case(name)
    for of, value in case["computed"]["outputs"].items():
        if of in tape.values:
            np.testing.assert_allclose(np.asarray(tape.values[of]), value, rtol=1e-9, atol=1e-12, err_msg=of)
    for of, value in case["computed"]["gradients"].items():
        if (found := tape.gradients[of]) is None:
            assert of == "t", "only targets take no gradient"
        else:
            np.testing.assert_allclose(found, value, rtol=1e-9, atol=1e-12, err_msg=of)


@every_case
def test_what_was_printed_wrongly_is_what_ours_say_it_should_be(name: str) -> None:
    tape = tape_of_case(name)
    for it in read_case(name)["errata"]:
        found = (tape.values if it["of"] == "output" else tape.gradients)[it["name"]]
        assert found is not None
        place = tuple(it["index"] or ())
        np.testing.assert_allclose(found[place], it["correct"], rtol=1e-9, atol=1e-12)
        assert np.abs(np.subtract(found[place], it["published"])).max() == pytest.approx(it["gap"], rel=1e-6)


def test_each_case_is_tried() -> None:
    assert CASES.keys() == NETWORKS.keys()
