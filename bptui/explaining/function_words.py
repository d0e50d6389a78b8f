"""What sentences and equations call the functions of a layer that has no words of its own."""

from __future__ import annotations

from bptui.core.graph import Node
from bptui.core.text import visible


def maker_of(node: Node) -> str:
    """Return what makes a node's value, as the person wrote it: its layer, or a function: ``affine_forward``."""
    functions = node.functions
    is_function = functions is not None and functions.forward and "." not in functions.forward
    return visible(functions.forward if functions and is_function else node.layer)


def backward_name(node: Node) -> str:
    """Return what makes the gradients, as the person wrote it: ``Affine.backward``, ``affine_backward``."""
    functions = node.functions
    return visible(functions.backward if functions and functions.backward else f"{node.layer}.backward")


def backward_call(node: Node) -> str:
    """Return how the gradients come about: ``affine_backward(dout)``, ``dout × Sigmoid.gradient``."""
    functions = node.functions
    if functions is not None and functions.is_derivative:
        return f"dout × {backward_name(node)}"
    return f"{backward_name(node)}({dout_names(node)})"


def backward_phrase(node: Node) -> str:
    """Return what an input gets, in a sentence."""
    functions = node.functions
    if functions is None or not functions.is_derivative:
        return f"what {backward_name(node)} makes of {dout_names(node)}"
    beside = " beside its value" if functions.is_one else ""
    return f"dout times what {backward_name(node)} returns{beside}"


def giver_of(node: Node) -> str:
    """Return what gives several inputs their gradients, in a sentence."""
    functions = node.functions
    return backward_phrase(node) if functions and functions.is_derivative else backward_name(node)


def dout_names(node: Node) -> str:
    """Return what arrives at a node: ``dout``, or ``d h, d c`` where it has several outputs."""
    if len(node.outputs) == 1:
        return "dout"
    return ", ".join(f"d {visible(name)}" for name in node.outputs)
