"""In the child: NumPy's functions as they came, for a program may put others in their place.

The scripts of "Neural Networks from Scratch" begin so: their ``nnfs.init()`` lets ``np.dot`` and ``np.zeros`` give
float32. Slopes are measured with all the digits there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

AS_THEY_CAME = {
    module: {name: it for name, it in vars(module).items() if callable(it) and not name.startswith("_")}
    for module in (np, np.linalg, np.random)
}


@contextmanager
def numpy_as_it_came() -> Iterator[None]:
    """Let NumPy have its own functions, and then again those that the program has put in their place."""
    replaced = [
        (module, name, vars(module)[name])
        for module, functions in AS_THEY_CAME.items()
        for name, it in functions.items()
        if vars(module).get(name, it) is not it
    ]
    for module, name, _ in replaced:
        setattr(module, name, AS_THEY_CAME[module][name])
    try:
        yield
    finally:
        for module, name, other in replaced:
            setattr(module, name, other)
