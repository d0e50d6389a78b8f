"""The check of a layer of the user's own, made in the process in which it runs.

There the check sees the very arrays that the layer was given and has returned, and a thousand calls cost no messages.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import numpy as np

from bptui.checking.check_node import check_node
from bptui.checking.fault import FaultError
from bptui.checking.finding import Finding, Verdict
from bptui.checking.finding_record import finding_record
from bptui.checking.function_source import names_infinity, tree_of
from bptui.checking.module_weights import module_weights
from bptui.checking.node_findings import broken_down
from bptui.checking.probe import called
from bptui.checking.subject import Checked, Subject
from bptui.checking.subject_record import read_subject
from bptui.errors import Location
from bptui.guest.child.instance import InputSharing, Instance, differs
from bptui.guest.observation import words_of_non_finite
from bptui.own_layers.own_layer import TARGETS


def check_here(
    instance: Instance, values: Sequence[Any], *, is_whole: bool, has_unpaired: bool, about: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the findings on the class of ``instance`` at ``values``, as a message, given its record."""
    if not has_unpaired:  # all that a layer draws when it is made is given to it
        instance.making = nullcontext
    subject = replace(
        read_subject(about, values, lambda: Adapter(instance)),
        options=options_of(instance),
        remade=lambda changed: Adapter(instance, changed),
        inside=object_in,
        functions=(instance.recipe.forward, instance.recipe.backward),
    )
    try:
        findings = [*check_node(subject, is_whole=is_whole), *labels(subject), *non_finite_findings(subject, instance)]
        findings += weights_of_module(subject, instance)
    except Exception as error:  # noqa: BLE001  (a bug of the check itself would be the layer's: what that raises is a finding)
        findings = [broken_down(subject, error)]
    return {"findings": list(map(finding_record, findings)), "arrays": []}


def labels(subject: Subject) -> Iterator[Finding]:
    """Yield the findings on labels and targets: they need no gradient, so whatever backward says of them is right."""
    for name, slot in zip(subject.names, subject.slots, strict=True):
        if slot in TARGETS:
            reason = "labels or targets, which need no gradient"
            yield Finding(subject.node, subject.layer, name, "gradient", Verdict.PASS, reason=reason)


def weights_of_module(subject: Subject, instance: Instance) -> Iterator[Finding]:
    """Yield a finding on each array of the module that forward uses: it is not an input, so it can't be checked."""
    for name in module_weights(instance.recipe.forward):
        reason = f"forward uses module-level {name}, which is not an input of this node: its gradient is not checked; "
        reason += f"take {name} as an input, or keep it on self"
        mistake = "module-level weights"
        yield Finding(
            subject.node, subject.layer, None, "gradient", Verdict.SKIP, reason=reason, mistake=mistake, slot=name
        )


def non_finite_findings(subject: Subject, instance: Instance) -> Iterator[Finding]:
    """Yield the finding on a layer that makes NaN or infinity of finite numbers: the operation, and its numbers."""
    try:
        layer = Instance(instance.recipe, instance.order, instance.making)
        message = called(lambda: layer.forward(subject.inputs), "forward")
    except FaultError:  # the check of the node has told of it
        return
    found = message.get("non_finite")
    if found and not (found["origin"] is None and found["kind"] != "NaN" and is_meant(instance)):
        reason = f"forward {words_of_non_finite(found)}"
        origin = found["origin"]
        where = Location(origin["file"], origin["line"]) if origin else None
        mistake = f"{found['kind']} of finite numbers"
        yield Finding(
            subject.node, subject.layer, None, "finite", Verdict.FAIL, reason=reason, mistake=mistake, where=where
        )


def is_meant(instance: Instance) -> bool:
    """Return whether forward speaks of infinity itself, as a mask before a softmax does."""
    code = getattr(inspect.unwrap(instance.recipe.forward), "__code__", None)
    tree = tree_of(code) if code else None
    return tree is not None and names_infinity(tree)


class Adapter:
    """A fresh object of an instance's class, with what it holds among the values of ``forward``."""

    def __init__(self, instance: Instance, changed: Mapping[str, Any] | None = None) -> None:
        self.instance = Instance(instance.recipe, with_options(instance, changed or {}), instance.making)
        self.given: Sequence[Any] = ()
        self.count = len(instance.order.inputs)
        self.held = len(instance.order.held)

    def object_for(self, values: Sequence[Any]) -> Any:
        """Return the object that goes forward with ``values``, made now if there is none."""
        return self.instance.object if self.instance.handle else self.instance.handle_for(values).object

    def forward(self, *values: Any) -> Any:
        """Return what the object's forward does, whatever it is."""
        self.given = values[self.count :]
        handle = self.instance.handle_for(values)
        self.instance.inputs = [np.asarray(value) for value in values[: self.count]]
        out = handle.value(self.instance.forward_call()())
        self.hand_on_changes()
        return out

    def backward(self, *douts: Any) -> Any:
        """Return what the object's backward does, and after it the gradients that it has left for what it holds."""
        before = list(map(np.array, self.instance.made_values()))
        returned = self.with_kept(self.instance.gradients_for(list(map(np.asarray, douts))))
        self.hand_on_changes()
        for was, now, given in zip(before, self.instance.made_values(), self.given[self.held :], strict=True):
            if differs(now, was):
                write_into(given, now)
        is_list = self.instance.returns_list and isinstance(returned, tuple)
        return list(returned) if is_list else returned

    def with_kept(self, returned: Any) -> Any:
        """Return what backward has returned, and behind it what it has left."""
        kept = list(map(copy_of, self.instance.kept_gradients()))
        if not kept or isinstance(returned, list):
            return returned
        held = len(self.instance.held)
        if is_one_each(returned, self.count + held):
            return (*returned, *kept[held:])
        parts = returned if isinstance(returned, tuple) else (returned, *[None] * (self.count - 1))
        return (*parts, *kept)

    def hand_on_changes(self) -> None:
        """Do to the values that were given what the object has done to the copies that it holds."""
        for own, given in zip(self.instance.held, self.given, strict=False):
            if isinstance(given, np.ndarray) and differs(own, given):
                write_into(given, own)


def write_into(given: Any, now: Any) -> None:
    """Write into an array that a layer was given what it has in the place of that now."""
    if isinstance(given, np.ndarray) and given.flags.writeable and given.shape == np.shape(now):
        given[...] = now


def object_in(layer: Checked, values: Sequence[Any]) -> Any:
    """Return the user's own object in an adapter."""
    assert isinstance(layer, Adapter)
    return layer.object_for(values)


def options_of(instance: Instance) -> dict[str, Any]:
    """Return the options that a layer takes, with those that it was given."""
    order, recipe = instance.order, instance.recipe
    defaults = {**defaults_of(recipe.init), **defaults_of(recipe.forward)}
    known = {name: value for name, value in defaults.items() if name not in order.slots}
    return {**known, **order.init_options, **order.forward_options}


def defaults_of(function: Callable[..., Any] | None) -> dict[str, Any]:
    """Return the defaults of a function's parameters; nothing where it cannot be looked into."""
    try:
        parameters = inspect.signature(function).parameters.values() if function else ()
    except (TypeError, ValueError):
        return {}
    return {it.name: it.default for it in parameters if it.default is not it.empty}


def with_options(instance: Instance, changed: Mapping[str, Any]) -> InputSharing:
    """Return how values and options are shared out, some options changed: those of ``__init__`` where it has them."""
    order = instance.order
    known = {*defaults_of(instance.recipe.init), *order.init_options}
    init = {name: value for name, value in changed.items() if name in known}
    forward = {name: value for name, value in changed.items() if name not in known}
    return replace(
        order, init_options={**order.init_options, **init}, forward_options={**order.forward_options, **forward}
    )


def copy_of(gradient: Any) -> Any:
    """Return a gradient that a layer keeps in an array of its own, and may overwrite the next time."""
    return np.array(gradient) if isinstance(gradient, np.ndarray) else gradient


def is_one_each(returned: Any, count: int) -> bool:
    """Return whether backward has returned a gradient for every value, the held ones included."""
    return isinstance(returned, tuple) and len(returned) == count
