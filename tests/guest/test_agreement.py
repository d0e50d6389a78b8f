"""A guest computes what the same lines compute in our own process, bit for bit."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import layers
from bptui.core.graph import Node
from bptui.guest.guest_layer import GuestLayer
from bptui.guest.host import Host
from bptui.own_layers.own_layer import LayerFile, OwnLayer
from guests import array, given_by, guest, layer_file, layers_in
from layer_cases import Case, case_of, every_layer, frozen, joined, rows_of

FILES = [
    LayerFile(path, path.read_text(encoding="utf-8")) for path in sorted(Path(layers.__file__).parent.glob("[a-z]*.py"))
]


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    host = Host(FILES)
    yield host
    host.close()


@pytest.fixture(scope="module")
def own(host: Host) -> dict[str, OwnLayer]:
    """Return the built-in layers as a user's."""
    return {name: layer for given in given_by(host) for name, layer in layers_in(given).items()}


def as_guest(case: Case, host: Host, own: dict[str, OwnLayer]) -> Any:
    """Return a guest made of the layer's own source."""
    name = case.layer.__name__
    count = len(case.layer(**case.options).outputs)
    outputs = tuple(f"y{place}" for place in range(count)) if count > 1 else ()
    node = Node("y", name, case.names, case.options, outputs=outputs)
    takes = [name not in case.layer.targets for name in case.names]
    return joined(GuestLayer(own[name], host, node, takes_gradient=takes), count)


def assert_same(ours: Any, theirs: Any, *, is_power: bool = False) -> None:
    """Hold two results together: both None, or arrays of the same bits.

    NumPy's power has other last bits for a scalar than for an array without axes, which is what a guest gets.
    """
    if ours is None or theirs is None:
        assert ours is theirs
        return
    assert np.shape(ours) == np.shape(theirs)
    assert np.asarray(ours).dtype == np.asarray(theirs).dtype
    if is_power and not np.ndim(ours):
        assert float(ours) == pytest.approx(float(theirs), rel=1e-6)
    else:
        assert np.asarray(ours).tobytes() == np.asarray(theirs).tobytes()


@pytest.mark.parametrize("layer", every_layer, ids=lambda it: it.__name__)
@settings(max_examples=2)
@given(data=st.data())
def test_a_guest_of_a_built_in_layers_source_agrees_in_every_bit(
    host: Host, own: dict[str, OwnLayer], layer: type, data: st.DataObject
) -> None:
    case = case_of(layer, data.draw(rows_of(layer)), data.draw(st.integers(0, 100)))
    inputs = case.map(lambda x: x.astype(data.draw(st.sampled_from(["f8", "f4"]))))
    inputs = tuple(frozen(x)[()] for x in inputs)  # as the engine hands them on
    ours, theirs, is_power = case.make(), as_guest(case, host, own), layer.__name__ == "Pow"
    assert_same(ours.forward(*inputs), theirs.forward(*inputs), is_power=is_power)
    gradients = ours.backward(case.dout[()])
    answered = theirs.backward(case.dout[()])
    for position, gradient in enumerate(gradients if isinstance(gradients, tuple) else (gradients,)):
        assert_same(gradient, answered[position], is_power=is_power)
    for one, other in zip(ours.local(), theirs.local(), strict=True):
        assert_same(one, other, is_power=is_power)


def test_every_built_in_layer_is_described_as_it_is(own: dict[str, OwnLayer]) -> None:
    for layer in every_layer:
        takes = list(inspect.signature(layer.forward).parameters.values())[1:]
        described = own[layer.__name__]
        if not described.forward.takes_any_input:
            assert [*described.forward.required, *described.forward.optional] == [it.name for it in takes]
        optional = {it.name for it in takes if it.default is not it.empty}
        assert set(described.options) == {*inspect.signature(layer).parameters, *optional}


def test_the_local_derivative_of_an_elementwise_layer_is_worked_out_as_a_diagonal(tmp_path: Path) -> None:
    text = """
        class Square:
            def forward(self, x):
                self.x = x
                return x ** 2
            def backward(self, dout):
                return 2 * self.x * dout
        """
    with guest(layer_file(tmp_path, text)) as layer:
        layer.forward(array(1.0, -3.0, 0.0))
        assert layer.local()[0].tolist() == [2.0, -6.0, 0.0]
        layer.forward(np.arange(600.0).reshape(20, 30))
        assert (layer.local()[0] == 2 * np.arange(600.0).reshape(20, 30)).all()
        layer.forward(np.ones((100, 100)))
        assert layer.local() == (None,)


def test_the_local_derivative_of_a_small_layer_that_mixes_is_its_jacobian(tmp_path: Path) -> None:
    text = """
        class Product:
            def __init__(self, W):
                self.W = W
            def forward(self, x):
                self.x = x
                return x @ self.W
            def backward(self, dout):
                self.dW = np.outer(self.x, dout)
                return self.W @ dout
        """
    weights = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    with guest(layer_file(tmp_path, text), "x", "W") as layer:
        layer.forward(array(1.0, 10.0), weights)
        by_x, by_weights = layer.local()
        assert (by_x == weights.T).all()
        assert (by_weights == np.kron([[1.0, 10.0]], np.eye(3))).all()


def test_what_a_layer_keeps_is_shown_arrays_as_arrays_and_all_else_in_words(tmp_path: Path) -> None:
    text = """
        class Keeper:
            def forward(self, x):
                self.mask, self.count, self.name, self.text = x > 0, 3, None, '\\x1b[2J'
                self.big = np.zeros(10**6)
                return x
            def backward(self, dout):
                return dout
        """
    with guest(layer_file(tmp_path, text)) as layer:
        kept = layer.begin_kept(array(1.0, -1.0)).result()
    assert kept["mask"].tolist() == [True, False]
    assert [repr(kept[name]) for name in ("count", "name")] == ["3", "None"]
    assert "\x1b" not in repr(kept["text"])
    assert repr(kept["big"]) == "float64 array of shape [1000000]"


DRAWS = (
    "np.random.rand(*x.shape)",
    "random.random() + x",
    "np.random.default_rng().normal(size=x.shape)",
    "kept.normal(size=x.shape)",
)


@pytest.mark.parametrize("draw", DRAWS)
def test_what_is_drawn_at_random_can_be_drawn_again(tmp_path: Path, draw: str) -> None:
    text = f"""
        import random
        kept = np.random.default_rng()
        class Noise:
            def forward(self, x): return {draw}
            def backward(self, dout): return dout
        """
    with guest(layer_file(tmp_path, text)) as layer:
        first = layer.forward(array(1.0, 2.0))
        assert (layer.forward(array(1.0, 2.0)) == first).all()
        layer.iteration = 1
        assert (layer.forward(array(1.0, 2.0)) != first).all()


def test_each_side_has_its_own_layers_module(tmp_path: Path) -> None:
    (tmp_path / "layers.py").write_text("class Base:\n    def backward(self, dout): return dout * 3\n")
    text = """
        from layers import Base
        class Mine(Base):
            def forward(self, x):
                import layers
                return x * len(layers.__file__)
        """
    with guest(layer_file(tmp_path, text)) as layer:
        before = layer.forward(array(1.0))
        answer = layer.begin_job("bptui.stepping.guest_job:course", array(1.0), before, given=1, douts=0).result()
        assert answer["arrays"][0].dtype == np.uint8
        assert before == layer.forward(array(1.0)) == len(str(tmp_path / "layers.py"))
        assert layer.backward(array(1.0)) == (3.0,)


def test_the_books_relu_takes_a_number_without_axes(tmp_path: Path) -> None:
    text = """
        class Relu:
            def forward(self, x):
                self.mask = x <= 0
                out = x.copy()
                out[self.mask] = 0
                return out
            def backward(self, dout):
                dout[self.mask] = 0
                return dout
        """
    with guest(layer_file(tmp_path, text)) as layer:
        for x, out, gradient in ((-2.0, 0.0, 0.0), (3.0, 3.0, 1.0)):
            assert layer.forward(np.float64(x)) == out
            assert layer.backward(np.float64(1.0)) == (gradient,)
            assert layer.local() == (gradient,)
