"""The README's picture is a photograph: what it shows is what the program shows."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from bptui.running import Run
from bptui.scenario.load import load
from bptui.tui.app import BptuiApp
from runs import session_on

PICTURE = Path(__file__).parents[2] / ".github" / "screen.svg"


def words(svg: str) -> list[str]:
    """Return what a picture shows, cell runs in reading order, without colours and without the window around it."""
    return [html.unescape(text).strip("\xa0 ") for text in re.findall(r"<text[^>]*>([^<]*)</text>", svg)]


async def test_the_picture_in_the_readme_is_the_screen(request: pytest.FixtureRequest) -> None:
    session = session_on(Run(load("sigmoid_neuron")), "sigmoid_neuron")
    session.work()
    async with BptuiApp(session).run_test(size=(120, 36)) as pilot:
        await pilot.press("6", "n")
        now = pilot.app.export_screenshot(title="bptui run sigmoid_neuron")
    if request.config.getoption("--screens-update"):
        without_fonts = re.sub(r"@font-face \{.*?\}\s*", "", now, flags=re.DOTALL)  # they would be fetched from afar
        PICTURE.write_text(without_fonts, encoding="utf-8")
    assert words(PICTURE.read_text(encoding="utf-8")) == words(now)
