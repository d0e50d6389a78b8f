"""What a guest has returned, held against what a layer has to return."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bptui.core.text import counted, shape, visible
from bptui.guest.fault import Fault, MisnamedOutputs
from bptui.guest.wire import Message
from bptui.own_layers.own_layer import TARGETS, Share


@dataclass(frozen=True, eq=False, slots=True)
class Returned:
    """Reads what ``forward`` and ``backward`` of a node return, whose values are shared out as ``share`` says.

    ``takes_gradient`` tells it of each value, ``needs_gradient`` whether somebody waits for it; ``dtype`` is the
    scenario's.
    """

    share: Share
    takes_gradient: Sequence[bool]
    needs_gradient: Sequence[bool]
    dtype: np.dtype[Any]

    def outs(self, answer: Message) -> list[Any]:
        """Return the outputs of a node. Raises Fault."""
        parts, arrays = answer["parts"], answer["arrays"]
        if len(parts) != self.share.outputs:
            other = visible(str(parts[0].get("other", "one value")))
            raise MisnamedOutputs(f"returned {other} for the {self.share.outputs} outputs that the formula names")
        return [self.out(*part) for part in zip(parts, arrays, strict=True)]

    def out(self, part: Message, out: Any) -> Any:
        """Return one output."""
        if out is None:
            other = visible(str(part.get("other")))
            if other.startswith("a tuple of ") and self.share.outputs == 1:
                raise MisnamedOutputs(f"returned {other}, and the formula names one output")
            missing = ": a return is missing" if other == "None" else ", not an array"
            raise Fault(f"returned {other}{missing}")
        return self.dtype.type(out) if part.get("kind") == "number" else out

    def gradients(self, answer: Message, values: Sequence[Any]) -> list[Any]:
        """Return a gradient for each of the node's ``values``, None where there is none. Raises Fault."""
        shared, count = len(self.share.inputs), len(self.share.held)
        parts = list(zip(answer["parts"], answer["arrays"], strict=True))
        end = len(parts) - count - len(self.share.made)
        returned, held, made = parts[:end], parts[end : end + count], parts[end + count :]
        missing = self.needs_gradient[len(returned) : shared]
        if not answer["is_tuple"] or not any(missing):
            returned += [({"other": "None"}, None)] * (shared - len(returned))
        if count and len(returned) == shared + count:
            held = []
        elif len(returned) != shared:
            raise Fault(f"returned {counted(len(returned), 'gradient')} for {counted(shared, 'input')}")
        return [self.gradient(*part, place, values[place]) for place, part in enumerate(returned + held + made)]

    def gradient(self, part: Message, gradient: Any, place: int, value: Any) -> Any:
        """Return the gradient of the value at ``place``."""
        name = visible(self.share.slots[place])
        if gradient is None:
            if part.get("other") == "None":
                return None
            raise Fault(f"returned {visible(str(part.get('other')))} as the gradient of {name}, not an array")
        if not self.takes_gradient[place]:
            return None
        if np.shape(gradient) != np.shape(value):
            raise Fault(f"gives {name}, which is {shape(value)}, a gradient that is {shape(gradient)}")
        return self.dtype.type(gradient) if part.get("kind") == "number" else gradient

    def value_oddities(self, value: Any) -> Iterator[str]:
        """Yield what is odd about the dtype of a value."""
        if value.dtype != self.dtype:
            yield f"returns {value.dtype} where the scenario has {self.dtype}"

    def gradient_oddities(self, gradients: Sequence[Any]) -> Iterator[str]:
        """Yield what is odd about gradients that can be used all the same."""
        for name, needs, gradient in zip(self.share.slots, self.needs_gradient, gradients, strict=True):
            if gradient is not None and gradient.dtype != self.dtype:
                yield f"gives {visible(name)} a gradient of {gradient.dtype} where the scenario has {self.dtype}"
            if gradient is None and needs and name not in TARGETS:
                places = f": neither in self.d{visible(name)} nor in self.grads" if name in self.share.held else ""
                yield f"gives {visible(name)} no gradient{places}"
