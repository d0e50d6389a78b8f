"""Files as they are told in what is published: without the folders in which they lie, where their whole path is given.

Whoever reads a page or the marks of a hand-in is not at home there.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from bptui.checking.finding import Finding, Report
from bptui.core.text import visible


def folders_of(files: Iterable[Path]) -> list[str]:
    """Return the folders of files that are given by their whole path, as they stand before names, the longest first."""
    absolute = [it.parent for path in files if path.is_absolute() for it in (path, path.resolve())]
    found = {visible(f"{it}{os.sep}", limit=4_096) for it in absolute if it != it.parent}
    return sorted(found, key=len, reverse=True)


def without_folders(words: str, folders: Sequence[str]) -> str:
    """Return words in which no file is told with one of these ``folders`` before its name."""
    for folder in folders:
        words = words.replace(folder, "")
    return words


def published_report(report: Report) -> Report:
    """Return a report that tells each file by its name alone, where it was told by its whole path."""
    folders = folders_of(Path(it.where.path) for it in report.findings if it.where)
    if not folders:
        return report
    return replace(report, findings=tuple(published_finding(it, folders) for it in report.findings))


def published_finding(finding: Finding, folders: Sequence[str]) -> Finding:
    """Return a finding without these folders."""
    where = finding.where and finding.where._replace(path=without_folders(finding.where.path, folders))
    return replace(finding, where=where, reason=without_folders(finding.reason, folders))
