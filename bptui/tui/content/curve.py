"""The curve of a one-input node, with the point where it stands and the tangent there: that is the local derivative."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from bptui.core import text
from bptui.core.graph import Node
from bptui.core.moment import Moment
from bptui.core.order import Pass
from bptui.explaining.formula_words import is_built_in
from bptui.lines.line import Line, Span
from bptui.tui.content.braille import BrailleCanvas
from bptui.tui.content.curve_samples import LARGEST, SAMPLES, LayerFunction, OwnLayerCurve, Samples, sample, usual_range
from layers import Array, library

MOST_POINTS = 200


class Curve(NamedTuple):
    """A layer's graph between two inputs, the node's own ``points``, and the slope of the tangent at the first."""

    function: LayerFunction | OwnLayerCurve
    between: tuple[float, float]
    points: tuple[tuple[float, float], ...]
    slope: float

    @property
    def point(self) -> tuple[float, float]:
        """The point whose tangent is drawn."""
        return self.points[0]

    @property
    def x(self) -> Array:
        """The inputs, where there is a value to draw."""
        return self.samples[0]

    @property
    def y(self) -> Array:
        """The values over ``x``."""
        return self.samples[1]

    @property
    def samples(self) -> Samples:
        """The curve, and the usual range of its values; an empty curve is never made."""
        drawn = (
            self.function.samples if isinstance(self.function, OwnLayerCurve) else sample(self.function, *self.between)
        )
        assert drawn is not None
        return drawn


def curve_of(moment: Moment, name: str, element: int = 0) -> Curve | None:
    """Return the curve of a node with one input that works element by element; None for any other.

    A layer of the user's own draws its own curve, in its process; a replay has none. ``element`` tells whose tangent
    is wanted.
    """
    node = moment.graph.node(name)
    step = moment.step_of(name, Pass.FORWARD)
    if node is None or step is None:
        return None
    out, place = moment.value(name), only_input(moment, node)
    if out is None or place is None:
        return None
    values = moment.tape.at(step.number)
    inputs = [values.value(it) for it in node.inputs]
    x = inputs[place]
    if x is None or x.shape != out.shape or not x.size or x.dtype.kind != "f":
        return None
    constants = tuple((at, float(it)) for at, it in enumerate(inputs) if at != place and it is not None and not it.ndim)
    points = finite_points(x, out, element)
    if len(constants) + 1 < len(inputs) or not points:
        return None
    if not is_built_in(moment.tape, node):
        return own_curve(moment, name, place, points)
    layer = library[node.layer]
    options = tuple(sorted((key, repr(it)) for key, it in node.options.items()))
    function = LayerFunction(layer, node.options, constants, place, options)
    return curve_through(function, points)


def own_curve(moment: Moment, name: str, place: int, points: tuple[tuple[float, float], ...]) -> Curve | None:
    """Return the curve that a layer of the user's own draws through ``points``, None where it has none, or not yet."""
    between = span(points)
    x = np.concatenate([[points[0][0]], np.linspace(*between, SAMPLES)])
    node = moment.graph.node_index(name)
    assert node is not None
    found = moment.tape.curve(moment.progress.iteration, node, place, x)
    if found is None or not np.allclose(found[0][0], points[0][1]) or not abs(found[1]) < LARGEST:
        return None
    drawable = np.abs(found[0]) < LARGEST
    drawable[0] = False
    if not drawable.any():
        return None
    y = found[0][drawable]
    return Curve(OwnLayerCurve((x[drawable], y, usual_range(y))), between, points, found[1])


def curve_through(function: LayerFunction, points: tuple[tuple[float, float], ...]) -> Curve | None:
    """Return a layer's curve around ``points``; None where it has none, or does not go through the first of them."""
    between = span(points)
    drawn = sample(function, *between)
    slope = function.slope(points[0][0]) if drawn else None
    if drawn is None or slope is None or not np.allclose(function(np.array([points[0][0]])), points[0][1]):
        return None
    is_plain_line = bool(function.constants) and np.allclose(np.diff(drawn[1], 2), 0)
    return None if is_plain_line else Curve(function, between, points, slope)


def only_input(moment: Moment, node: Node) -> int | None:
    """Return the place of the one input that is not a constant; None where there are several."""
    constants = set(moment.graph.constants)
    places = [place for place, name in enumerate(node.inputs) if name not in constants]
    return places[0] if len(places) == 1 else None


def finite_points(x: Array, y: Array, element: int) -> tuple[tuple[float, float], ...]:
    """Return the wanted element's point and, thinned out, the others', as far as they can be drawn."""
    stride = max(1, x.size // MOST_POINTS)
    chosen = [min(element, x.size - 1), *range(0, x.size, stride)]
    pairs = ((float(x.flat[at]), float(y.flat[at])) for at in chosen)
    return tuple(pair for pair in pairs if all(abs(it) < LARGEST for it in pair))


def span(points: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """Return the range of inputs to draw: around all points, with 0 in it where that is near."""
    xs = [x for x, _ in points]
    low, high = min(xs), max(xs)
    margin = max(2.0, (high - low) / 4, max(abs(low), abs(high)) / 3)
    low, high = low - margin, high + margin
    return (min(low, -3.0), max(high, 3.0)) if low > -9 and high < 9 else (low, high)


@lru_cache(maxsize=32)
def curve_lines(curve: Curve, width: int, height: int) -> tuple[Line, ...]:
    """Return the picture: the curve, the tangent in dots, and ● at the point; nothing where there is no room."""
    if height < 4 or width < 20:
        return ()
    bottom, top = vertical_range(curve)
    labels = [text.number(top, 3), *[""] * (height - 3), text.number(bottom, 3)]
    margin = max(map(len, labels)) + 1
    canvas = BrailleCanvas(width - margin, height - 1, (curve.x[0], bottom), (curve.x[-1], top))
    canvas.draw_axes()
    canvas.draw(*tangent(curve), "gradient")
    canvas.draw(curve.x, curve.y, "value")
    for x, y in curve.points[1:]:
        canvas.sign(x, y, Span("○", "dim"))
    canvas.sign(*curve.point, Span("●", "strong"))
    rows = [(Span(f"{label:>{margin - 1}} ", "dim"), *canvas.row(row)) for row, label in enumerate(labels)]
    left, right = text.number(float(curve.x[0]), 3), text.number(float(curve.x[-1]), 3)
    room = width - margin - len(left) - len(right)
    return (*rows, (Span(" " * margin + left + " " * room + right if room > 0 else "", "dim"),))


def vertical_range(curve: Curve) -> tuple[float, float]:
    """Return the range of values to draw: the usual ones and the points', with a little room, and never empty."""
    _, _, usual = curve.samples
    ys = [y for _, y in curve.points]
    low, high = min(usual[0], *ys), max(usual[1], *ys)
    room = (high - low) / 20 or max(1.0, abs(high) / 2)
    return low - room, high + room


def tangent(curve: Curve) -> tuple[Array, Array]:
    """Return the tangent as a dotted line, a third of the picture to each side of the point."""
    x, y = curve.point
    reach = (curve.x[-1] - curve.x[0]) / 3
    xs = np.linspace(x - reach, x + reach, 41)
    return xs, y + curve.slope * (xs - x)
