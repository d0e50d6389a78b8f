"""All that bptui knows of Textual beyond what it documents: names that a new version may take away without a word.

``tests/tui/test_textual_private.py`` fails where one of them has changed, and where another file uses such a name.
"""

from __future__ import annotations

from codecs import getincrementaldecoder
from functools import partial

from textual.app import App
from textual.widget import Widget


class ReportingApp(App[None]):
    """An app that leaves at once after a bug of ours. ``fault`` is the exception; whoever runs the app reports it."""

    fault: Exception | None = None

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


def decode_leniently() -> None:
    """Let the driver for Unix replace the bytes of the terminal's input that are not text, instead of failing."""
    from textual.drivers import linux_driver  # noqa: PLC0415  (its terminal is not everywhere)

    vars(linux_driver)["getincrementaldecoder"] = lenient_decoder


def lenient_decoder(encoding: str) -> object:
    """Return what makes a decoder that replaces the bytes which are not text."""
    return partial(getincrementaldecoder(encoding), errors="replace")
