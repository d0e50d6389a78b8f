"""Signs at the circuit's boxes: stops and troubles are seen also where they lie in a box that is closed."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from bptui.circuit import Folding, Room, Window, composites, fold, unfolded
from bptui.core.stop import Stops, read_stop
from bptui.core.tape import Tape
from bptui.guest.observation import Remark
from bptui.lines.line import plain
from bptui.tui.content.node_signs import CircuitSigns, FiniteArrays, sign_spans
from bptui.tui.mapped_circuit import MappedCircuit
from runs import tape_of

ONE_NAN = """
[inputs]
x = [-1.0, 4.0]
[nodes]
y = "Slice(Sqrt(x), 0, 1, 2)"
z = "Sum(2 * y)"
"""


def signs_of(tape: Tape, step: int, stops: str = "", verdicts: Mapping[str, str] | None = None) -> CircuitSigns:
    """Return the signs at a step, with stops by their texts, one a line; a rest is said by a ``-`` before it."""
    kept = Stops()
    for line in stops.splitlines():
        number = kept.add(read_stop(line.removeprefix("-")))
        if line.startswith("-"):
            kept.disable(number)
    return CircuitSigns(tape.at(step), verdicts or {}, kept, {}, FiniteArrays())


def folded(tape: Tape) -> Folding:
    return fold(tape.graph, composites(tape.graph))


def at_box(signs: CircuitSigns, folding: Folding, name: str) -> str:
    return signs.of_box(folding.values_in(name)).text


def test_a_nan_in_a_closed_box_is_seen_at_it_though_the_values_at_its_edges_are_finite() -> None:
    tape = tape_of(ONE_NAN)
    folding, end = folded(tape), len(tape.graph.nodes)
    assert [node.name for node in folding.graph.nodes] == ["y", "z"]
    signs = signs_of(tape, end)
    assert signs.at("y").text == ""
    assert signs.at("y.1").text == "!"
    assert at_box(signs, folding, "y") == "!"
    assert at_box(signs, folding, "z") == ""
    assert at_box(signs_of(tape, 0), folding, "y") == ""  # nothing has run yet


def test_a_nan_in_a_gradient_is_seen_as_soon_as_it_is_there() -> None:
    tape = tape_of('[inputs]\nx = [0.0, 4.0]\n[nodes]\ny = "Sqrt(x)"\nz = "Sum(0 * y)"\n')
    before, after = len(tape) - 1, len(tape)
    assert [signs_of(tape, step).at("x").text for step in (before, after)] == ["", "!"]  # 0 × 1 / (2 √0)


@pytest.mark.parametrize(
    ("stops", "verdicts", "shown"),
    [
        ("y.1", {}, "●"),
        ("-y.1", {}, "○"),
        ("y.1\n-y", {}, "●"),
        ("", {"y.1": "✗", "y": "✓"}, "✗"),
        ("y.1 backward", {"y": "✗", "y.1": "✓"}, "●✗"),
        ("z", {"z": "✗"}, ""),
        ("", {"y": "✓"}, ""),
        ("", {"y": "✓", "y.1": "✓"}, "✓"),
    ],
)
def test_a_closed_box_has_the_stop_and_the_worst_verdict_of_what_is_in_it(
    stops: str, verdicts: Mapping[str, str], shown: str
) -> None:
    tape = tape_of(ONE_NAN)
    assert at_box(signs_of(tape, 0, stops, verdicts), folded(tape), "y") == shown


def test_the_map_marks_stops_and_troubles_also_of_second_outputs() -> None:
    tape = tape_of('[inputs]\nx = [3, 4, -6, 8]\n[nodes]\n"a, b" = "Split(Log(x))"\ny = "Sum(6 * a)"\n')
    picture = MappedCircuit(unfolded(tape.graph), Room(80, 10))
    signs = signs_of(tape, len(tape.graph.nodes), "b\ny")
    shown = {name: picture.marked(name, signs) for name in picture.names}
    assert shown == {"a.1": "!", "a": "●!", "y.1": "", "y": "●"}
    *_, marks = map(plain, picture.lines(Window(0, 0, 80, 10), None, signs)[:3])
    assert marks.split() == ["!", "●!", "●"]


def test_a_layer_that_was_warned_about_is_marked_unless_worse_is_known() -> None:
    tape = tape_of(ONE_NAN)
    warned = {Remark(name, "warns", "NumPy warned"): 1 for name in ("z", "y.1")}
    signs = CircuitSigns(tape.at(len(tape)), {}, Stops(), warned, FiniteArrays())
    assert [signs.at(name).text for name in ("z", "y.1", "y")] == ["▲", "!", ""]


@pytest.mark.parametrize(("width", "shown"), [(1, "✗"), (2, "!✗"), (3, "●!✗"), (5, " ●!✗ ")])
def test_where_there_is_no_room_for_all_signs_the_most_important_are_left(width: int, shown: str) -> None:
    assert plain(sign_spans("●!✗", width)) == shown
