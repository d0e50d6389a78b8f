"""The terminal's input, made proof against bytes that are not text: line noise, a Latin-1 paste, old mouse reports."""

from __future__ import annotations

from codecs import getincrementaldecoder
from functools import partial

from textual.drivers import linux_driver


class ForgivingDriver(linux_driver.LinuxDriver):
    """Textual's driver for Unix, which takes what cannot be decoded for a sign that no key has."""

    def run_input_thread(self) -> None:
        vars(linux_driver)["getincrementaldecoder"] = forgiving_decoder
        super().run_input_thread()


def forgiving_decoder(encoding: str) -> object:
    """Return what makes a decoder that replaces the bytes which are not text."""
    return partial(getincrementaldecoder(encoding), errors="replace")
