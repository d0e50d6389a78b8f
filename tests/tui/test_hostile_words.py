"""A scenario's own words are shown as they are: as text, never as markup, and nothing in them can be clicked."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bptui.session.session import Session
from bptui.tui.app import BptuiApp
from screens import rows

LINK = "[@click=app.quit]leave[/]"


async def test_markup_in_a_title_is_shown_and_a_click_on_it_does_nothing(session_of: Callable[..., Session]) -> None:
    session = session_of()
    session.name = session.title = LINK
    session.about = f"{LINK} [/red] h[t] [bold"
    app = BptuiApp(session)
    async with app.run_test(size=(120, 40)) as pilot:
        places = [(row.index(LINK), y) for y, row in enumerate(rows(app)) if LINK in row]
        assert len(places) == 3  # the title line, and the welcome's title and words
        assert any("[/red] h[t]" in row for row in rows(app))
        for x, y in places:
            await pilot.click(offset=(x + LINK.index("leave"), y))
        await pilot.press("n")
        assert app.is_running
        assert app.return_code is None
        assert "step 1/4" in rows(app)[0]


@pytest.mark.parametrize("typed", ["[/red]", LINK, "[bold"])
async def test_markup_that_is_typed_comes_back_as_text(app_of: Callable[..., BptuiApp], typed: str) -> None:
    async with app_of().run_test(size=(120, 40)) as pilot:
        await pilot.press("slash")
        pilot.app.screen.footer.typed = pilot.app.screen.footer.typed.insert(typed)  # type: ignore[attr-defined]
        await pilot.press("enter")
        assert f"nothing is called {typed}" in rows(pilot.app)[-1]
