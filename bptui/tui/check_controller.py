"""Checks on the running screen: a task that works on them while no key comes, and what ``=`` leads to."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bptui.checking.finding import Finding
from bptui.checking.verdicts import Judged, Verdicts
from bptui.core.command import GoTo
from bptui.core.order import Pass
from bptui.core.text import visible
from bptui.session.check_scheduler import Checking
from bptui.tui.panels.circuit_panel import CircuitPanel
from bptui.tui.panels.gradients_panel import GradientsPanel
from bptui.tui.panels.tape_panel import TapePanel
from bptui.tui.panels.value_panel import ValuePanel
from bptui.tui.title import TitleLine

if TYPE_CHECKING:
    from bptui.tui.panels.check_panel import CheckScreen
    from bptui.tui.screen import DebuggerScreen

SHOWING = TitleLine | CircuitPanel | TapePanel | GradientsPanel
"""The panes that show verdicts."""

PAUSE = 0.005
"""Seconds between two slices of checking, in which keys are answered."""

LOOK_AGAIN = 0.05
"""Seconds after which it is looked whether there is something to check, or whether a guest's check is done."""


class ScreenChecks:
    """The checks of a session, as one screen asks for them and shows them."""

    def __init__(self, screen: DebuggerScreen) -> None:
        session = screen.session
        self.screen = screen
        self.checking = Checking(session.tape, session.run, touched=lambda: session.touched_at, clock=session.clock)
        self.shown = 0
        self.planned: int | None = None
        self.asked: tuple[str, int] | None = None
        self.overlay: CheckScreen | None = None
        self.is_started = False
        for pane in screen.panes:
            if isinstance(pane, SHOWING):
                pane.verdicts = self.verdicts

    @property
    def verdicts(self) -> Verdicts:
        """What is known so far."""
        return self.checking.verdicts

    # Working.

    def start(self) -> None:
        """Begin to work, once."""
        if not self.is_started:
            self.is_started = True
            self.screen.run_worker(self.work(), group="checks")

    async def work(self) -> None:
        """Check a slice at a time, for as long as the screen is there, whenever no key has come for a while."""
        while True:
            pause = self.checking.pause(self.screen.session.idle)
            if pause is None or pause > 0:
                await asyncio.sleep(pause or LOOK_AGAIN)
                continue
            is_left = self.take_slice()
            self.show()
            await asyncio.sleep(PAUSE if is_left else LOOK_AGAIN)

    def take_slice(self) -> bool:
        """Check for a few milliseconds; return whether anything is left."""
        session = self.screen.session
        if session.idle is not None and not session.is_under_way:
            self.plan(session.moment.iteration - 1)
        return self.checking.work()

    def plan(self, iteration: int) -> None:
        """Go on with the iteration at the cursor."""
        if self.planned != iteration:
            self.planned = iteration
            self.checking.plan(iteration)

    def show(self) -> None:
        """Show new verdicts wherever nodes are shown, and tell of the one that was asked for."""
        self.tell()
        if self.shown == self.verdicts.version:
            return
        self.shown = self.verdicts.version
        for pane in self.screen.panes:
            if isinstance(pane, SHOWING):
                pane.renew()
        if self.overlay:
            before = self.overlay.pane.judged
            self.overlay.renew(self.verdicts.of(before.iteration, before.node) or before)

    # Asking.

    def check(self, name: str | None) -> None:
        """Check a node now, or open the evidence where that is done."""
        iteration = self.screen.moment.iteration - 1
        if name is None:
            self.screen.say("select a node first: n, u, d, / or the mouse")
        elif obstacle := self.checking.obstacle(name, iteration):
            self.screen.say(obstacle)
        elif (judged := self.verdicts.of(iteration, name)) and not judged.is_quick:
            self.open(judged)
        else:
            self.asked = name, iteration
            self.checking.ask(name, iteration)
            self.start()
            self.screen.say(f"checking {visible(name, limit=40)} …", "dim")

    def show_evidence(self, name: str | None) -> None:
        """Open what is known of a node."""
        judged = name and self.verdicts.of(self.screen.moment.iteration - 1, name)
        if judged:
            if judged.is_quick:
                self.checking.ask(judged.node, judged.iteration)
                self.start()
            self.open(judged)
        else:
            self.check(name)

    def tell(self) -> None:
        """Say what came of the check that was asked for, unless a key has come since."""
        if self.asked is None:
            return
        name, iteration = self.asked
        if not self.screen.footer.message:
            self.asked = None
            return
        judged = self.verdicts.of(iteration, name)
        if judged is None or judged.is_quick:
            return
        from bptui.tui.content.evidence import summary  # noqa: PLC0415  (when a check has been asked for)

        self.asked = None
        self.screen.say(f"{summary(judged)}   = shows the evidence", judged.verdict.style)

    def open(self, judged: Judged) -> None:
        """Show the evidence over the screen."""
        from bptui.tui.panels.check_panel import CheckScreen  # noqa: PLC0415  (when it is first wanted)

        self.overlay = CheckScreen(self.screen.moment, judged)
        self.screen.app.push_screen(self.overlay, self.close)

    def close(self, finding: Finding | None) -> None:
        """Go to the element that was chosen, if one was."""
        if self.overlay is None:
            return
        judged, self.overlay = self.overlay.pane.judged, None
        if finding is not None:
            self.jump(judged, finding)

    def jump(self, judged: Judged, finding: Finding) -> None:
        """Go to the node's backward step, and look at the element in its input's gradient."""
        order = self.screen.moment.order
        number = order.step_number(judged.iteration, Pass.BACKWARD, judged.node)
        if number is None:
            number = order.step_number(judged.iteration, Pass.FORWARD, judged.node)
        if number is not None and number != self.screen.moment.position:
            self.screen.do(GoTo(number))
        self.screen.select(finding.input)
        self.screen.show_in_panes()
        value = self.screen.query_one(ValuePanel)
        if finding.worst:
            value.look_at(finding.worst.index)
        self.screen.set_focus(value)
