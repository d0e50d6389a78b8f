"""All that bptui knows of Textual beyond what it documents: names that a new version may take away without a word.

Its driver for Unix has a file of its own. ``tests/tui/test_textual_private.py`` fails where one of the names has
changed, and where yet another file uses such a name.
"""

from __future__ import annotations

from collections.abc import Iterable

from textual.app import App
from textual.driver import Driver
from textual.geometry import Region
from textual.widget import Widget


class ReportingApp(App[None]):
    """An app that leaves at once after a bug of ours. ``fault`` is the exception; the caller of ``run`` reports it."""

    fault: Exception | None = None

    @property
    def driver(self) -> Driver | None:
        """What the screen is drawn with, once there is one."""
        return self._driver

    def _handle_exception(self, error: Exception) -> None:
        if self.fault is None:
            self.fault = error
        super()._handle_exception(error)

    def _fatal_error(self) -> None:
        """Close without writing a traceback over the screen."""
        self._close_messages_no_wait()


def forget_dirty_regions(widget: Widget) -> None:
    """Tell a widget that renders its own strips that all of them are up to date."""
    widget._dirty_regions.clear()  # noqa: SLF001  (as ``Widget.render_line`` does once it has made them)


def repaint(widget: Widget, regions: Iterable[Region]) -> None:
    """Have parts of a widget painted that renders its own strips and has neither border nor padding.

    ``Widget.refresh`` comes to the same by three messages, and empties caches that such a widget does not use.
    """
    widget._repaint_regions.update(regions)  # noqa: SLF001  (as ``Widget.refresh`` does)
    widget.screen._dirty_widgets.add(widget)  # noqa: SLF001  (as ``Screen`` does once it is told)
    widget.screen.check_idle()
