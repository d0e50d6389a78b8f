"""Textual's private names: each still does what bptui uses it for, and they are used in one file only."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest
from textual.app import App
from textual.drivers import linux_driver
from textual.geometry import Region
from textual.widget import Widget

import bptui.tui
from bptui.tui.textual_private import ReportingApp, decode_leniently, forget_dirty_regions

ROOM = Path(bptui.tui.__file__).parent
OF_NAMED_TUPLES = {"_replace", "_asdict", "_fields", "_make"}


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


def test_the_driver_makes_its_decoder_where_it_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vars(linux_driver), "getincrementaldecoder", vars(linux_driver)["getincrementaldecoder"])
    decode_leniently()
    assert "getincrementaldecoder(" in inspect.getsource(linux_driver.LinuxDriver.run_input_thread)
    decoder = vars(linux_driver)["getincrementaldecoder"]("utf-8")()
    assert decoder.decode(b"n\xff\x80n") == "n\ufffd\ufffdn"


def private_names(source: str) -> set[str]:
    """Return the names that begin with one underscore and are looked up on an object, or overridden in a class."""
    found = set()
    for part in ast.walk(ast.parse(source)):
        match part:
            case ast.Attribute(attr=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found.add(name)
    return {name for name in found if name.startswith("_") and not name.endswith("__")} - OF_NAMED_TUPLES


def test_no_other_file_uses_a_private_name() -> None:
    used = {path.name: private_names(path.read_text("utf-8")) for path in ROOM.rglob("*.py")}
    assert used.pop("textual_private.py")
    assert {name: found for name, found in used.items() if found} == {}
