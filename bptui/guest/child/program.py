"""The program in the child process: it loads the user's files and does what it is asked, one request after the other.

The parent trusts nothing that it says; so all that is caught here is caught for the user's sake, to name the line.
"""

from __future__ import annotations

import contextlib
import linecache
import os
import random
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from bptui.guest.child.confinement import confine
from bptui.guest.child.exception_message import complaint
from bptui.guest.child.instance import Instance
from bptui.guest.child.user_path import OUR_PATH, user_folders
from bptui.guest.wire import PREFIX, Message, decode, encode

MOST_WARNINGS = 20
"""Kinds of warnings that are told apart in one call."""


def answer_requests(control: int, last_words: int) -> None:
    """Answer requests until there are no more."""
    confine(last_words)
    sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123  (for as long as the process lives)
    requests = os.fdopen(control, "rb", closefd=False)
    desk = Desk()
    while prefix := requests.read(PREFIX.size):
        header, payload = PREFIX.unpack(prefix)
        request = decode(requests.read(header), requests.read(payload))
        send(control, desk.answer(request))


def send(control: int, answer: bytes) -> None:
    """Write an answer, all of it."""
    left = memoryview(answer)
    while left:
        left = left[os.write(control, left) :]


class Desk:
    """Who answers: the user's modules, and the instances of their classes by number."""

    def __init__(self) -> None:
        self.files: set[str] = set()
        self.modules: dict[str, ModuleType] = {}
        self.instances: dict[int, Instance] = {}
        self.warnings: Counter[str] = Counter()
        warnings.simplefilter("always")
        warnings.showwarning = self.count_warning
        self.requests: Mapping[str, Callable[[Message], Message]] = {
            "load": self.load,
            "new": self.new,
            "forward": lambda it: self.instance(it).forward(it["arrays"], it["names"]),
            "backward": lambda it: self.instance(it).backward(it["arrays"][0], it["names"]),
            "local": lambda it: self.instance(it).local(it["arrays"], it["names"]),
            "kept": lambda it: self.instance(it).kept(it["arrays"], it["names"]),
            "job": self.job,
        }

    def answer(self, request: Message) -> bytes:
        """Do what is asked, and say how it went."""
        self.warnings.clear()
        for number in request.get("dropped", ()):
            self.instances.pop(number, None)
        try:
            self.sow(request.get("seed"))
            with np.errstate(divide="call", over="call", under="ignore", invalid="call", call=self.count_fault):
                answer = self.requests[request["do"]](request)
            content = encode({**answer, "warnings": dict(self.warnings)})
        except BaseException as error:  # noqa: BLE001  (the fence around the user's code: sys.exit, too)
            content = encode(complaint(error, self.files))
        flush_output()
        return content

    def load(self, request: Message) -> Message:
        """Run the user's files. Their text comes along, so that what runs is what was looked at and allowed."""
        for path, text in zip(request["files"], request["arrays"], strict=True):
            self.files.add(path)
            self.modules[path] = run_file(path, text.tobytes().decode())
        return {}

    def new(self, request: Message) -> Message:
        """Note a node: its object is made when its first values come."""
        name = request["layer"]
        layer = getattr(self.modules[request["file"]], name, None) or missing(name)
        self.instances[request["instance"]] = Instance(layer, request["held"], tuple(request["options"]))
        return {}

    def job(self, request: Message) -> Message:
        """Let a function of ours work on an instance."""
        module, _, name = request["job"].partition(":")
        work = getattr(import_ours(module), name)
        return self.instance(request).job(work, request["arrays"], request["arguments"])

    def instance(self, request: Message) -> Instance:
        """Return the instance that a request is about."""
        return self.instances[request["instance"]]

    def sow(self, seed: list[int] | None) -> None:
        """Seed what draws at random without a seed of its own, so that a run can be repeated."""
        if seed is not None:
            random.seed(str(seed))
            if "numpy.random" in sys.modules:
                np.random.seed(seed)  # noqa: NPY002  (it is what the book's layers draw from)

    def count_fault(self, kind: str, flag: int) -> None:  # noqa: ARG002  (NumPy's protocol)
        """Count a floating-point fault."""
        self.count(kind)

    def count_warning(self, message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
        """Count a warning."""
        self.count(f"{category.__name__}: {message}"[:200])

    def count(self, kind: str) -> None:
        """Count one of a kind; of many kinds, one in a heap."""
        self.warnings[kind if kind in self.warnings or len(self.warnings) < MOST_WARNINGS else "others"] += 1


def missing(name: str) -> Callable[..., Any]:
    """Return what stands for a class that the source promised, and running it did not give."""

    def make(*_: Any, **__: Any) -> Any:
        raise NameError(f"running the file has not defined {name}")

    return make


def import_ours(name: str) -> ModuleType:
    """Return a module of ours, even if the user has a ``layers.py``: each side goes on with its own."""
    theirs = take_out_layers()
    path, sys.path[:] = list(sys.path), list(OUR_PATH)
    try:
        return import_module(name)
    finally:
        take_out_layers()
        sys.path[:] = path
        sys.modules.update(theirs)


def take_out_layers() -> dict[str, ModuleType]:
    """Forget whatever is imported as ``layers``, and return it."""
    names = [name for name in sys.modules if name.partition(".")[0] == "layers"]
    return {name: sys.modules.pop(name) for name in names}


def run_file(path: str, text: str) -> ModuleType:
    """Return the module that a file's text is, which may import what lies beside it."""
    linecache.cache[path] = (len(text), None, text.splitlines(keepends=True), path)
    user_folders.add(Path(path).parent)
    if "random" in text:
        import_module("numpy.random")
    name = Path(path).stem
    module = ModuleType(name)
    module.__file__ = path
    sys.modules.setdefault(name, module)
    exec(compile(text, path, "exec"), vars(module))  # noqa: S102  (the user has allowed it)
    return module


def flush_output() -> None:
    """Hand on what was printed, so that it belongs to the call that printed it."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # the user may have put anything there, or closed it
            stream.flush()
