"""The program in the child process: it loads the user's files and does what it is asked, one request after the other.

The parent trusts nothing that it says; so all that is caught here is caught for the user's sake, to name the line.
"""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from bptui.guest.child.confinement import confine, telling_where_it_is
from bptui.guest.child.description import describe
from bptui.guest.child.exception_message import exception_as_message
from bptui.guest.child.instance import InputSharing, Instance
from bptui.guest.child.own_parameters import find_own_parameters
from bptui.guest.child.randomness import Randomness
from bptui.guest.child.styles.method_pair import PassNames
from bptui.guest.child.styles.recipe import Recipe
from bptui.guest.child.user_modules import import_ours, run_file
from bptui.guest.child.user_path import user_folders
from bptui.guest.wire import PREFIX, Message, decode_message, encode_message

MOST_WARNINGS = 20
"""Kinds of warnings that are told apart in one call."""


def answer_requests(control: int, last_words: int) -> None:
    """Answer requests until there are no more."""
    confine(last_words)
    sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123  (for as long as the process lives)
    requests = os.fdopen(control, "rb", closefd=False)
    handler = RequestHandler(last_words)
    while prefix := requests.read(PREFIX.size):
        header, payload = PREFIX.unpack(prefix)
        request = decode_message(requests.read(header), requests.read(payload))
        send(control, handler.answer(request))


def send(control: int, answer: bytes) -> None:
    """Write an answer, all of it."""
    left = memoryview(answer)
    while left:
        left = left[os.write(control, left) :]


class RequestHandler:
    """Who answers: the layers that the user's files give, and those at work by number."""

    def __init__(self, last_words: int) -> None:
        self.last_words = last_words
        self.randomness = Randomness()
        self.files: set[str] = set()
        self.recipes: dict[str, Mapping[str, Recipe]] = {}
        self.instances: dict[int, Instance] = {}
        self.warnings: Counter[str] = Counter()
        warnings.simplefilter("always")
        warnings.showwarning = self.count_warning
        self.requests: Mapping[str, Callable[[Message], Message]] = {
            "load": self.load,
            "new": self.new,
            "forward": lambda it: self.instance(it).forward(it["arrays"]),
            "backward": lambda it: self.instance(it).backward(it["arrays"]),
            "local": lambda it: self.instance(it).local(it["arrays"]),
            "kept": lambda it: self.instance(it).kept(it["arrays"]),
            "parameters": self.find_parameters,
            "job": self.job,
        }

    def answer(self, request: Message) -> bytes:
        """Do what is asked, and say how it went."""
        self.warnings.clear()
        for number in request.get("dropped", ()):
            self.instances.pop(number, None)
        try:
            if "seed" in request:
                self.randomness.seed_all(request["seed"])
            with np.errstate(divide="call", over="call", under="ignore", invalid="call", call=self.count_fault):
                answer = self.requests[request["do"]](request)
            content = encode_message({**answer, "warnings": dict(self.warnings)})
        except BaseException as error:  # noqa: BLE001  (the fence around the user's code: sys.exit, too)
            content = encode_message(
                exception_as_message(error, lambda file: file in self.files or user_folders.holds(file))
            )
        flush_output()
        return content

    def load(self, request: Message) -> Message:
        """Run the user's files, and say what they give.

        Their text comes along, so that what runs is what was looked at and allowed.
        """
        named = {base: PassNames(*names) for base, names in request["styles"].items()}
        given, modules = [], []
        self.randomness.seed_all([0])
        with telling_where_it_is(self.last_words):
            for path, text in zip(request["files"], request["arrays"], strict=True):
                self.files.add(path)
                modules.append(run_file(path, text.tobytes().decode()))
                self.recipes[path], described = describe(modules[-1], named)
                given.append(described)
        self.randomness.know(modules)
        return {"given": given}

    def new(self, request: Message) -> Message:
        """Note a node: its object is made when its first values come."""
        recipe = self.recipes[request["file"]][request["layer"]]
        self.instances[request["instance"]] = Instance(recipe, InputSharing(**request["order"]))
        return {}

    def find_parameters(self, request: Message) -> Message:
        """Look for the parameters that a layer makes itself."""
        seed_all = partial(self.randomness.seed_all, request["seed"])
        return find_own_parameters(self.instance(request), request["arrays"], seed_all)

    def job(self, request: Message) -> Message:
        """Let a function of ours work on an instance."""
        module, _, name = request["job"].partition(":")
        work = getattr(import_ours(module), name)
        instance = self.instance(request)
        instance.making = partial(self.randomness.from_the_start, request["seed"])
        return instance.job(work, request["arrays"], request["arguments"])

    def instance(self, request: Message) -> Instance:
        """Return the instance that a request is about."""
        return self.instances[request["instance"]]

    def count_fault(self, kind: str, flag: int) -> None:  # noqa: ARG002  (NumPy's protocol)
        """Count a floating-point fault."""
        self.count(kind)

    def count_warning(self, message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
        """Count a warning."""
        self.count(f"{category.__name__}: {message}"[:200])

    def count(self, kind: str) -> None:
        """Count one of a kind; of many kinds, one in a heap."""
        self.warnings[kind if kind in self.warnings or len(self.warnings) < MOST_WARNINGS else "others"] += 1


def flush_output() -> None:
    """Hand on what was printed, so that it belongs to the call that printed it."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # the user may have put anything there, or closed it
            stream.flush()
