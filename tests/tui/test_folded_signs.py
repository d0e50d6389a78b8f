"""The verdict on a box that stands for several nodes: what is wrong at once, that all is right when all is known."""

import pytest

from bptui.circuit import fold
from bptui.core.graph import Graph, Node
from bptui.lines.signs import FAIL, KINK, PASS
from bptui.tui.drawn_circuit import folded_signs

NODES = (Node("y.1", "Exp", ("x",)), Node("y.2", "Exp", ("y.1",)), Node("y", "Exp", ("y.2",)))
FOLDING = fold(Graph(("x",), (), (), NODES, "y"), {"y": ("y.1", "y.2")})


@pytest.mark.parametrize(
    ("signs", "shown"),
    [
        ({"y.1": PASS}, {}),
        ({"y.1": PASS, "y": PASS}, {}),
        ({"y.1": PASS, "y.2": PASS, "y": PASS}, {"y": PASS}),
        ({"y.1": FAIL}, {"y": FAIL}),
        ({"y.1": PASS, "y.2": KINK}, {"y": KINK}),
        ({"y.1": PASS, "y.2": KINK, "y": FAIL}, {"y": FAIL}),
    ],
)
def test_a_box_is_right_when_all_its_nodes_are_and_wrong_as_soon_as_one_is(
    signs: dict[str, str], shown: dict[str, str]
) -> None:
    assert folded_signs(FOLDING, signs) == shown
