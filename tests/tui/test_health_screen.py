"""Health over the screen: it follows the cursor, has room in any terminal, and leads to a node."""

from __future__ import annotations

from bptui.lines.line import line_width, plain
from bptui.running import Run
from bptui.scenario.load import load
from bptui.tui.app import BptuiApp
from bptui.tui.health_screen import HealthPane, HealthScreen
from runs import session_on
from screens import debugger_screen, shown


def app_on(name: str) -> BptuiApp:
    run = Run(load(name))
    run.finish()
    return BptuiApp(session_on(run, name))


async def test_it_follows_the_cursor_and_leads_to_the_node_that_was_chosen() -> None:
    async with app_on("dead_relu").run_test(size=(100, 30)) as pilot:
        await pilot.press("n", "exclamation_mark")
        assert isinstance(pilot.app.screen, HealthScreen)
        assert "h (Relu)" not in shown(pilot.app)
        await pilot.press("n")
        assert "Health  up to step 2" in shown(pilot.app)
        assert "h (Relu): all of its units are 0" in shown(pilot.app)
        assert "means nothing here" not in shown(pilot.app)
        await pilot.press("enter")
        assert debugger_screen(pilot.app).selected == "h"


def pane_on(name: str, chosen: int = 0) -> HealthPane:
    run = Run(load(name))
    run.finish()
    session = session_on(run, name)
    pane = HealthPane(session)
    pane.chosen = chosen
    return pane


def test_before_an_iteration_it_is_about_all_of_it() -> None:
    pane = pane_on("vanishing_sigmoid")
    assert "all of iteration 1" in plain(pane.heading())
    assert "the gradient shrinks" in plain(pane.lines(100, 30)[0])


def test_a_narrow_screen_keeps_what_says_most() -> None:
    for width in (60, 78, 108):
        lines = pane_on("vanishing_sigmoid", chosen=2).lines(width, 30)
        assert max(map(line_width, lines)) <= width
        head = next(plain(line) for line in lines if "node" in plain(line))
        assert ("dout" in head, "gain ◀" in head, "flat" in head) == (True, True, True)
    assert [line[0].text for line in lines if line].count("▸ ") == 1
