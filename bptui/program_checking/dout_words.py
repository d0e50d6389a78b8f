"""What is said of a dout that is not the sum of what came back, with the lines of both."""

from __future__ import annotations

from collections.abc import Sequence

from bptui.core.graph import Node
from bptui.core.text import number, visible
from bptui.program_checking.dout_sums import Contribution, HandedDout
from bptui.program_checking.pass_douts import PassDouts


def dout_name(handed: HandedDout) -> str:
    """Return which dout is meant: to which node it is handed, and where."""
    return f"the dout handed to {called_backward(handed.step.node)} ({handed.step.call})"


def called_backward(node: Node) -> str:
    """Return what is called to go back, as a person writes it: ``first.bprop``, ``affine_backward``."""
    owner, _, name = (node.functions.backward if node.functions else "").rpartition(".")
    return visible(name) if name and not owner else f"{visible(node.name)}.{visible(name or 'backward')}"


def passed_over_words(douts: PassDouts, handed: HandedDout, node: Node) -> str:
    """Return what is said where a dout is that of a node behind one that never went back."""
    came = [
        it for slot in douts.graph.slots_of(douts.graph.node_index(node.name) or 0) for it in douts.contributions[slot]
    ]
    name = visible(node.name)
    return (
        f"{dout_name(handed)} is what came back for {name} ({lines_of(came)}), "
        f"and the backward of {name} (forward in {node.where}) is never called"
    )


def missing_words(douts: PassDouts, handed: HandedDout, left_out: Sequence[Contribution]) -> str:
    """Return what is said where what came back from some uses is left out."""
    uses = " and ".join(f"{visible(it.step.name)} ({it.place})" for it in left_out)
    value = visible(douts.graph.names[handed.slot])
    return (
        f"{dout_name(handed)} is the gradient of {value} without what came back from {uses}: "
        f"a value that is used several times gets the sum"
    )


def missing_call_words(douts: PassDouts, handed: HandedDout, skipped: Node) -> str:
    """Return what is said where one of the uses never went back."""
    value, name = visible(douts.graph.names[handed.slot]), visible(skipped.name)
    return (
        f"{dout_name(handed)} is the gradient of {value} without that of its use by {name} "
        f"(forward in {skipped.where}), whose backward is never called"
    )


def twice_words(douts: PassDouts, handed: HandedDout, twice: Contribution) -> str:
    """Return what is said where what came back from one use is added twice."""
    value = visible(douts.graph.names[handed.slot])
    return (
        f"{dout_name(handed)} is the gradient of {value} with what came back from "
        f"{visible(twice.step.name)} ({twice.place}) added twice"
    )


def exchanged_words(douts: PassDouts, handed: HandedDout, missing: Contribution, twice: Contribution) -> str:
    """Return what is said where one use counts twice, and another not at all."""
    return (
        f"{missing_words(douts, handed, [missing])}; "
        f"instead, that from {visible(twice.step.name)} ({twice.place}) is there twice"
    )


def mistaken_words(douts: PassDouts, handed: HandedDout, missing: Contribution, other: Contribution) -> str:
    """Return what is said where, of all that a call back has returned, the gradient of another value is added."""
    value, name = visible(douts.graph.names[handed.slot]), visible(other.step.node.inputs[other.position])
    return (
        f"{dout_name(handed)} is the gradient of {value} with that of {name} in the place of its own, "
        f"both returned by {visible(missing.step.name)} ({missing.place})"
    )


def swapped_words(douts: PassDouts, handed: HandedDout, other: Contribution) -> str:
    """Return what is said where the gradient of another value is handed over."""
    index = douts.graph.node_index(other.step.name) or 0
    name = visible(douts.graph.names[douts.graph.edges[index][other.position]])
    value = visible(douts.graph.names[handed.slot])
    return (
        f"{dout_name(handed)} is the gradient of {name}, returned by {visible(other.step.name)} "
        f"({other.place}), and not that of {value}"
    )


def unscaled_words(douts: PassDouts, handed: HandedDout, scaled: Node) -> str:
    """Return what is said where a value is used times a number, and what came back is handed on without it."""
    value, name = visible(douts.graph.names[handed.slot]), visible(scaled.name)
    return (
        f"{scaled_dout_words(douts, handed, scaled)} as it is, and not "
        f"{factor_text(scaled)}, as {value} is in {name} ({scaled.where})"
    )


def scaled_twice_words(douts: PassDouts, handed: HandedDout, scaled: Node) -> str:
    """Return what is said where a value is used times a number, and what came back is multiplied by it twice."""
    value, name = visible(douts.graph.names[handed.slot]), visible(scaled.name)
    return (
        f"{scaled_dout_words(douts, handed, scaled)} "
        f"{factor_text(scaled)} twice, and {value} is in {name} once ({scaled.where})"
    )


def scaled_dout_words(douts: PassDouts, handed: HandedDout, scaled: Node) -> str:
    """Return that what came back for a scaled value is what a dout is made of."""
    slot = douts.graph.slot_of(douts.graph.node_index(scaled.name) or 0)
    came = lines_of(douts.contributions[slot])
    return f"{dout_name(handed)} is what came back for {visible(scaled.name)} ({came})"


def factor_text(scaled: Node) -> str:
    """Return what the code has multiplied by, or divided."""
    if "divisor" in scaled.options:
        return f"divided by {scaled.options['divisor']}"
    return f"times {number(scaled.options['factor'])}"


def batch_words(handed: HandedDout, came: Sequence[Contribution], size: int) -> str:
    """Return what is said where the batch size divides once more."""
    return (
        f"{dout_name(handed)} is what came back ({lines_of(came)}) divided by {size}, the size of the batch: "
        f"the loss is a mean, and its backward has divided by it already"
    )


def lines_of(came: Sequence[Contribution]) -> str:
    """Return where the gradients come from: nodes, each with its line."""
    return ", ".join(f"{visible(it.step.name)} in {it.place}" for it in came)
