"""What PyTorch calls the layers of deeper networks, with our options, and a recurrence as a loop over its cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

F = torch.nn.functional


def convolution(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a convolution of torch as a function of our options."""

    def convolve(x: Any, w: Any, b: Any = None, *, pad: Any = 0, **options: Any) -> Any:
        return function(x, w, b, padding=pad, **options)

    return convolve


def max_pool(x: Any, *, size: Any, stride: Any = None, pad: Any = 0) -> Any:
    """Pad by hand, because torch refuses more than half a window."""
    down, across = (pad, pad) if isinstance(pad, int) else pad
    padded = F.pad(x, (across, across, down, down), value=-torch.inf)
    return F.max_pool2d(padded, size, stride)


def average_pool(x: Any, *, size: Any, stride: Any = None, pad: Any = 0, count_include_pad: bool = True) -> Any:
    """Pad by hand, because torch refuses more than half a window."""
    down, across = (pad, pad) if isinstance(pad, int) else pad
    padded, counted = (F.pad(it, (across, across, down, down)) for it in (x, torch.ones_like(x)))
    means = F.avg_pool2d(padded, size, stride)
    return means if count_include_pad else means / F.avg_pool2d(counted, size, stride)


def attention(q: Any, k: Any, v: Any, mask: Any = None, *, causal: bool = False) -> Any:
    if mask is None:
        return F.scaled_dot_product_attention(q, k, v, is_causal=causal)
    allowed = mask.bool() & torch.ones(q.shape[-2], k.shape[-2], dtype=torch.bool).tril() if causal else mask.bool()
    return F.scaled_dot_product_attention(q, k, v, attn_mask=allowed)


def rnn_step(x: Any, h: Any, wx: Any, wh: Any, b: Any) -> Any:
    rows, states = x.reshape(-1, x.shape[-1]), h.reshape(-1, h.shape[-1])
    return torch.rnn_tanh_cell(rows, states, wx.T, wh.T, b, torch.zeros_like(b)).reshape(h.shape)


def lstm_step(x: Any, h: Any, c: Any, *weights: Any, gates: str = "ifgo") -> Any:
    rows, states, cells = (it.reshape(-1, it.shape[-1]) for it in (x, h, c))
    wx, wh, b = (torch.cat([blocks(it, 4)[gates.index(gate)] for gate in "ifgo"], -1) for it in weights)
    pair = torch.lstm_cell(rows, (states, cells), wx.T, wh.T, b, torch.zeros_like(b))
    return tuple(it.reshape(h.shape) for it in pair)


def blocks(weights: Any, count: int) -> Any:
    """Return the columns of each gate."""
    return weights.chunk(count, -1)


def gru_step(x: Any, h: Any, *weights: Any, reset: str = "after") -> Any:
    """Return torch's cell; one that resets before the product torch does not have, so its parts are put together."""
    wx, wh, bx, bh = weights
    if reset == "after":
        rows, states = x.reshape(-1, x.shape[-1]), h.reshape(-1, h.shape[-1])
        return torch.gru_cell(rows, states, wx.T, wh.T, bx, bh).reshape(h.shape)
    (xr, xz, xn), (wr, wz, wn), (br, bz, bn) = blocks(x @ wx + bx, 3), blocks(wh, 3), blocks(bh, 3)
    r, z = torch.sigmoid(xr + h @ wr + br), torch.sigmoid(xz + h @ wz + bz)
    return torch.lerp(torch.tanh(xn + (r * h) @ wn + bn), h, z)


def over_time(cell: Callable[..., Any]) -> Callable[..., Any]:
    """Return a cell of torch, run from place to place of a sequence."""

    def run(xs: Any, h: Any, *weights: Any, **options: Any) -> Any:
        hs = []
        for x in xs.unbind(-2):
            h = cell(x, h, *weights, **options)
            hs.append(h)
        nothing = 0 * (xs.sum() + sum(it.sum() for it in (h, *weights)))  # so that even no step has gradients, of 0
        return nothing + (torch.stack(hs, -2) if hs else torch.zeros(*xs.shape[:-1], h.shape[-1], dtype=h.dtype))

    return run


def in_a_row(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of several values as one of all their elements in a row."""
    return lambda *inputs, **options: torch.cat([it.reshape(-1) for it in function(*inputs, **options)])


def lstm(xs: Any, h: Any, c: Any, *weights: Any, **options: Any) -> Any:
    hs = []
    for x in xs.unbind(-2):
        h, c = lstm_step(x, h, c, *weights, **options)
        hs.append(h)
    nothing = 0 * (xs.sum() + sum(it.sum() for it in (h, c, *weights)))  # so that even no step has gradients, of 0
    return nothing + (torch.stack(hs, -2) if hs else torch.zeros(*xs.shape[:-1], h.shape[-1], dtype=h.dtype)), h, c


DEEP_LAYERS: Mapping[str, Callable[..., Any]] = {
    "Attention": attention,
    "AvgPool2d": average_pool,
    "Conv1d": convolution(F.conv1d),
    "Conv2d": convolution(F.conv2d),
    "Embedding": F.embedding,
    "GRU": over_time(gru_step),
    "GRUStep": gru_step,
    "LSTM": in_a_row(lstm),
    "LSTMStep": in_a_row(lstm_step),
    "MaxPool2d": max_pool,
    "RNN": over_time(rnn_step),
    "RNNStep": rnn_step,
    "Unfold": lambda x, size, pad=0, **options: F.unfold(x, size, padding=pad, **options),
}
