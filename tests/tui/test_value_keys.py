"""The keys and clicks of the value panel, on a running screen."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bptui.tui.app import BptuiApp
from screens import debugger_screen, shown

AppOf = Callable[..., BptuiApp]

CUBE = """
[inputs]
x = [[[1.5, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 0.1]]]
[nodes]
y = "x * 1"
z = "Sum(y)"
"""


async def test_v_turns_from_gradients_to_values_and_back(app_of: AppOf) -> None:
    async with app_of().run_test(size=(120, 40)) as pilot:
        await pilot.press("3", "n")
        assert "Gradient · d price" in shown(pilot.app)
        await pilot.press("v")
        assert "Value · price" in shown(pilot.app)
        await pilot.press("v")
        assert "Gradient · d price" in shown(pilot.app)


async def test_slices_are_walked_through_and_end_at_the_last(app_of: AppOf) -> None:
    async with app_of(CUBE).run_test(size=(120, 40)) as pilot:
        await pilot.press("n", "greater_than_sign")
        assert "[1, :, :] 2 of 2" in shown(pilot.app)
        await pilot.press("5", "greater_than_sign")
        assert "slice [1, :, :], 2 of 2: there is none beyond" in shown(pilot.app)
        await pilot.press("less_than_sign")
        assert "[0, :, :] 1 of 2" in shown(pilot.app)


async def test_j_goes_to_the_largest_and_a_typed_index_to_its_element(app_of: AppOf) -> None:
    async with app_of(CUBE).run_test(size=(120, 40)) as pilot:
        await pilot.press("n", "j")
        assert "largest by size at [1, 1, 0]" in shown(pilot.app)
        assert "[1, 1, 0] 7" in shown(pilot.app)
        await pilot.press("colon", *"element 0, 1, 1", "enter")
        assert "[0, 1, 1] 4" in shown(pilot.app)
        await pilot.press("colon", *"element [9, 9, 9]", "enter")
        assert "there is no element [9, 9, 9]: the shape is [2, 2, 2]" in shown(pilot.app)
        await pilot.press("colon", *"element nan", "enter")
        assert "all elements are finite" in shown(pilot.app)


async def test_j_goes_from_one_nan_to_the_next(app_of: AppOf) -> None:
    text = "[inputs]\nx = [1.0, -1.0, 4.0, -2.0]\n[nodes]\ny = 'Log(x)'\nz = 'Sum(y)'\n"
    async with app_of(text).run_test(size=(120, 40)) as pilot:
        await pilot.press("n")
        for place in ("[1]", "[3]", "[1]"):
            await pilot.press("j")
            assert f"NaN at {place}" in shown(pilot.app)


async def test_h_draws_colours_and_gives_a_folded_panel_the_room_for_them(app_of: AppOf) -> None:
    async with app_of(CUBE).run_test(size=(80, 24)) as pilot:
        await pilot.press("n")
        assert "▀▀" not in shown(pilot.app)
        await pilot.press("h")
        assert "▀▀" in shown(pilot.app)
        assert debugger_screen(pilot.app).value.has_focus


async def test_a_click_selects_the_number_under_it(app_of: AppOf) -> None:
    async with app_of(CUBE).run_test(size=(120, 40)) as pilot:
        await pilot.press("n")
        rows = shown(pilot.app).splitlines()
        y = max(y for y, row in enumerate(rows) if "3.0 4.0" in row)  # the node's panel shows it, too
        panel = debugger_screen(pilot.app).value.region
        await pilot.click("#value", offset=(rows[y].rindex("4.0") - panel.x, y - panel.y))
        assert "[0, 1, 1] 4" in shown(pilot.app)


async def test_ctrl_c_copies_the_selected_number_whole(app_of: AppOf) -> None:
    async with app_of("[inputs]\nx = 0.1\n[nodes]\ny = 'x + 0.2'\n").run_test(size=(120, 40)) as pilot:
        await pilot.press("n", "ctrl+c")
        assert pilot.app.clipboard == "0.30000000000000004"
        assert "copied 0.30000000000000004" in shown(pilot.app)
        assert pilot.app.is_running


@pytest.mark.parametrize("between", ["n", "u", "5"])
async def test_ctrl_c_leaves_only_when_nothing_comes_between(app_of: AppOf, between: str) -> None:
    app = app_of()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("n", "ctrl+c", between, "ctrl+c")
        assert app.return_code is None
        await pilot.press("ctrl+c")
    assert app.return_code == 130


async def test_without_colours_h_says_why_there_is_no_heat_map(app_of: AppOf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with app_of(CUBE).run_test(size=(120, 40)) as pilot:
        await pilot.press("n", "h")
        assert "a heat map needs colours" in shown(pilot.app)
