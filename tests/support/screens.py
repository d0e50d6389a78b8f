"""What a running app shows. The one place where tests reach for Textual's private compositor."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import App
from textual.pilot import Pilot

from bptui.tui.screen import DebuggerScreen
from waiting import PATIENCE, within


def rows(app: App[None]) -> list[str]:
    """Return the rows of the screen as text, without colours."""
    return [strip.text for strip in app.screen._compositor.render_strips()]


def shown(app: App[None]) -> str:
    """Return the whole screen as text, without colours."""
    return "\n".join(rows(app))


def debugger_screen(app: App[None]) -> DebuggerScreen:
    """Return the screen of the debugger, whatever lies over it."""
    screen = app.screen_stack[0]
    assert isinstance(screen, DebuggerScreen)
    return screen


async def wait_until_shown(pilot: Pilot[None], text: str) -> None:
    """Let the app work until ``text`` is on the screen."""
    await wait_until(pilot, lambda: text in shown(pilot.app), f"{text!r} on the screen")


async def wait_until(pilot: Pilot[None], is_so: Callable[[], object], what: str) -> None:
    """Let the app work until ``is_so()``. Raises AssertionError that says ``what`` never came."""
    for _ in within(PATIENCE, lambda: f"there never was {what}:\n{shown(pilot.app)}"):
        if is_so():
            return
        await pilot.pause(0.02)
