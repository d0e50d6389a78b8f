"""Each published case as a network of ours: nodes named as the case names its outputs; the last one goes back.

A case is a file in ``cases``: inputs, the numbers that others have printed, with their source and tolerance, what is
known to be wrong in them, and the same computed by another engine.
"""

from __future__ import annotations

from collections.abc import Mapping

NETWORKS: Mapping[str, Mapping[str, str]] = {
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
