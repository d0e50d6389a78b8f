"""A recording that starts when there are branches already: how they were made comes first, as if it were done now."""

from __future__ import annotations

from collections.abc import Iterator

from bptui.core.verbs.branches import DropBranch, NameBranch, SwitchBranch
from bptui.recording.recorder import Recorder
from bptui.session.branch import Branch, Branches


def record_branches(recorder: Recorder, branches: Branches) -> None:
    """Record all branches, with those that they come from though they were dropped, and follow the current one."""
    dropped = dict[str, Branch]()
    for branch in branches.by_name.values():
        for it in lineage(branch):
            if not recorder.has(it):
                record_making(recorder, it)
            if it not in branches.by_name.values():
                dropped[it.began_as] = it
    for name in dropped:
        recorder.done(DropBranch(name), 0)
    for label, branch in branches.by_name.items():
        if label != branch.began_as:
            go_to_recorded(recorder, branch, branch.began_as)
            recorder.done(NameBranch(label), 0)
    go_to_recorded(recorder, branches.here, branches.current)


def lineage(branch: Branch) -> Iterator[Branch]:
    """Yield the branches that a branch comes from, the one that the run started with first, and itself last."""
    if branch.origin is not None:
        yield from lineage(branch.origin)
    yield branch


def record_making(recorder: Recorder, branch: Branch) -> None:
    """Record how a branch was made, in the one that it comes from."""
    assert branch.origin is not None
    assert branch.command is not None
    go_to_recorded(recorder, branch.origin, branch.origin.began_as)
    recorder.done(branch.command, branch.made_at)
    recorder.follow(branch.began_as, branch)


def go_to_recorded(recorder: Recorder, branch: Branch, label: str) -> None:
    """Go to a branch that is recorded, by what it is called in the recording so far."""
    if recorder.track.source.tape is not branch.tape:
        recorder.done(SwitchBranch(label), 0)
        recorder.follow(branch.began_as, branch)
