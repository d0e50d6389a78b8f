"""The progress of a check: a line on a terminal that is gone in the end, nothing elsewhere, and ctrl+c ends it."""

from __future__ import annotations

import signal
from io import StringIO
from pathlib import Path

from bptui.report.progress_line import ProgressLine, bar
from terminal import Child


class Terminal(StringIO):
    """A file that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


def shown_in(file: StringIO) -> list[str]:
    """Return what the line was, one after the other."""
    return file.getvalue().split("\r\x1b[K")[1:]


def test_nothing_is_written_where_no_one_looks() -> None:
    file = StringIO()
    progress = ProgressLine(5, file)
    progress.show_nodes(5000, 10_000)
    progress.advance()
    progress.clear()
    assert not file.getvalue()


def test_a_large_scenario_shows_its_nodes_a_hundred_times_at_most() -> None:
    file = Terminal()
    progress = ProgressLine(1, file)
    for done in range(1, 10_001):
        progress.show_nodes(done, 10_000)
    progress.clear()
    *shown, last = shown_in(file)
    assert len(shown) == 101
    assert shown[50] == "[##########..........]  50 % of 10,000 nodes"
    assert shown[-1] == "[####################] 100 % of 10,000 nodes, now the network as a whole"
    assert last == ""


def test_small_scenarios_show_how_many_of_them_are_done() -> None:
    file = Terminal()
    progress = ProgressLine(2, file)
    progress.show_nodes(3, 5)
    progress.advance()
    progress.clear()
    assert shown_in(file) == ["1 of 2 checked", ""]


def test_a_bar_is_full_at_the_end_only() -> None:
    assert "." not in bar(1000, 1000)
    assert "." in bar(999, 1000)


def test_a_check_under_way_ends_at_ctrl_c(tmp_path: Path) -> None:
    path = tmp_path / "large.toml"
    path.write_text(f'[inputs]\nx = 0.5\n[nodes]\ny = "{" + ".join(["x"] * 5_000)}"\n')
    child = Child("check", str(path))
    child.wait_for(b"% of 4,999 nodes")
    child.press(b"\x03")
    assert child.end() == 128 + signal.SIGINT
    assert b"Traceback" not in child.seen
    assert child.seen.rstrip().endswith(b"\x1b[K")
