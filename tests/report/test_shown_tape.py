"""What a notebook shows of a tape and of a report: a table that a parser reads, and nothing in it but text."""

from __future__ import annotations

import gc
import signal
import sys
from html.parser import HTMLParser
from importlib import import_module
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

import bptui
from bptui.watching import WatchedCode
from layers import Array

OURS = {"div", "p", "b", "table", "thead", "tbody", "tr", "th", "td", "span", "pre"}
"""The elements that a table and a report are made of."""

EVIL = "<script>alert(1)</script>&amp;"


class Page(HTMLParser):
    """What a browser makes of HTML: its elements, its text, and the cells of its rows."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.text = ""
        self.rows: list[list[str]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert {name for name, _ in attrs} <= {"style", "class"}
        self.tags.append(tag)
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.open and self.open[-1] in {"td", "th"}:
            self.rows[-1][-1] += data


class Twice:
    """A layer whose error has markup in it, where it is told to raise one."""

    def __init__(self, error: str = "", slope: float = 2.0) -> None:
        self.error, self.slope = error, slope

    def forward(self, x: Array) -> Array:
        if self.error:
            raise ValueError(self.error)
        return 2 * x

    def backward(self, dout: Array) -> Array:
        return self.slope * dout


class Net:
    """A network of one layer, which is found under a key."""

    def __init__(self, name: str, layer: Twice) -> None:
        self.layers = {name: layer}

    def run(self) -> None:
        x = np.ones(2)
        for layer in self.layers.values():
            x = layer.forward(x)
        for layer in self.layers.values():
            x = layer.backward(x)


def watched_net(name: str, layer: Twice) -> WatchedCode:
    """Return the tape of a network of one layer."""
    with bptui.watch() as tape:
        Net(name, layer).run()
    return tape


def page_of(shown: object) -> Page:
    page = Page(shown._repr_html_())  # type: ignore[attr-defined]
    assert set(page.tags) <= OURS
    assert page.open == []
    return page


def test_the_tape_of_a_scenario_is_a_table_with_verdicts_once_it_is_checked() -> None:
    tape = bptui.run(bptui.load("buy_apple"))
    assert page_of(tape).rows == [
        ["node", "layer", "of", "value", "gradient"],
        ["apple_price", "Mul", "apple, count", "200", "1.1"],
        ["price", "Mul", "apple_price, tax", "220", "1"],
    ]
    assert tape.check().ok
    page = page_of(tape)
    assert [row[-1] for row in page.rows] == ["check", "✓", "✓"]
    assert "all well" in page.text
    assert "all well" in page_of(tape.check()).text
    assert "apple_price  Mul    apple, count      200    1.1       ✓" in repr(tape).splitlines()


def test_what_is_wrong_stands_in_the_row_of_its_node() -> None:
    tape = watched_net("wrong", Twice(slope=3.0))
    report = tape.check()
    assert not report.ok
    assert any(it.node == "wrong" for it in report.findings)
    assert page_of(tape).rows[1][0] == "wrong"
    assert page_of(tape).rows[1][-1].startswith("✗ ")


def test_names_and_errors_with_markup_in_them_are_text() -> None:
    tape = watched_net(EVIL, Twice())
    assert page_of(tape).rows[1][0] == EVIL
    assert EVIL in page_of(tape.check()).text
    with pytest.raises(ValueError, match="script"), bptui.watch() as tape:
        Twice(EVIL).forward(np.ones(2))
    assert EVIL in page_of(tape).text
    assert EVIL in page_of(tape.check()).text


def test_in_a_notebook_show_gives_an_output_of_table_and_circuit(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs: list[dict[str, str]] = []
    nbformat = import_module("nbformat")
    shell = SimpleNamespace(kernel=object(), display_pub=SimpleNamespace(publish=outputs.append))
    ipython = ModuleType("IPython")
    ipython.get_ipython = lambda: shell  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    tape = watched_net(EVIL, Twice())
    tape.show()
    assert capsys.readouterr().out == ""
    cell = nbformat.v4.new_code_cell("tape.show()", outputs=[nbformat.v4.new_output("display_data", outputs[0])])
    nbformat.validate(nbformat.v4.new_notebook(cells=[cell]))
    page = Page(outputs[0]["text/html"])
    assert set(page.tags) <= OURS
    assert page.tags[-1] == "pre"
    assert "▶" in page.text
    del shell.kernel  # a prompt of IPython, not on a terminal
    tape.show()
    assert "▶" in capsys.readouterr().out


def test_a_screen_that_was_opened_leaves_ctrl_c_and_the_collector_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []

    def open_screen(shown: object) -> None:
        opened.append(shown)
        signal.signal(signal.SIGINT, lambda *_: None)
        gc.disable()

    monkeypatch.setattr("bptui.scenario_tape.is_terminal", lambda: True)
    monkeypatch.setattr("bptui.tui.app.open_debugger", open_screen)
    before = signal.getsignal(signal.SIGINT)
    tape = bptui.run(bptui.load("buy_apple"))
    tape.show()
    assert opened == [tape.scenario]
    assert signal.getsignal(signal.SIGINT) is before
    assert gc.isenabled()
