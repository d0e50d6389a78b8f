"""A report as it looks at a prompt and in a notebook, where a person only writes its name."""

from __future__ import annotations

from dataclasses import fields

from bptui.checking.finding import Report
from bptui.lines.line import Line, text_of_lines
from bptui.report.check_report import report_lines, tally_line
from bptui.report.notebook_html import lines_html


class ShownReport(Report):
    """A report that is written as ``bptui check`` prints it."""

    @classmethod
    def of(cls, report: Report) -> ShownReport:
        """Return a report as one that shows itself."""
        return cls(**{it.name: getattr(report, it.name) for it in fields(report)})

    @property
    def lines(self) -> tuple[Line, ...]:
        """All of it, the tally last."""
        return (*report_lines(self.title, self), tally_line([self]))

    def __repr__(self) -> str:
        return text_of_lines(self.lines)

    def _repr_html_(self) -> str:
        return lines_html(self.lines)
