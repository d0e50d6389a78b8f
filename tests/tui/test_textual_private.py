"""Textual's private names: each still does what bptui uses it for, and they are used in two files only."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest
from rich.segment import Segment
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.drivers import linux_driver
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Key
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

import bptui.tui
from bptui.tui.textual_private import ReportingApp, forget_dirty_regions, repaint
from bptui.tui.textual_private_driver import KeyParser

ROOM = Path(bptui.tui.__file__).parent
PYTHONS_OWN = {"_replace", "_asdict", "_fields", "_make", "_exit"}


class Failing(ReportingApp):
    def on_mount(self) -> None:
        raise LookupError("a bug")


async def test_an_exception_in_a_handler_ends_the_app_and_is_kept() -> None:
    app = Failing()
    with pytest.raises(LookupError, match="a bug"):
        async with app.run_test():
            pass
    assert isinstance(app.fault, LookupError)
    assert app.return_code == 1


@pytest.mark.parametrize("name", ["_handle_exception", "_fatal_error", "_close_messages_no_wait"])
def test_what_the_app_overrides_or_calls_is_there(name: str) -> None:
    arguments = ["self", "error"] if name == "_handle_exception" else ["self"]
    assert list(inspect.signature(getattr(App, name)).parameters) == arguments
    assert "_fatal_error" in inspect.getsource(App._handle_exception), "the traceback is written elsewhere now"


async def test_a_widget_whose_dirty_regions_are_forgotten_has_none_left() -> None:
    async with App[None]().run_test() as pilot:
        widget = Widget()
        await pilot.app.mount(widget)
        await pilot.pause()
        widget.refresh(Region(0, 0, 1, 1))
        assert widget._dirty_regions
        forget_dirty_regions(widget)
        assert not widget._dirty_regions


class Counted(Widget):
    """A widget that writes, in each of its lines, how often it has been asked for them."""

    asked = 0

    def render_lines(self, crop: Region) -> list[Strip]:
        self.asked += 1
        return [Strip([Segment(str(self.asked) * crop.width)]) for _ in range(crop.height)]


async def test_parts_of_a_widget_are_painted_without_a_refresh() -> None:
    async with App[None]().run_test(size=(10, 3)) as pilot:
        widget = Counted()
        await pilot.app.mount(widget)
        await pilot.pause()
        before = widget.asked
        repaint(widget, [Region(0, 1, 4, 1)])
        await pilot.pause()
        assert widget.asked == before + 1
        assert not widget._repaint_regions


@pytest.mark.parametrize(
    ("owner", "names"),
    [
        (LinuxDriver, ["_file", "_get_terminal_size", "_sigtstp_application", "_sigcont_application"]),
        (LinuxDriver, ["_must_signal_resume", "attrs_before", "exit_event", "run_input_thread"]),
        (LinuxDriver, ["_run_input_thread"]),
        (XTermParser, ["feed", "tick"]),
    ],
)
def test_what_the_driver_overrides_or_uses_is_there(owner: type, names: list[str]) -> None:
    source = inspect.getsource(owner) + inspect.getsource(owner.__mro__[1])
    assert [name for name in names if name not in source] == []


@pytest.mark.parametrize("junk", ["\x1b[97;5:3u", "\x1b[:CM4;;~\\;Z", "\x1b[1114112R>Z", "\x1b[<0;99999;99999M", ""])
def test_junk_from_the_terminal_does_not_end_the_reading_of_keys(junk: str) -> None:
    parser = KeyParser()
    list(parser.feed(junk))
    messages = list(parser.feed("n"))
    assert isinstance(messages[-1], Key)
    assert messages[-1].key == "n"


def test_the_driver_writes_only_through_the_file_that_is_replaced() -> None:
    source = inspect.getsource(linux_driver)
    assert source.count("self._file") == 2, "once set, and once given to the thread that writes"
    assert "WriterThread(self._file)" in source


def private_names(source: str) -> set[str]:
    """Return the names that begin with one underscore and are looked up on an object, or overridden in a class."""
    found = set()
    for part in ast.walk(ast.parse(source)):
        match part:
            case ast.Attribute(attr=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found.add(name)
    return {name for name in found if name.startswith("_") and not name.endswith("__")} - PYTHONS_OWN


def test_no_third_file_uses_a_private_name() -> None:
    used = {path.name: private_names(path.read_text("utf-8")) for path in ROOM.rglob("*.py")}
    assert used.pop("textual_private.py")
    assert used.pop("textual_private_driver.py")
    assert {name: found for name, found in used.items() if found} == {}
