"""The terminal's input, made proof against bytes that are no text: line noise, a Latin-1 paste, old mouse reports."""

from __future__ import annotations

from textual.drivers.linux_driver import LinuxDriver


class ForgivingDriver(LinuxDriver):
    """Textual's driver for Unix, which goes on reading where a byte cannot be decoded."""

    def run_input_thread(self) -> None:
        while not self.exit_event.is_set():
            try:
                super().run_input_thread()
            except UnicodeDecodeError:
                continue  # what was read with the stray byte is lost; what comes next is not
