"""What holds for every layer; each is found by itself, and layer_cases says what inputs it is tried on."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from functools import partial
from itertools import combinations, product
from typing import Any, TypeAlias

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from layer_cases import Case
from layers import Array, Layer
from layers.layer import unbroadcast

Cases: TypeAlias = "st.SearchStrategy[Case]"

MOST = settings().max_examples
"""As the profile says: CI tries the same laws on more cases with `--hypothesis-profile=many`."""

EXTREMES = [0.0, -0.0, 1000.0, -1000.0, 1e308, -1e308, np.inf, -np.inf, np.nan]
MATRIX_PRODUCTS = {"MatMul", "Affine"}


def backward(layer: Layer, dout: Array) -> tuple[Array | None, ...]:
    gradients = layer.backward(dout)
    return gradients if isinstance(gradients, tuple) else (gradients,)


def forward_and_backward(case: Case, inputs: tuple[Any, ...], dout: Array) -> tuple[Array, tuple[Array | None, ...]]:
    layer = case.make()
    return layer.forward(*inputs), backward(layer, dout)


def gradients_of(case: Case, dout: Array) -> tuple[Array | None, ...]:
    return forward_and_backward(case, case.inputs, dout)[1]


def finite_difference(case: Case, position: int, *, h: float = 1e-5) -> Array:
    """Return the central differences of ``Σ dout × out`` for every element of one input."""

    def total(x: Array) -> Any:
        inputs = (*case.inputs[:position], x, *case.inputs[position + 1 :])
        return np.sum(case.dout * case.make().forward(*inputs))

    x = case.inputs[position]
    difference = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        above, below = x.copy(), x.copy()
        above[index] += h
        below[index] -= h
        difference[index] = (total(above) - total(below)) / (2 * h)
    return difference


def assert_equal(got: tuple[Array | None, ...], want: tuple[Array | None, ...]) -> None:
    for one, other in zip(got, want, strict=True):
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))


@settings(max_examples=MOST // 2)
@given(data=st.data())
def test_every_gradient_equals_the_finite_difference(cases: Cases, data: st.DataObject) -> None:
    case = data.draw(cases)
    for position, gradient in enumerate(gradients_of(case, case.dout)):
        if case.names[position] in case.layer.rules:
            np.testing.assert_allclose(np.asarray(gradient), finite_difference(case, position), rtol=1e-6, atol=1e-8)


def exactly_the_inputs_with_a_rule_get_a_gradient_and_it_has_their_shape(case: Case) -> None:
    for name, x, gradient in zip(case.names, case.inputs, gradients_of(case, case.dout), strict=True):
        assert (gradient is not None) == (name in case.layer.rules)
        assert gradient is None or np.shape(gradient) == x.shape


def the_shape_of_the_value_is_known_before_it_is_computed(case: Case) -> None:
    shape = case.make().out_shape(*[x.shape for x in case.inputs])
    assert shape == np.shape(case.make().forward(*case.inputs))
    assert all(type(size) is int for size in shape)


def what_a_layer_keeps_is_as_large_as_an_input_a_value_or_what_it_says_to_make(case: Case) -> None:
    layer, shapes = case.make(), [x.shape for x in case.inputs]
    layer.backward(np.ones_like(layer.forward(*case.inputs)))
    known = [*shapes, *layer.out_shapes(*shapes), *layer.inner_shapes(*shapes)]
    kept = [np.asarray(it) for it in vars(layer).values() if isinstance(it, np.ndarray)]
    assert max((it.size for it in kept), default=0) <= max(math.prod(it) for it in known)


@settings(max_examples=MOST // 2)
@given(data=st.data())
def test_shapes_are_refused_exactly_where_forward_refuses_arrays_of_them(cases: Cases, data: st.DataObject) -> None:
    case = data.draw(cases)
    one = st.lists(st.integers(0, 3), max_size=3).map(tuple)
    shapes = [x.shape if case.is_target(i) else data.draw(one) for i, x in enumerate(case.inputs)]
    inputs = [x if case.is_target(i) else np.ones(shapes[i]) for i, x in enumerate(case.inputs)]
    try:
        expected: object = np.shape(case.make().forward(*inputs))
    except ValueError:
        expected = ValueError
    try:
        inferred: object = case.make().out_shape(*shapes)
    except ValueError:
        inferred = ValueError
    assert inferred == expected or any(word in judged(case, inputs) for word in ("label", "index", "indices"))


def judged(case: Case, inputs: list[Any]) -> str:
    """Return what is wrong with targets for their numbers or their dtype, which no shape tells."""
    try:
        case.make().forward(*inputs)
    except ValueError as error:
        return str(error)
    return ""


def no_two_gradients_share_memory_unless_it_is_dout_s(case: Case) -> None:
    own = [it for it in gradients_of(case, case.dout) if it is not None and not np.shares_memory(it, case.dout)]
    assert not any(np.shares_memory(one, other) for one, other in combinations(own, 2))


def what_a_layer_was_given_stays_as_it_was(case: Case) -> None:
    inputs = tuple(x.copy() for x in case.inputs)
    dout = case.dout.copy()
    layer = case.make()
    layer.forward(*inputs)
    layer.local()
    layer.backward(dout)
    assert_equal((*inputs, dout), (*case.inputs, case.dout))


def backward_is_linear_in_dout(case: Case) -> None:
    other = np.cos(5 * case.dout)
    combined = gradients_of(case, 2 * case.dout - 3 * other)
    for got, one, two in zip(combined, gradients_of(case, case.dout), gradients_of(case, other), strict=True):
        if one is not None and two is not None:
            np.testing.assert_allclose(np.asarray(got), 2 * one - 3 * two, rtol=1e-9, atol=1e-9)


def no_dout_no_gradient(case: Case) -> None:
    for gradient in gradients_of(case, np.zeros_like(case.dout)):
        assert gradient is None or not np.any(gradient)


def float32_stays_float32(case: Case) -> None:
    layer = case.make()
    inputs = case.map(lambda x: x.astype(np.float32))
    exact, _ = forward_and_backward(case, case.inputs, case.dout)
    out = layer.forward(*inputs)
    given_back = [out, *backward(layer, case.dout.astype(np.float32)), *layer.local()]
    assert {np.asarray(array).dtype for array in given_back if array is not None} == {np.dtype(np.float32)}
    np.testing.assert_allclose(out, exact, rtol=1e-4, atol=1e-5)


def integers_count_as_float64(case: Case) -> None:
    whole = case.map(lambda x: np.copysign(np.ceil(np.abs(x)), x))
    as_integers = tuple(x if case.is_target(i) else x.astype(np.int64) for i, x in enumerate(whole))
    out, gradients = forward_and_backward(case, whole, case.dout)
    got, got_gradients = forward_and_backward(case, as_integers, case.dout)
    assert np.asarray(got).dtype == np.float64
    assert_equal((got, *got_gradients), (out, *gradients))


def python_and_numpy_scalars_are_arrays_without_axes(case: Case) -> None:
    if any(x.shape for x in case.inputs):
        return
    out, gradients = forward_and_backward(case, case.inputs, case.dout)
    for scalar in (np.ndarray.item, np.float64):
        got, got_gradients = forward_and_backward(case, tuple(map(scalar, case.inputs)), case.dout)
        assert_equal((got, *got_gradients), (out, *gradients))
        assert all(np.shape(np.asarray(gradient)) == () for gradient in got_gradients)


def backward_leaves_the_layer_as_it_was(case: Case) -> None:
    layer = case.make()
    layer.forward(*case.inputs)
    first = tuple(None if it is None else np.copy(it) for it in backward(layer, case.dout))
    backward(layer, -2 * case.dout)
    assert_equal(backward(layer, case.dout), first)


def backward_belongs_to_the_last_forward(case: Case) -> None:
    layer = case.make()
    layer.forward(*case.map(lambda x: x / 2))
    layer.backward(case.dout)
    layer.forward(*case.inputs)
    assert_equal(backward(layer, case.dout), gradients_of(case, case.dout))


def the_local_derivative_times_dout_is_the_gradient(case: Case) -> None:
    layer = case.make()
    out = layer.forward(*case.inputs)
    local = layer.local()
    assert len(local) == len(case.inputs)
    if case.layer.__name__ in MATRIX_PRODUCTS or not is_elementwise(case, np.shape(out)):
        return
    for x, derivative, gradient in zip(case.inputs, local, backward(layer, case.dout), strict=True):
        if derivative is not None:
            np.testing.assert_allclose(unbroadcast(case.dout * derivative, x.shape), np.asarray(gradient), rtol=1e-12)


def is_elementwise(case: Case, out_shape: tuple[int, ...]) -> bool:
    """Return whether ``dout`` meets the local derivatives element by element."""
    if out_shape == ():
        return True
    try:
        return out_shape == np.broadcast_shapes(*(x.shape for x in case.inputs))
    except ValueError:
        return False


def test_an_empty_batch_goes_through_both_passes(empty_case: Case) -> None:
    for x, gradient in zip(empty_case.inputs, gradients_of(empty_case, empty_case.dout), strict=True):
        assert gradient is None or np.shape(gradient) == x.shape


def no_number_makes_numpy_warn(case: Case) -> None:
    for number, dtype in product(EXTREMES, (np.float64, np.float32)):
        with np.errstate(over="ignore"):
            extreme: Any = np.float64(number).astype(dtype)
        layer = case.make()
        layer.forward(*case.map(partial(mixed_with, extreme)))
        layer.local()
        layer.backward(case.dout.astype(dtype))
        layer.backward(np.full_like(case.dout, extreme, dtype=dtype))


def mixed_with(extreme: Any, x: Array) -> Array:
    """Return an array of 1, and of an extreme number where ``x`` is not below 0."""
    return np.where(x < 0, 1, extreme).astype(extreme.dtype)


LAWS: tuple[Callable[[Case], None], ...] = (
    exactly_the_inputs_with_a_rule_get_a_gradient_and_it_has_their_shape,
    the_shape_of_the_value_is_known_before_it_is_computed,
    what_a_layer_keeps_is_as_large_as_an_input_a_value_or_what_it_says_to_make,
    no_two_gradients_share_memory_unless_it_is_dout_s,
    what_a_layer_was_given_stays_as_it_was,
    backward_is_linear_in_dout,
    no_dout_no_gradient,
    float32_stays_float32,
    integers_count_as_float64,
    python_and_numpy_scalars_are_arrays_without_axes,
    backward_leaves_the_layer_as_it_was,
    backward_belongs_to_the_last_forward,
    the_local_derivative_times_dout_is_the_gradient,
    no_number_makes_numpy_warn,
)
"""What is tried on the same cases, one after the other: to draw a case costs more than to try a law on it."""


@settings(max_examples=MOST // 4)
@given(data=st.data())
def test_every_law_holds(cases: Cases, data: st.DataObject) -> None:
    case = data.draw(cases)
    for law in LAWS:
        law(case)


def test_names_in_rules_and_targets_are_those_of_forward(layer: type[Layer]) -> None:
    parameters = list(inspect.signature(layer.forward).parameters.values())[1:]
    names = {it.name for it in parameters if it.kind is not inspect.Parameter.VAR_POSITIONAL} or {"x"}
    assert layer.targets <= names
    assert layer.rules.keys() <= names - layer.targets
    assert layer.__name__ == "Detach" or layer.rules.keys() | layer.targets == names


def test_a_layer_tells_what_it_is_and_its_options_are_given_by_keyword(layer: type[Layer]) -> None:
    summary, *_ = (layer.__doc__ or "").splitlines()
    assert summary
    assert layer.symbol
    assert layer.formula
    assert all(layer.rules.values())

    kinds = {it.kind for it in inspect.signature(layer).parameters.values()}
    assert kinds <= {inspect.Parameter.KEYWORD_ONLY}
