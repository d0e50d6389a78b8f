"""The nursery: a process with NumPy and ours imported already, which splits off a guest's process when asked for one.

Starting Python and NumPy takes a tenth of a second, splitting off a process a hundredth of that. The nursery never runs
a line of the user's, and has no thread from which a fork could take a lock along.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import Sequence

from bptui.guest.lifeline import die_with_parent
from bptui.guest.wire import PREFIX, Message

HANDED = 5
"""Descriptors that come with a request: the guest's line, its lifeline, its output, its last words and its status."""


def main(requests: int, lifeline: int) -> None:
    """Split off a guest's process for each request, until there are no more."""
    die_with_parent(lifeline)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # those that have ended leave nothing behind
    from bptui.guest.child import program, start  # noqa: F401, PLC0415  (NumPy comes when the lifeline holds)
    from bptui.guest.child.user_modules import import_ours  # noqa: PLC0415

    line = socket.socket(fileno=requests)
    while (received := receive(line)) is not None:
        request, descriptors = received
        for module in request["modules"]:
            import_ours(module)
        if descriptors and not os.fork():
            line.close()
            os.close(lifeline)
            control, own_lifeline, printed, last_words, status = descriptors
            settle(request, printed)
            start.main(control, own_lifeline, last_words, status)
            sys.exit()
        for descriptor in descriptors:
            os.close(descriptor)


def receive(line: socket.socket) -> tuple[Message, Sequence[int]] | None:
    """Return the next request with its descriptors, None where there are no more."""
    prefix, descriptors, _, _ = socket.recv_fds(line, PREFIX.size, HANDED)
    if not prefix:
        return None
    header, _ = PREFIX.unpack(prefix)
    content = bytearray()
    while len(content) < header:
        content += line.recv(header - len(content))
    return json.loads(content), descriptors


def settle(request: Message, printed: int) -> None:
    """Let this process be as if the parent had started it: with a session, a folder and streams of its own."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    with contextlib.suppress(OSError):
        os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    nothing = os.open(os.devnull, os.O_RDONLY)
    for ours, theirs in ((nothing, 0), (printed, 1), (printed, 2)):
        os.dup2(ours, theirs)
    os.close(nothing)
    os.close(printed)
