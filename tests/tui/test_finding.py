from __future__ import annotations

import pytest

from bptui.core.graph import Graph, Node
from bptui.session import search
from bptui.session.neighbours import Tour
from bptui.tui.command_line import Call, Mistake, Name, Step, parse
from bptui.tui.keys import COMMANDS

GRAPH = Graph(
    ("x",),
    ("W",),
    (),
    (Node("a", "MatMul", ("x", "W")), Node("z", "Relu", ("a",)), Node("s", "Add", ("a", "z"))),
    "s",
)


def test_a_search_finds_names_and_layers_whatever_the_case() -> None:
    assert search.matches(GRAPH, "RELU") == ["z"]
    assert search.matches(GRAPH, "a") == ["a", "s"]
    assert search.matches(GRAPH, "nothing") == []


def test_next_and_previous_match_go_round_in_graph_order() -> None:
    found = ["x", "a", "s"]
    assert [search.neighbour(GRAPH, found, name, 1) for name in (None, "x", "a", "z", "s")] == ["x", "a", "s", "s", "x"]
    assert [search.neighbour(GRAPH, found, name, -1) for name in ("s", "z", "x")] == ["a", "a", "s"]
    assert search.neighbour(GRAPH, [], "x", 1) is None


@pytest.mark.parametrize(
    ("typed", "request_"),
    [
        ("12", Step(12)),
        ("z", Name("z")),
        ("next", Call(COMMANDS["next"], "")),
        ("next 5", Call(COMMANDS["next"], "5")),
    ],
)
def test_a_typed_line_is_a_step_a_name_or_a_command(typed: str, request_: object) -> None:
    assert parse(typed, GRAPH) == request_


@pytest.mark.parametrize("typed", ["nxt", "next x", "٣", "9" * 5000, "-1", "1e999", "[/red]"])
def test_anything_else_is_refused_in_words(typed: str) -> None:
    answer = parse(typed, GRAPH)
    assert isinstance(answer, Mistake)
    assert len(answer.message) < 120


def test_a_misspelt_command_is_told_the_nearest() -> None:
    answer = parse("nxt", GRAPH)
    assert isinstance(answer, Mistake)
    assert answer.message.endswith("next?")


def test_a_tour_tries_every_way_in_turn() -> None:
    tour = Tour(GRAPH)
    assert [tour.consumer("a") for _ in range(3)] == ["z", "s", "z"]
    assert [tour.producer("a") for _ in range(3)] == ["x", "W", "x"]
    assert tour.consumer("s") is None
    assert tour.producer("x") is None
