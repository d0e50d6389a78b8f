"""Each published case as a network of ours: nodes named as the case names its outputs.

A case is a file in ``cases``: inputs, the numbers that others have printed, with their source and tolerance, what is
known to be wrong in them, and the same computed by another engine.
"""

from __future__ import annotations

from collections.abc import Mapping

HEAD = {
    "q{n}": "wq{n} @ X + bq{n}",
    "k{n}": "wk{n} @ X + bk{n}",
    "v{n}": "wv{n} @ X + bv{n}",
}
"""Self-attention of tokens that are columns."""


def head(number: str) -> dict[str, str]:
    """Return the formulas of one head, its names followed by ``number``."""
    return {name.format(n=number): formula.format(n=number) for name, formula in HEAD.items()}


COLUMNS = {
    "W": "Transpose(Concat(Wi, Wf, Wc, Wo))",
    "b": "Reshape(Concat(bi, bf, bc, bo), shape=-1)",
}
"""The weights of four gates as one matrix, where each gate's are written for columns, and for h above x."""

NETWORKS: Mapping[str, Mapping[str, str]] = {
    "arraymancer_gru_cell": {"h_next": "GRUStep(x, h, Transpose(W), Transpose(U), bW, bU)"},
    "burn_avgpool2d_pad_excluded": {
        "y": "AvgPool2d(x, size=[3, 4], stride=[1, 2], pad=[1, 2], count_include_pad=false)"
    },
    "burn_maxpool2d_k3s1": {"y": "MaxPool2d(x, size=3, stride=1)"},
    "burn_unfold_overlaps": {
        "y": "Transpose(Unfold(Reshape(x, shape=[1, 1, 1, 4]), size=[1, 2]), axes=[0, 2, 1])",
    },
    "deepml_conv2d_5x5": {"y": "Conv2d(x, w)"},
    "deepml_conv2d_pad2_stride2": {"y": "Conv2d(x, w, stride=2, pad=2)"},
    "deepml_lstm_1": {
        **COLUMNS,
        "hs, last, c": "LSTM(x, Reshape(h0, shape=1), Reshape(c0, shape=1), Slice(W, start=1), Slice(W, stop=1), b)",
        "h": "Reshape(last, shape=[1, 1])",
    },
    "deepml_self_attention_2": {"y": "Attention(X @ Wq, X @ Wk, X @ Wv)"},
    "dfdx_conv2d_dilation2": {"y": "Conv2d(x, w, dilation=2)"},
    "dlai_lstm_backward": {
        **COLUMNS,
        "xs": "Transpose(x, axes=[1, 2, 0])",
        "hs, h, c": "LSTM(xs, Transpose(a0), Transpose(c0), Slice(W, start=5), Slice(W, stop=5), b)",
        "a": "Transpose(hs, axes=[2, 0, 1])",
    },
    "dlai_pool_backward_max": {
        "A": "Transpose(MaxPool2d(Transpose(x, axes=[0, 3, 1, 2]), size=2, stride=1), axes=[0, 2, 3, 1])",
    },
    "dlai_rnn_backward": {
        "hs": "RNN(Transpose(x, axes=[1, 2, 0]), Transpose(a0), Transpose(Wax), Transpose(Waa), Reshape(ba, shape=5))",
        "a": "Transpose(hs, axes=[2, 0, 1])",
    },
    "keras_lstm_initial_state": {"hs, last, c": "LSTM(Transpose(xs, axes=[1, 0, 2]), h0, c0, Wx, Wh, b)"},
    "keras_simplernn": {
        "hs": "RNN(Transpose(xs, axes=[1, 0, 2]), h0, Wx, Wh, b)",
        "last": "Reshape(Slice(hs, axis=1, start=-1), shape=[2, 4])",
    },
    "neu_gru_cell": {  # its gates are z, r and n, and its z is 1 minus ours
        "xz, xr, xn": "Split(Wx, axis=1, parts=3)",
        "hz, hr, hn": "Split(Wh, axis=1, parts=3)",
        "bz, br, bn": "Split(b, parts=3)",
        "Wxs": "Concat(xr, -xz, xn, axis=1)",
        "Whs": "Concat(hr, -hz, hn, axis=1)",
        "run": "GRU(Transpose(xs, axes=[1, 0, 2]), h0, Wxs, Whs, Concat(br, -bz, bn), b * 0, reset='before')",
        "hs": "Transpose(run, axes=[1, 0, 2])",
    },
    "neu_timelstm_1step": {
        "run, h, c": "LSTM(Transpose(xs, axes=[1, 0, 2]), h0, c0, Wx, Wh, b, gates='fgio')",
        "hs": "Transpose(run, axes=[1, 0, 2])",
    },
    "neu_col2im": {"col": "Transpose(Reshape(Unfold(x, size=2, pad=1), shape=[4, 9]))"},
    "nnlib_conv1d_dilation2": {"y": "Conv2d(x, w, dilation=[1, 2])"},
    "nnlib_conv1d_plain": {
        "y": "Reshape(Conv1d(Reshape(x, shape=[1, 1, 5]), Reshape(w, shape=[1, 1, 2])), shape=[1, 1, 1, 4])"
    },
    "nnlib_conv2d_dilation2": {"y": "Conv2d(x, w, dilation=2)"},
    "nnlib_conv2d_pad1": {"y": "Conv2d(x, w, pad=1)"},
    "nnlib_conv2d_stride2": {"y": "Conv2d(x, w, stride=2)"},
    "nnlib_dot_product_attention": {
        "heads": "Transpose(Reshape(x, shape=[3, 2, 2]), axes=[1, 0, 2])",
        "y": "Reshape(Transpose(Attention(heads, heads, heads), axes=[1, 0, 2]), shape=[3, 4])",
    },
    "nnlib_maxpool1d_k2s2": {"y": "MaxPool2d(x, size=[1, 2])"},
    "nnlib_maxpool1d_k2s2pad1": {"y": "MaxPool2d(x, size=[1, 2], pad=[0, 1])"},
    "nnlib_maxpool2d_k2s2pad1": {"y": "MaxPool2d(x, size=2, pad=1)"},
    "nnlib_meanpool2d_k2s1": {"y": "AvgPool2d(x, size=2, stride=1)"},
    "nnlib_meanpool2d_k2s2pad1": {"y": "AvgPool2d(x, size=2, pad=1)"},
    "tf_conv2d_backprop_filter_stride1x2": {"y": "Conv2d(x, w, stride=[1, 2])"},
    "tf_maxpool_chessboard": {"y": "MaxPool2d(x, size=2, stride=1)"},
    "udl_conv1d_k3_dilation2": {"y": "Conv2d(x, w, pad=[0, 2], dilation=[1, 2])", "total": "Sum(y)"},
    "udl_conv1d_k5": {"y": "Conv2d(x, w, pad=[0, 2])", "total": "Sum(y)"},
    "udl_multihead_attention": {
        **head("1"),
        **head("2"),
        "one": "Attention(Transpose(q1), Transpose(k1), Transpose(v1))",
        "two": "Attention(Transpose(q2), Transpose(k2), Transpose(v2))",
        "Y": "wc @ Transpose(Concat(one, two, axis=1))",
    },
    "udl_self_attention": {
        **head(""),
        "Y": "Transpose(Attention(Transpose(q) * 2, Transpose(k), Transpose(v)))",  # its scores are not scaled by 1/√4
    },
    "burn_cross_entropy_soft": {"loss": "SoftmaxWithLoss(a @ b, t)"},
    "burn_cumprod_zero_in_middle": {
        "y": "Stack(Prod(Slice(x, stop=1)), Prod(Slice(x, stop=2)), Prod(Slice(x, stop=3)), Prod(x))"
    },
    "burn_cumsum_axis0": {"y": "Sum(a * CumSum(a @ b))"},
    "burn_gelu_chain": {"y": "a @ (a @ Gelu(b))"},
    "burn_huber": {"loss": "Huber(y, y * 0, delta=0.5, reduction='none')"},
    "burn_kldiv": {
        "each": "KLDivergence(logp, t, reduction='none')",
        "total": "KLDivergence(logp, t, reduction='sum')",
    },
    "burn_layernorm_degenerate": {"y": "LayerNorm(a @ b, gamma, beta)"},
    "burn_log_sigmoid": {"y": "LogSigmoid(x)"},
    "burn_log_softmax_matmul": {"y": "LogSoftmax(a @ b) @ b"},
    "burn_mask_where": {"y": "Where(mask, c, a @ b @ c)"},
    "burn_poisson_nll": {"total": "Sum(Exp(x) - t * x)"},
    "burn_softmax_matmul": {"y": "Softmax(a @ b) @ b"},
    "deepml_autograd": {"g": "Relu(7 * 2 + (a + b * c))"},
    "deepml_batchnorm_bchw": {"y": "BatchNorm(x, 1, 0)"},
    "deepml_dropout": {"y": "x * mask / (1 - 0.2)"},
    "deepml_layernorm_2": {"y": "LayerNorm(x, gamma, beta)"},
    "dfdx_bce_with_logits": {"loss": "BinaryCrossEntropy(Sigmoid(x), t, reduction='none')"},
    "dfdx_gelu_exact": {"y": "Gelu(x)"},
    "dfdx_normalize_last_1d": {"y": "LayerNorm(x, 1, 0)"},
    "dfdx_normalize_last_2d": {"y": "LayerNorm(x, 1, 0)"},
    "keras_groupnorm_1d_two_groups": {"y": "GroupNorm(x, 1, 0, groups=2, eps=0.001)"},
    "keras_rmsnorm_arange10": {"y": "RMSNorm(x, scale, eps=1e-6)"},
    "neu_batchnorm": {"y": "BatchNorm(x, gamma, beta, eps=1e-7)"},
    "neu_time_softmax_with_loss": {"loss": "SoftmaxWithLoss(x, t)"},
    "udl_bernoulli_nll": {"nll": "BinaryCrossEntropy(Sigmoid(b1 + w1 @ Relu(b0 + w0 @ x)), t, reduction='sum')"},
    "udl_categorical_nll": {
        "nll": "NegativeLogLikelihood(LogSoftmax(Transpose(b1 + w1 @ Relu(b0 + w0 @ x))), t, reduction='sum')"
    },
    "udl_gaussian_nll": {
        "squares": "MeanSquaredError(b1 + w1 @ Relu(b0 + w0 @ x), t, reduction='sum')",
        "nll": "squares / (2 * 0.2 ** 2) + 20 * (0.5 * Log(2 * 3.141592653589793 * 0.2 ** 2))",
    },
    "udl_toy_model": {
        "f0": "b0 + w0 * 2.3",
        "h1": "Sin(f0)",
        "f1": "b1 + w1 * h1",
        "h2": "Exp(f1)",
        "f2": "b2 + w2 * h2",
        "h3": "Cos(f2)",
        "f3": "b3 + w3 * h3",
        "l": "(f3 - 2) ** 2",
    },
}
"""By the case's name."""
