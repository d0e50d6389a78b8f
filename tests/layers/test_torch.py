"""Every layer's values and gradients against PyTorch, an engine that shares nothing with ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layer_cases import Case, case_of
from layers import library

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")
DEEP_LAYERS = pytest.importorskip("deep_layers_in_torch").DEEP_LAYERS
F = torch.nn.functional


def reduced(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a reduction of torch as a function of our options."""

    def reduction(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
        axes = tuple(range(x.ndim)) if axis is None else axis
        return function(x, dim=axes, keepdim=keepdims) if axes != () else function(x.reshape(1), dim=0)

    return reduction


def cross_entropy(x: Any, t: Any, *, reduction: str, ignore_index: int = -100) -> Any:
    if t.shape == x.shape:
        losses = -(t.double() * torch.log_softmax(x, -1)).sum(-1)
        return {"mean": losses.mean, "sum": losses.sum, "none": losses.clone}[reduction]()
    rows = F.cross_entropy(x.reshape(-1, x.shape[-1]), t.reshape(-1), reduction=reduction, ignore_index=ignore_index)
    return rows.reshape(t.shape) if reduction == "none" else rows


def probability_loss(x: Any, t: Any, *, reduction: str = "mean", ignore_index: int = -100) -> Any:
    """Return what ``x``, logarithms of probabilities, costs; torch's own takes labels only."""
    if t.shape == x.shape:
        losses = -(t.double() * x).sum(-1)
        return {"mean": losses.mean, "sum": losses.sum, "none": losses.clone}[reduction]()
    rows = F.nll_loss(x.reshape(-1, x.shape[-1]), t.reshape(-1), reduction=reduction, ignore_index=ignore_index)
    return rows.reshape(t.shape) if reduction == "none" else rows


def divergence(logp: Any, q: Any, *, reduction: str) -> Any:
    each = F.kl_div(logp, q, reduction="none")
    samples = int(np.prod(logp.shape[:-1]))  # torch's batchmean counts the first axis alone, and warns of its mean
    return {"mean": each.mean, "batchmean": lambda: each.sum() / samples, "sum": each.sum, "none": each.clone}[
        reduction
    ]()


def hinge(x: Any, t: Any, *, margin: float = 1.0, reduction: str) -> Any:
    """Return the multiclass hinge loss; torch's divides each sample's by the number of classes."""
    classes, empty = x.shape[-1], x.new_zeros(t.shape)
    rows = (
        F.multi_margin_loss(x.reshape(-1, classes), t.reshape(-1), margin=margin, reduction="none").reshape(t.shape)
        * classes
        if t.numel()
        else x.sum(-1) + empty
    )
    return {"mean": rows.mean, "sum": rows.sum, "none": rows.clone}[reduction]()


def batch_norm(x: Any, *others: Any, eps: float = 1e-5, axis: Any = None) -> Any:
    axes = [it for it in range(x.ndim) if it != 1] if axis is None else [it % x.ndim for it in np.atleast_1d(axis)]
    kept = [1 if it in axes else size for it, size in enumerate(x.shape)]
    gamma, beta, *given = [it if it.ndim in (0, x.ndim) else it.reshape(kept) for it in others]
    mean, var = given or (x.mean(axes, keepdim=True), x.var(axes, keepdim=True, correction=0))
    return gamma * (x - mean) / torch.sqrt(var + eps) + beta


def layer_norm(x: Any, gamma: Any, beta: Any, eps: float = 1e-5, axes: int = 1) -> Any:
    return F.layer_norm(x, x.shape[-axes:], eps=eps) * gamma + beta


def group_norm(x: Any, gamma: Any, beta: Any, *, groups: int, eps: float = 1e-5) -> Any:
    if not x.numel():
        return x * gamma + beta
    gamma, beta = (it.expand(x.shape[1]) for it in (gamma, beta))
    return F.group_norm(x, groups, gamma, beta, eps)


def split_in_torch(x: Any, axis: int, parts: Any) -> Any:
    return x.split(parts, axis) if isinstance(parts, list) else x.tensor_split(parts, axis)


def dropped_out(x: Any, *, ratio: float = 0.5, train: bool = True) -> Any:
    """Return a dropout with the mask that ours draws; what torch draws is another."""
    kept = torch.tensor(np.random.default_rng((0,)).random(tuple(x.shape)) >= ratio)
    return torch.where(kept, x, 0.0) / (1 - ratio) if train else x.clone()


def padded(x: Any, *, widths: Any, value: float = 0.0) -> Any:
    pairs = np.broadcast_to(np.array(widths), (x.ndim, 2)) if x.ndim else np.zeros((0, 2), dtype=int)
    return F.pad(x, [int(it) for pair in pairs[::-1] for it in pair], value=value) if x.ndim else x.clone()


def product(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    axes = list(range(x.ndim)) if axis is None else [it % x.ndim for it in np.atleast_1d(axis)]
    for it in sorted(axes, reverse=True):
        x = x.prod(dim=it, keepdim=keepdims)
    return x.clone()


def mean_squared_error(y: Any, t: Any, *, reduction: str) -> Any:
    if reduction == "half_sum":
        return F.mse_loss(y, t, reduction="sum") / 2
    return F.mse_loss(y, t, reduction=reduction)


def variance(x: Any, *, dim: Any, keepdim: bool = False) -> Any:
    deviation = x - x.mean(dim=dim, keepdim=True)  # torch.var warns of an empty batch
    return (deviation * deviation).mean(dim=dim, keepdim=keepdim)


def sliced(x: Any, *, axis: int = 0, start: int | None = None, stop: int | None = None) -> Any:
    return x.movedim(axis, 0)[start:stop].movedim(0, axis)


def transposed(x: Any, *, axes: list[int] | None = None) -> Any:
    return x.permute(tuple(reversed(range(x.ndim))) if axes is None else axes)


IN_TORCH: Mapping[str, Callable[..., Any]] = {
    **DEEP_LAYERS,
    "Abs": torch.abs,
    "Add": torch.add,
    "Affine": lambda x, w, b: x @ w + b,
    "BatchNorm": batch_norm,
    "BinaryCrossEntropy": lambda p, t, reduction: F.binary_cross_entropy(p, t.double(), reduction=reduction),
    "BroadcastTo": lambda x, shape: x.expand(shape),
    "Clip": torch.clamp,
    "Concat": lambda *xs, axis=0: torch.cat(xs, dim=axis),
    "Cos": torch.cos,
    "CrossEntropy": lambda p, t, eps=1e-7, reduction="mean": probability_loss(
        torch.log(p + eps), t, reduction=reduction
    ),
    "CumSum": lambda x, axis=0: torch.cumsum(x, axis),
    "Detach": lambda x: x.detach(),
    "Div": torch.div,
    "Dropout": dropped_out,
    "Einsum": lambda *xs, equation: torch.einsum(equation, *xs),
    "Elu": F.elu,
    "Erf": torch.erf,
    "Exp": torch.exp,
    "Flatten": lambda x: x.reshape(x.shape[0], int(np.prod(x.shape[1:]))),
    "Gather": lambda x, rows=None, indices=None: x[
        torch.as_tensor(rows if indices is None else indices, dtype=torch.long)
    ],
    "Gelu": lambda x, approximate: F.gelu(x, approximate="tanh" if approximate else "none"),
    "GroupNorm": group_norm,
    "Huber": lambda y, t, delta, reduction: F.huber_loss(y, t, delta=delta, reduction=reduction),
    "KLDivergence": divergence,
    "L1Loss": F.l1_loss,
    "LayerNorm": layer_norm,
    "LeakyRelu": lambda x: F.leaky_relu(x, 0.01),
    "Log": torch.log,
    "LogSigmoid": F.logsigmoid,
    "LogSoftmax": lambda x, axis=-1: torch.log_softmax(x, axis),
    "MatMul": torch.matmul,
    "Max": reduced(torch.amax),
    "Maximum": torch.maximum,
    "Mean": reduced(torch.mean),
    "MeanSquaredError": mean_squared_error,
    "Min": reduced(torch.amin),
    "Minimum": torch.minimum,
    "Mul": torch.mul,
    "MulticlassHinge": hinge,
    "Neg": torch.neg,
    "NegativeLogLikelihood": probability_loss,
    "Norm": reduced(torch.linalg.vector_norm),
    "PRelu": lambda x, slope: torch.where(x > 0, x, slope * x),
    "Pad": padded,
    "Pow": torch.pow,
    "Prod": product,
    "RMSNorm": lambda x, gamma, eps=1e-5: F.rms_norm(x, x.shape[-1:], eps=eps) * gamma,
    "Relu": torch.relu,
    "Reshape": lambda x, shape: x.reshape(shape),
    "Sigmoid": torch.sigmoid,
    "SigmoidWithLoss": lambda x, t: F.binary_cross_entropy_with_logits(x, t.double()),
    "Silu": F.silu,
    "Sin": torch.sin,
    "Slice": sliced,
    "Softmax": lambda x, axis=-1: torch.softmax(x, axis),
    "SoftmaxWithLoss": cross_entropy,
    "Softplus": F.softplus,
    "Split": lambda x, axis=0, parts=2: torch.cat([it.reshape(-1) for it in split_in_torch(x, axis, parts)]),
    "Sqrt": torch.sqrt,
    "Square": torch.square,
    "Stack": lambda *xs, axis=0: torch.stack(xs, dim=axis),
    "Sub": torch.sub,
    "Sum": reduced(torch.sum),
    "Tanh": torch.tanh,
    "Transpose": transposed,
    "Var": reduced(variance),
    "Where": lambda condition, x, y: torch.where(condition != 0, x, y),
}
"""What PyTorch calls it, with our options."""


def run_in_torch(case: Case) -> tuple[Any, list[Any]]:
    """Return the value and the inputs' gradients, None where there is none."""
    if case.layer.__name__ not in IN_TORCH:
        pytest.fail(f"{case.layer.__name__} is compared with nothing: add it to IN_TORCH in {__file__}")
    inputs = [torch.tensor(x, requires_grad=not case.is_target(i)) for i, x in enumerate(case.inputs)]
    out = IN_TORCH[case.layer.__name__](*inputs, **case.options)
    if out.requires_grad:
        out.backward(torch.tensor(case.dout))
    return out.detach().numpy(), [None if x.grad is None else x.grad.numpy() for x in inputs]


def assert_same_as_torch(case: Case) -> None:
    want, want_gradients = run_in_torch(case)
    layer = case.make()
    np.testing.assert_allclose(layer.forward(*case.inputs), want, rtol=1e-12, atol=1e-14)
    gradients = layer.backward(case.dout)
    for got, other in zip(gradients if isinstance(gradients, tuple) else (gradients,), want_gradients, strict=True):
        assert (got is None) == (other is None)
        if got is not None:
            np.testing.assert_allclose(got, other, rtol=1e-10, atol=1e-13)


@settings(max_examples=60)
@given(data=st.data())
def test_values_and_gradients_are_pytorch_s(cases: st.SearchStrategy[Case], data: st.DataObject) -> None:
    assert_same_as_torch(data.draw(cases))


@pytest.mark.parametrize(
    ("layer", "options", "inputs"),
    [
        ("Relu", {}, ([-1000.0, -0.0, 0.0, 1000.0],)),
        ("LeakyRelu", {}, ([-1000.0, -0.0, 0.0, 1000.0],)),
        ("Abs", {}, ([-1000.0, -0.0, 0.0, 1000.0],)),
        ("Sigmoid", {}, ([-1000.0, -40.0, 0.0, 40.0, 1000.0],)),
        ("Tanh", {}, ([-1000.0, 0.0, 1000.0],)),
        ("Softmax", {}, ([-1000.0, 0.0, 1000.0],)),
        ("LogSoftmax", {}, ([-1000.0, 0.0, 1000.0],)),
        ("Sqrt", {}, ([0.0, 1000.0, -1.0],)),
        ("Log", {}, ([0.0, 1000.0, -1.0],)),
        ("Exp", {}, ([-1000.0, 1000.0],)),
        ("Clip", {"min": -1, "max": 1}, ([-1000.0, -1.0, 1.0, 1000.0],)),
        ("Maximum", {}, ([0.0, 1.0, 2.0], [0.0, 2.0, 1.0])),
        ("Minimum", {}, ([0.0, 1.0, 2.0], [0.0, 2.0, 1.0])),
        ("Max", {"axis": 1}, ([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]],)),
        ("Min", {"axis": 1}, ([[1.0, 1.0, 3.0], [2.0, 2.0, 2.0]],)),
        ("PRelu", {}, ([-1000.0, -0.0, 0.0, 1000.0], [0.25, 0.25, 0.25, 0.25])),
        ("Elu", {}, ([-1000.0, -0.0, 0.0, 1000.0],)),
        ("Softplus", {}, ([-1000.0, -40.0, 0.0, 1000.0],)),
        ("LogSigmoid", {}, ([-1000.0, -40.0, 0.0, 1000.0],)),
        ("Silu", {}, ([-1000.0, -40.0, 0.0, 1000.0],)),
        ("Gelu", {"approximate": False}, ([-1000.0, -30.0, 0.0, 1000.0],)),
        ("Gelu", {"approximate": "tanh"}, ([-1000.0, -30.0, 0.0, 1000.0],)),
        ("Erf", {}, ([-1000.0, -3.0, 0.0, 1e-9, 1000.0],)),
        ("Norm", {}, ([0.0, 0.0],)),
        ("Norm", {"axis": 1}, ([[0.0, 0.0], [3.0, -4.0]],)),
        ("Prod", {"axis": 1}, ([[2.0, 0.0, 3.0], [0.0, 0.0, 5.0]],)),
        ("L1Loss", {"reduction": "sum"}, ([1.0, 2.0], [1.0, 3.0])),
        ("Huber", {"delta": 1, "reduction": "sum"}, ([1.0, 2.0, -1000.0], [0.0, 2.0, 1000.0])),
        ("Div", {}, ([1.0, -1.0, 0.0], [0.0, 0.0, 0.0])),
        ("Pow", {}, ([0.0, 0.0, 0.0, 0.0, -2.0, -2.0, -2.0], [0.0, 0.5, 2.0, -1.0, 3.0, 0.0, 0.5])),
        ("SoftmaxWithLoss", {"reduction": "mean"}, ([[1000.0, -1000.0], [0.0, 0.0]], [1, 0])),
        ("SoftmaxWithLoss", {"reduction": "mean", "ignore_index": 0}, ([[1000.0, -1000.0], [0.0, 0.0]], [0, 0])),
        ("SigmoidWithLoss", {}, ([-1000.0, 0.0, 1000.0], [1, 0, 0])),
    ],
)
def test_kinks_ties_and_extremes_are_pytorch_s(layer: str, options: dict[str, Any], inputs: tuple[Any, ...]) -> None:
    assert_same_as_torch(case_of(library[layer], (options, tuple(map(np.array, inputs))), seed=0))
