"""``bptui.run``: the tape of a scenario's run, and what can be done with it in a notebook or at a prompt."""

from __future__ import annotations

from bptui.checking.finding import Report
from bptui.core.tape import Tape
from bptui.report.shown_tape import ShownTape, is_terminal, left_as_it_was
from bptui.running import Run
from bptui.scenario.scenario import Scenario


class ScenarioTape(ShownTape, Tape):
    """The complete tape of a scenario. ``check`` judges it; from then on it is shown with the verdicts."""

    def __init__(self, scenario: Scenario, tape: Tape) -> None:
        super().__init__(
            tape.order,
            tape.leaves,
            tape.dout,
            library=tape.library,
            optimizer=tape.optimizer,
            revisit=tape.revisit,
        )
        self.iterations = tape.iterations
        self.scenario = scenario

    @property
    def shown_tape(self) -> Tape:
        return self

    def check(self) -> Report:
        """Return the report on every node, as of ``bptui.check``; it prints as ``bptui check`` prints it."""
        from bptui.checking.check_scenario import check  # noqa: PLC0415  (few are checked)
        from bptui.report.shown_report import ShownReport  # noqa: PLC0415

        self.report = ShownReport.of(check(self.scenario))
        return self.report

    def show(self) -> None:
        """Open the debugger in a terminal; elsewhere, as in a notebook, show the table and the circuit."""
        if not is_terminal():
            self.show_here()
            return
        from bptui.tui.app import open_debugger  # noqa: PLC0415  (few show it, and none without a terminal)

        with left_as_it_was():
            open_debugger(self.scenario)


def run(scenario: Scenario) -> ScenarioTape:
    """Return the complete tape of a scenario: every step of both passes, in every iteration.

    Raises LayerError where a layer fails.
    """
    it = Run(scenario)
    it.finish()
    it.close()
    if it.failure:
        raise it.failure
    return ScenarioTape(scenario, it.tape)
