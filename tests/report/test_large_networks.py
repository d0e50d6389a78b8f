"""Large networks cost in proportion to their size: twice the terms take twice the calls, in every command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bptui import cli
from cost import counted_calls
from sampled import one_in


def sum_of(count: int) -> str:
    return formula(" + ".join(["x"] * count))


def sum_of_products(count: int) -> str:
    return formula(" + ".join(["x*w"] * count))


def nested_in_tens(count: int) -> str:
    return formula(" + ".join(["Tanh(" * 10 + "x" + ")" * 10] * (count // 10)))


def chain(count: int) -> str:
    return LEAVES + "".join(f'n{at} = "Tanh(n{at - 1})"\n' for at in range(1, count)).replace("(n0)", "(x)")


def side_by_side(count: int) -> str:
    total = " + ".join(f"n{at}" for at in range(count))
    return LEAVES + "".join(f'n{at} = "Tanh(x)"\n' for at in range(count)) + f'y = "{total}"\n'


def formula(written: str) -> str:
    return f'{LEAVES}y = "{written}"\n'


LEAVES = "[inputs]\nx = 0.5\nw = 2.0\n[nodes]\n"
RUNS = (["trace"], ["trace", "--json"], ["exec", "-e", "last", "-e", "first"])
NETWORKS = (sum_of, sum_of_products, nested_in_tens, chain, side_by_side)


def calls_of(command: list[str], scenario: str, folder: Path) -> int:
    """Return how many calls a command takes that succeeds."""
    path = folder / "large.toml"
    path.write_text(scenario)
    with counted_calls() as cost:
        assert cli.main([*command[:1], str(path), *command[1:]]) == 0
    return cost.calls


def assert_in_proportion(command: list[str], network: Callable[[int], str], count: int, folder: Path) -> None:
    """Assert that what is added in going from two to four times ``count`` is twice what the first doubling added."""
    calls_of(command, network(10), folder)  # what is imported and kept for later is paid once
    once, twice, four = (calls_of(command, network(size), folder) for size in (count, 2 * count, 4 * count))
    assert four - twice < 2.2 * (twice - once)


@pytest.mark.parametrize("network", one_in(3, NETWORKS))
@pytest.mark.parametrize(
    "command", [["trace"], ["trace", "--json"], ["exec", "-e", "last", "-e", "first"]], ids=" ".join
)
def test_a_run_costs_in_proportion_to_the_nodes(
    command: list[str], network: Callable[[int], str], tmp_path: Path
) -> None:
    assert_in_proportion(command, network, 16, tmp_path)


@pytest.mark.parametrize("network", [sum_of, chain])
def test_a_check_costs_in_proportion_to_the_nodes(network: Callable[[int], str], tmp_path: Path) -> None:
    assert_in_proportion(["check"], network, 8, tmp_path)
