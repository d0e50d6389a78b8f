"""What of a machine can make the last bits of a number others: its processor, NumPy, and how products are computed."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

CHOICES = ("OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS", "NPY_DISABLE_CPU_FEATURES")
"""Variables of the environment that have NumPy compute otherwise."""


@lru_cache(maxsize=1)
def machine_fingerprint() -> Mapping[str, str]:
    """Return it by name. On machines that are alike in all of it, a run is the same to the bit."""
    config: Mapping[str, Any] = np.show_config(mode="dicts") or {}
    blas = config.get("Build Dependencies", {}).get("blas", {})
    extensions = config.get("SIMD Extensions", {})
    chosen = {name.lower(): os.environ[name] for name in CHOICES if name in os.environ}
    return {
        "system": platform.system(),
        "processor": platform.machine(),
        "numpy": np.__version__,
        "blas": f"{blas.get('name', '')} {blas.get('version', '')}".strip(),
        "extensions": " ".join([*extensions.get("baseline", ()), *extensions.get("found", ())]),
        **chosen,
    }
