"""Painting: the visible part, cell by cell, of what the whole would show."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bptui.circuit import Circuit, Drawing, Highlight, Label, Painter, Window
from bptui.core.graph import Graph, Node, Use
from bptui.lines.line import Line, Span

BUY_APPLE = """\
╭───────╮ 100
│ apple │───────────┐
╰───────╯ 2.2       │
                    │  ┏━━━━━━━━▶┓ 200          ┌───────┐ 220
╭───────╮ 2         └─▶┃    ×    ┃─────────────▶│   ×   │──────────
│ count │─────────────▶┃ price.1 ┃ 1.1       ┌─▶│ price │ 1
╰───────╯ 110          ┗━━━━━━━━━┛           │  └───────┘
                                             │
                           ╭─────╮ 1.1       │
                           │ tax │───────────┘
                           ╰─────╯ 200"""

SHARED = """\
╭───╮ 2                      ┌─────┐ 7.389
│ x │───────────┬───────────▶│ Exp │───────────┐
╰───╯ 59.11     │      29.56 │  a  │ 4         │
                │            └─────┘           │
                │                              │
                │            ┌─────┐           │  ┌───┐ 29.56
                ├───────────▶│  ×  │ 4         └─▶│ × │──────────
                │      14.78 │  b  │─────────────▶│ y │ 1
                └───────────▶│     │ 7.389        └───┘
                       14.78 └─────┘"""


def wide(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def buy(apple: str, count: str, tax: str) -> Graph:
    """The shopping of Saito, ch. 5.1."""
    nodes = (Node("price.1", "Mul", (apple, count)), Node("price", "Mul", ("price.1", tax)))
    return Graph((apple, count, tax), (), (), nodes, "price")


def drawn(graph: Graph) -> Drawing:
    return Circuit(graph, caption=lambda node: {"Mul": "×"}.get(node.layer, node.layer)).drawing(0)


def joined(rows: list[Line]) -> str:
    return "\n".join("".join(text for text, _ in row).rstrip() for row in rows)


def whole(drawing: Drawing) -> Window:
    return Window(0, 0, drawing.width, drawing.height)


def test_buying_apples_looks_as_in_the_book() -> None:
    values = {"apple": "100", "count": "2", "tax": "1.1", "price.1": "200", "price": "220"}
    gradients = {"apple": "2.2", "count": "110", "tax": "200", "price.1": "1.1", "price": "1"}
    drawing = drawn(buy("apple", "count", "tax"))
    known = {"value": values, "gradient": gradients}
    highlight = Highlight(current="price.1", marks={"price.1": "▶"})
    rows = Painter(drawing).paint(whole(drawing), lambda label: Span(known[label.kind][label.name]), highlight)
    assert joined(rows) == BUY_APPLE


def test_a_value_used_three_times_shows_each_contribution_and_the_sum() -> None:
    nodes = (Node("a", "Exp", ("x",)), Node("b", "Mul", ("x", "x")), Node("y", "Mul", ("a", "b")))
    known: dict[str, dict[str | Use, str]] = {
        "value": {"x": "2", "a": "7.389", "b": "4", "y": "29.56"},
        "gradient": {"x": "59.11", "a": "4", "b": "7.389", "y": "1"},
        "contribution": {Use(0, 0): "29.56", Use(1, 0): "14.78", Use(1, 1): "14.78"},
    }

    def text(label: Label) -> Span:
        key = label.uses[0] if label.kind == "contribution" and label.uses else label.name
        return Span(known[label.kind][key])

    drawing = drawn(Graph(("x",), (), (), nodes, "y"))
    assert joined(Painter(drawing).paint(whole(drawing), text)) == SHARED


def numbered(label: Label) -> Span:
    return Span(f"{label.x}.{label.y}苹", label.kind)


@given(st.integers(-30, 90), st.integers(-5, 15), st.integers(0, 70), st.integers(0, 15))
def test_a_window_shows_what_the_whole_shows_there(x: int, y: int, width: int, height: int) -> None:
    drawing = drawn(buy("苹果", "个数", "税率"))
    highlight = Highlight("price.1", "苹果", frozenset({"个数"}), {"price": "✗", "苹果": "◇"})
    painter = Painter(drawing)
    all_of_it = ["".join(text for text, _ in row) for row in painter.paint(whole(drawing), numbered, highlight)]
    seen = painter.paint(Window(x, y, width, height), numbered, highlight)
    assert len(seen) == height
    for offset, row in enumerate(seen):
        below = y + offset
        full = all_of_it[below] if 0 <= below < drawing.height else ""
        assert "".join(text for text, _ in row) == cut(full, x, width)
        assert sum(wide(text) for text, _ in row) == width


def cut(text: str, x: int, width: int) -> str:
    """Return the cells from ``x`` on, a space for each half of a wide character and for what lies outside."""
    shown, place = {}, 0
    for character in text:
        size = wide(character)
        inside = [cell for cell in range(place, place + size) if x <= cell < x + width]
        if len(inside) == size:
            shown[place] = character
        else:
            shown |= dict.fromkeys(inside, " ")
        place += size
    wides = {cell + 1 for cell, character in shown.items() if wide(character) == 2}
    return "".join(shown.get(cell, "" if cell in wides else " ") for cell in range(x, x + width))


@given(st.lists(st.tuples(st.sampled_from(["apple", "price.1", "price", None]), st.integers(0, 3), st.booleans())))
def test_what_was_painted_before_leaves_no_trace(moves: list[tuple[str | None, int, bool]]) -> None:
    drawing = drawn(buy("apple", "count", "tax"))
    painter = Painter(drawing)
    for current, x, is_known in moves:
        window = Window(x, 0, 60, 12)
        text = (lambda label: Span("3.14", label.kind)) if is_known else (lambda _: Span(""))
        highlight = Highlight(
            current, "tax" if is_known else None, frozenset({"tax"} - {current}), {"tax": "✓"} if x else {}
        )
        fresh = Painter(drawing).paint(window, text, highlight)
        assert painter.paint(window, text, highlight) == fresh


def test_rows_that_did_not_change_are_the_same_objects() -> None:
    drawing = drawn(buy("apple", "count", "tax"))
    painter = Painter(drawing)
    before = painter.paint(whole(drawing), lambda _: Span("1", "value"))
    after = painter.paint(whole(drawing), lambda label: Span("2" if label.name == "tax" else "1", "value"))
    changed = {y for y in range(drawing.height) if before[y] is not after[y]}
    assert changed == {label.y for label in drawing.labels if label.name == "tax"}


def test_a_name_brought_in_from_elsewhere_is_selected_with_its_own_box() -> None:
    nodes = tuple(Node(f"y{index}", "Mul", ("w", "w")) for index in range(9))
    drawing = drawn(Graph(("w",), (), (), nodes, "y8"))
    text = joined(Painter(drawing).paint(whole(drawing), lambda _: Span(""), Highlight(selected="w")))
    assert text.count("╔") == 1 + 9 + 1


LIT = """\
╭───╮                        ┌─────┐
│ x │━━━━━━━━━━━┳━━━━━━━━━━━▶│ Exp │───────────┐
╰───╯           ┃            │  a  │           │
                ┃            └─────┘           │
                ┃                              │
                ┃            ┌─────┐           │  ┌───┐
                ┣━━━━━━━━━━━▶│  ×  │           └─▶│ × │──────────
                ┃            │  b  │─────────────▶│ y │
                ┗━━━━━━━━━━━▶│     │              └───┘
                             └─────┘"""


def test_the_wire_of_a_value_is_drawn_heavily_from_end_to_end() -> None:
    nodes = (Node("a", "Exp", ("x",)), Node("b", "Mul", ("x", "x")), Node("y", "Mul", ("a", "b")))
    drawing = drawn(Graph(("x",), (), (), nodes, "y"))
    highlight = Highlight(wires=frozenset({"x"}))
    assert joined(Painter(drawing).paint(whole(drawing), lambda _: Span(""), highlight)) == LIT


def test_a_heavy_wire_that_runs_over_a_light_one_leaves_it_light() -> None:
    nodes = (Node("a", "Mul", ("y", "x")), Node("b", "Mul", ("x", "y")), Node("c", "Mul", ("a", "b")))
    drawing = drawn(Graph(("x", "y"), (), (), nodes, "c"))
    crossings = sum(cells.count("┼") for cells, _ in drawing.rows)
    text = joined(Painter(drawing).paint(whole(drawing), lambda _: Span(""), Highlight(wires=frozenset({"x"}))))
    assert crossings > 0
    assert text.count("┿") + text.count("╂") == crossings


@pytest.mark.parametrize(("text", "shown"), [("-0.123456789012", "-0.12345…"), ("一二三四五六", "一二三四…")])
def test_a_number_too_long_for_its_place_says_so(text: str, shown: str) -> None:
    drawing = drawn(buy("apple", "count", "tax"))
    painted = joined(Painter(drawing).paint(whole(drawing), lambda _: Span(text, "value")))
    assert f"╭───────╮ {shown}" in painted


def test_the_window_follows_a_box_and_stays_on_the_drawing() -> None:
    drawing = drawn(buy("apple", "count", "tax"))
    window = Window(0, 0, 30, 6)
    for name, box in drawing.box.items():
        window = window.following(drawing, name)
        assert window.x <= box.x <= box.x + box.width <= window.x + window.width
        assert window.y <= box.y <= box.y + box.height <= window.y + window.height
        assert 0 <= window.x <= drawing.width - window.width
        assert 0 <= window.y <= drawing.height - window.height


def test_the_window_does_not_move_while_the_box_is_well_inside() -> None:
    drawing = drawn(buy("apple", "count", "tax"))
    window = Window(10, 1, 50, 9)
    assert window.following(drawing, "price.1") == window


def test_a_drawing_smaller_than_the_window_stands_in_its_middle() -> None:
    drawing = drawn(buy("apple", "count", "tax"))
    window = Window(5, 5, drawing.width + 10, drawing.height + 4).bounded(drawing)
    assert (window.x, window.y) == (-5, -2)
