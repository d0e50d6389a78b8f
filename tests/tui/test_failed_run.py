"""A run that a layer of the user's own has ended: the screen says where and why, and goes on."""

from __future__ import annotations

from pathlib import Path

from bptui.running import Run
from bptui.scenario.load import load
from bptui.session.session import Session
from bptui.tui.app import BptuiApp
from runs import session_on
from screens import debugger_screen, shown, wait_until_shown

LAYERS = """
class Raising:
    def forward(self, x):
        return 2 * x

    def backward(self, dout):
        raise ValueError("no [/red] way")


class Hanging:
    def forward(self, x):
        while True:
            pass

    def backward(self, dout):
        return dout
"""


def session_with(layer: str, folder: Path) -> Session:
    (folder / "mine.py").write_text(LAYERS)
    scenario = folder / "mine.toml"
    scenario.write_text(f'[inputs]\nx = 1\n[nodes]\nw = "x * 3"\ny = "{layer}(w)"\nz = "y * y"\n')
    return session_on(Run(load(str(scenario), layers=[folder / "mine.py"])), "mine")


async def test_a_layer_that_raises_is_named_with_its_line_where_the_run_has_ended(tmp_path: Path) -> None:
    session = session_with("Raising", tmp_path)
    async with BptuiApp(session).run_test(size=(120, 40)) as pilot:
        await pilot.press("G")
        await wait_until_shown(pilot, "step 4/6")
        for _ in range(2):
            await pilot.press("n")
            message = shown(pilot.app).splitlines()[-1]
            assert "✗ step 5, backward: y: Raising.backward: ValueError: no [/red] way" in message
            assert "this is the last step" not in message
        assert debugger_screen(pilot.app).selected == "y"
        assert "mine.py:7" in shown(pilot.app)
        assert "◀ backward  failed: step 5" in shown(pilot.app)
        assert "✗┓" in shown(pilot.app) or "✗╗" in shown(pilot.app)
        assert "✗ 5 y" in shown(pilot.app)
        await pilot.press("N")
        assert "step 3/6" in shown(pilot.app)
        assert "✗" not in shown(pilot.app)
    session.run.close()  # type: ignore[union-attr]


async def test_escape_gives_up_a_layer_that_does_not_return(tmp_path: Path) -> None:
    session = session_with("Hanging", tmp_path)
    async with BptuiApp(session).run_test(size=(120, 40)) as pilot:
        await pilot.press("G")
        await wait_until_shown(pilot, "Esc gives it up")
        assert "step 1/6" in shown(pilot.app)
        await pilot.press("escape")
        await wait_until_shown(pilot, "was stopped")
        await pilot.press("n")
        assert "✗ step 2, forward: y: Hanging.forward: was stopped" in shown(pilot.app).splitlines()[-1]
        assert "▶ forward  failed: step 2" in shown(pilot.app)
    session.run.close()  # type: ignore[union-attr]
