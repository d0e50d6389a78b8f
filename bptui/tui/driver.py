"""The terminal's input, made proof against bytes that are not text: line noise, a Latin-1 paste, old mouse reports."""

from __future__ import annotations

from textual.drivers.linux_driver import LinuxDriver

from bptui.tui.textual_private import decode_leniently


class ForgivingDriver(LinuxDriver):
    """Textual's driver for Unix, which takes what cannot be decoded for a sign that no key has."""

    def run_input_thread(self) -> None:
        decode_leniently()
        super().run_input_thread()
