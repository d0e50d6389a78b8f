"""Checks on the running screen: asked for, unasked, and what they lead to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bptui.checking import Finding, Verdict, Worst
from bptui.checking.verdicts import Judged
from bptui.core.verbs.branches import SetValue
from bptui.running import Run
from bptui.scenario.load import load
from bptui.tui.app import BptuiApp
from bptui.tui.evidence_screen import EvidenceScreen
from runs import session_on
from screens import debugger_screen, shown, wait_until_shown

BOOK = Path(__file__).parents[2] / "scenarios" / "book"

OpenOn = Callable[..., BptuiApp]


@pytest.fixture
def open_on() -> Iterator[OpenOn]:
    """The program over a scenario; with ``idle``, nodes are checked unasked."""
    runs = []

    def open_on(name: str, *, idle: float | None = None) -> BptuiApp:
        layers = [BOOK / "book.py"] if name.startswith("book/") else []
        run = Run(load(str(BOOK.parent / f"{name}.toml"), layers=layers))
        run.finish()
        runs.append(run)
        session = session_on(run, name)
        session.idle = idle
        return BptuiApp(session)

    yield open_on
    for run in runs:
        run.close()


async def test_a_kink_is_told_marked_and_opens_to_its_evidence(open_on: OpenOn) -> None:
    async with open_on("relu_kink").run_test(size=(80, 24)) as pilot:
        await pilot.press("n", "equals_sign")
        await wait_until_shown(pilot, "◇ y: Relu is right, at a kink")
        assert "◇▶┓" in shown(pilot.app)
        await pilot.press("equals_sign")
        assert isinstance(pilot.app.screen, EvidenceScreen)
        assert "gradient of x" in shown(pilot.app)
        await pilot.press("escape")
        assert not isinstance(pilot.app.screen, EvidenceScreen)


async def test_a_node_of_a_new_branch_is_checked_though_checks_began_in_another(open_on: OpenOn) -> None:
    async with open_on("buy_apple").run_test(size=(80, 24)) as pilot:
        await pilot.press("n", "equals_sign")
        await wait_until_shown(pilot, "✓ apple_price: Mul is right")
        debugger_screen(pilot.app).do(SetValue("apple = 3"))
        await wait_until_shown(pilot, "branch b1")
        await pilot.press("equals_sign")
        await wait_until_shown(pilot, "✓ apple_price: Mul is right")


async def test_a_wrong_layer_is_found_and_enter_jumps_to_the_element_that_shows_it(open_on: OpenOn) -> None:
    async with open_on("book/softmax_ignores_dout").run_test(size=(120, 40)) as pilot:
        await pilot.press("n", "equals_sign")
        await wait_until_shown(pilot, "✗ loss: SoftmaxWithLoss is wrong: ignores dout")
        await pilot.press("enter")
        assert "backward says" in shown(pilot.app)
        await pilot.press("enter")
        screen = debugger_screen(pilot.app)
        assert (screen.moment.position, screen.moment.name, screen.selected) == (4, "loss", "x")
        assert "Gradient · d x" in shown(pilot.app)
        assert "[0, 0] -0.5" in shown(pilot.app)


async def test_every_node_is_checked_unasked_and_the_tape_stays_what_it_was(open_on: OpenOn) -> None:
    app = open_on("two_layer", idle=0.01)
    before = [repr(step) for step in app.session.tape]
    async with app.run_test(size=(160, 50)) as pilot:
        await pilot.press("G")
        await wait_until_shown(pilot, "checked 4 of 4")
        marks = app.session.checks.verdicts.marks(0)
        assert marks == dict.fromkeys(("a1", "z1", "a2", "loss"), "✓")
        text = shown(app)
        for row in ("1 a1   ✓", "5 loss ✓"):
            assert row in text
        assert [line for line in text.splitlines() if "W1 █" in line and "✓" in line]
    assert [repr(step) for step in app.session.tape] == before


async def test_the_first_frame_says_that_x_goes_to_the_wrong_layer_and_there_the_node_begins_with_it(
    open_on: OpenOn,
) -> None:
    async with open_on("book/softmax_ignores_dout", idle=0.01).run_test(size=(80, 24)) as pilot:
        await wait_until_shown(pilot, "x goes there")
        assert debugger_screen(pilot.app).moment.position == 0
        await pilot.press("x")
        assert debugger_screen(pilot.app).moment.name == "loss"
        assert "┃✗ ignores dout at x[" in shown(pilot.app)
        assert "Enter shows why" in shown(pilot.app)


async def test_what_an_own_layer_does_that_is_odd_stands_at_its_node(open_on: OpenOn) -> None:
    async with open_on("book/relu_in_place").run_test(size=(120, 40)) as pilot:
        await pilot.press("G")
        await wait_until_shown(pilot, "▲ z: Relu.backward writes into")


async def test_nothing_is_checked_unasked_while_keys_come(open_on: OpenOn) -> None:
    app = open_on("two_layer", idle=3600.0)
    async with app.run_test(size=(120, 40)) as pilot:
        debugger_screen(app).start_checks()
        await pilot.press("n", "n")
        assert not app.session.checks.verdicts.marks(0)


async def test_with_nothing_selected_all_nodes_are_checked_and_the_wrong_one_is_selected(open_on: OpenOn) -> None:
    async with open_on("book/softmax_ignores_dout").run_test(size=(120, 40)) as pilot:
        await pilot.press("equals_sign")
        await wait_until_shown(pilot, "✗ loss: SoftmaxWithLoss is wrong: ignores dout: Enter shows why")
        assert debugger_screen(pilot.app).selected == "loss"


async def test_tab_goes_from_element_to_element_in_the_evidence_and_enter_to_the_chosen_one(open_on: OpenOn) -> None:
    async with open_on("two_layer").run_test(size=(120, 40)) as pilot:
        found = tuple(
            Finding("a1", "Affine", name, "gradient", Verdict.FAIL, worst=Worst(index, 1.0, 2.0, 0.1))
            for name, index in (("x", (0, 1)), ("W1", (1, 2)), ("b1", (2,)))
        )
        pilot.app.session.checks.verdicts.add(Judged("a1", "Affine", 0, found))  # type: ignore[attr-defined]
        await pilot.press("n", "enter")
        assert "➤ at x[0, 1]" in shown(pilot.app)
        await pilot.press("tab")
        assert "➤ at W1[1, 2]" in shown(pilot.app)
        assert "➤ at x[0, 1]" not in shown(pilot.app)
        await pilot.press("tab", "tab", "tab", "enter")
        assert debugger_screen(pilot.app).selected == "W1"
        assert "[1, 2]" in shown(pilot.app)


async def test_what_cannot_be_checked_says_why(open_on: OpenOn) -> None:
    async with open_on("two_layer").run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        assert "select a node first" in shown(pilot.app)
        await pilot.press("n", "d", "equals_sign")
        assert "is given, so there is no layer to check" in shown(pilot.app)


async def test_evidence_of_a_look_in_passing_becomes_that_of_the_full_check_while_it_is_read(open_on: OpenOn) -> None:
    app = open_on("two_layer")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("n")
        checks = app.session.checks
        checks.verdicts.add(Judged("a1", "Affine", 0, (), is_quick=True))
        await pilot.press("enter")
        await wait_until_shown(pilot, "✓ gradient of W1")
        assert isinstance(app.screen, EvidenceScreen)
        assert "Looked at in passing" not in shown(app)
