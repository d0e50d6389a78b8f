"""The README's picture is a photograph: what it shows is what the program shows."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from bptui.running import Run
from bptui.scenario.load import load
from bptui.session.session import Session
from bptui.tui.app import BptuiApp
from runs import session_on
from screens import wait_until_shown
from watched_here import run_here

PICTURES = Path(__file__).parents[2] / ".github"


def words(svg: str) -> list[str]:
    """Return what a picture shows, cell runs in reading order, without colours and without the window around it."""
    return [html.unescape(text).strip("\xa0 ") for text in re.findall(r"<text[^>]*>([^<]*)</text>", svg)]


def hold(now: str, picture: Path, request: pytest.FixtureRequest) -> None:
    """Hold a photograph of the screen against the picture in the README, or replace that by it."""
    if request.config.getoption("--screens-update"):
        without_fonts = re.sub(r"@font-face \{.*?\}\s*", "", now, flags=re.DOTALL)  # they would be fetched from afar
        picture.write_text(without_fonts, encoding="utf-8")
    assert words(picture.read_text(encoding="utf-8")) == words(now)


async def test_the_picture_in_the_readme_is_the_screen(request: pytest.FixtureRequest) -> None:
    session = session_on(Run(load("sigmoid_neuron")), "sigmoid_neuron")
    session.work()
    async with BptuiApp(session).run_test(size=(120, 36)) as pilot:
        await pilot.press("6", "n")
        now = pilot.app.export_screenshot(title="bptui run sigmoid_neuron")
    hold(now, PICTURES / "screen.svg", request)


async def test_the_picture_of_a_verdict_is_the_screen_with_the_layer_that_the_readme_gives(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    readme = (PICTURES.parent / "README.md").read_text(encoding="utf-8")
    layer = next(
        it for it in re.findall(r"^```python\n(.*?)^```", readme, re.MULTILINE | re.DOTALL) if "class Relu" in it
    )
    (tmp_path / "my_layers.py").write_text(layer, encoding="utf-8")
    run = Run(load("two_layer", layers=[tmp_path / "my_layers.py"]))
    run.finish()
    session = session_on(run, "two_layer")
    session.idle = 0.01
    async with BptuiApp(session).run_test(size=(120, 36)) as pilot:
        await wait_until_shown(pilot, "checked 4 of 4")
        await pilot.press("x")
        now = pilot.app.export_screenshot(title="bptui run two_layer --layers my_layers.py")
    run.close()
    hold(now, PICTURES / "verdict.svg", request)


async def test_the_picture_of_a_program_is_the_screen_at_its_fault(request: pytest.FixtureRequest) -> None:
    with run_here(PICTURES.parent / "scenarios" / "programs" / "lost_skip_connection.py") as watch:
        session = Session(watch.tape, "lost_skip_connection.py", program=watch)
        session.idle = 0.01
        async with BptuiApp(session).run_test(size=(120, 36)) as pilot:
            await wait_until_shown(pilot, "1 ✗")
            await pilot.press("x")
            now = pilot.app.export_screenshot(title="bptui run lost_skip_connection.py")
    hold(now, PICTURES / "program.svg", request)
