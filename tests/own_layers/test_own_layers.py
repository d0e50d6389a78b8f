"""What a file with layers tells of itself without being run."""

from __future__ import annotations

from pathlib import Path

import pytest

from bptui.errors import ScenarioError
from bptui.own_layers.layers_file import read_layers
from bptui.own_layers.own_layer import LayerFile, OwnLayer
from bptui.scenario.load import loads
from guests import layer_file

BACKWARD = "    def backward(self, dout): return dout\n"


def read(text: str) -> dict[str, OwnLayer | ScenarioError]:
    return read_layers(LayerFile(Path("/home/me/my.py"), text))


def one(text: str) -> OwnLayer:
    (layer,) = read(text).values()
    assert isinstance(layer, OwnLayer)
    return layer


def refusal(text: str) -> ScenarioError:
    (error,) = read(text).values()
    assert isinstance(error, ScenarioError)
    return error


@pytest.mark.parametrize(
    ("definitions", "call"),
    [
        ("def forward(self, x): ...", "L(x)"),
        ("def forward(self, x, y): ...", "L(x, y)"),
        ("def forward(self, *xs): ...", "L(...)"),
        ("def __init__(self, W, b): ...\n    def forward(self, x): ...", "L(x, W, b)"),
        (
            "def __init__(self, ratio=0.5): ...\n    def forward(self, x, is_training=True): ...",
            "L(x, ratio, is_train)",
        ),
        ("def __init__(self, *, axis): ...\n    def forward(self, x): ...", "L(x, axis)"),
        ("if True:\n        pass\n    def forward(self, x, /): ...", "L(x)"),
        ("@staticmethod\n    def forward(x): ...", "L(x)"),
    ],
)
def test_inputs_and_options_are_read_off_the_source(definitions: str, call: str) -> None:
    told = str(one(f"class L:\n    {definitions}\n{BACKWARD}"))
    assert told.replace("=", "").replace("ing", "") == call


def test_a_base_class_in_the_same_file_lends_its_methods() -> None:
    text = f"class Base:\n    def forward(self, x): ...\n{BACKWARD}class L(Base):\n    def __init__(self, k): ...\n"
    layer = read(text)["L"]
    assert str(layer) == "L(x, k)"


def test_an_imported_base_class_may_have_anything() -> None:
    layer = one("from mine import Base\nclass L(Base):\n    def forward(self, x): ...\n")
    assert layer.share(1, {}).inputs == ("x",)
    anything = read("import mine\nclass L(mine.Base): ...\n")["L"]
    assert isinstance(anything, OwnLayer)
    assert len(anything.share(3, {"option": 1}).inputs) == 3


def test_classes_that_inherit_from_each_other_are_no_riddle() -> None:
    assert read("class A(B): ...\nclass B(A): ...\n") == {}


def test_classes_that_are_no_layers_are_left_alone() -> None:
    text = "class TwoLayerNet:\n    def predict(self, x): ...\nclass Config(dict): ...\nclass E(Exception): ...\n"
    assert [name for name, it in read(text).items() if isinstance(it, ScenarioError)] == []
    assert "TwoLayerNet" not in read(text)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("\nclass L:\n    def forward(self, x): ...\n", 2, "L has no backward"),
        (f"class L:\n{BACKWARD}", 1, "L has no forward"),
        ("class L:\n    def forward(self, x): ...\n    def backward(self): ...\n", 3, "L.backward has to take dout"),
        ("class L:\n    def forward(self, x): ...\n    def backward(self, a, b): ...\n", 3, "L.backward has to take"),
        (f"class L:\n    def forward(x): ...\n{BACKWARD}", 2, "L.forward takes no input"),
    ],
)
def test_a_class_that_can_be_no_layer_is_refused_at_its_own_line(text: str, line: int, message: str) -> None:
    error = refusal(text)
    assert (error.path, error.line) == ("/home/me/my.py", line)
    assert message in error.message


@pytest.mark.parametrize(
    ("text", "line"),
    [("x = 1\nclass L\n", 2), ("def f(:\n", 1), ("\n\n  x = 1\n", 3), ("(" * 100_000, 1), ("x = 1\0\n", 1)],
)
def test_what_is_no_python_is_refused_at_its_line(text: str, line: int) -> None:
    with pytest.raises(ScenarioError) as caught:
        read(text)
    assert (caught.value.path, caught.value.line) == ("/home/me/my.py", line)


def test_values_are_shared_between_forward_and_init_in_order() -> None:
    affine = one(f"class L:\n    def __init__(self, W, b=None): ...\n    def forward(self, x): ...\n{BACKWARD}")
    assert affine.share(2, {}).held == ("W",)
    assert affine.share(3, {}).held == ("W", "b")
    assert affine.share(2, {"b": 1}).init_options == {"b": 1}
    for count, options in ((1, {}), (4, {}), (3, {"b": 1}), (1, {"b": 1}), (2, {"c": 1})):
        with pytest.raises(ValueError, match="L "):
            affine.share(count, options)


def test_an_option_goes_to_whichever_method_names_it() -> None:
    dropout = one(
        f"class L:\n    def __init__(self, ratio=0.5): ...\n    def forward(self, x, train=True): ...\n{BACKWARD}"
    )
    share = dropout.share(1, {"ratio": 0.1, "train": False})
    assert (share.init_options, share.forward_options) == ({"ratio": 0.1}, {"train": False})
    assert dropout.share(2, {"train": False}).held == ("ratio",)


def scenario(folder: Path, layers: str, formula: str) -> str:
    """Return the complaint about a formula that uses layers of one's own."""
    file = layer_file(folder, layers)
    with pytest.raises(ScenarioError) as caught:
        loads(f"[inputs]\nx = [1, 2]\n[nodes]\ny = '{formula}'\n", folder / "a.toml", layers=[file.path])
    return str(caught.value)


RELU = """
    class Relu:
        def forward(self, x): return x
        def backward(self, dout): return dout
    """


@pytest.mark.parametrize(
    ("formula", "told"),
    [
        ("Relu(x, x)", "a.toml:4:6: error: Relu takes 1 input, got 2\nhint: it is Relu(x) in"),
        ("Relu(x, slope=1)", "a.toml:4:6: error: Relu has no option slope"),
        ("Rleu(x)", "a.toml:4:6: error: no layer is called Rleu\nhint: did you mean Relu?"),
    ],
)
def test_a_formula_that_does_not_fit_is_told_with_the_line_of_the_class(
    tmp_path: Path, formula: str, told: str
) -> None:
    error = scenario(tmp_path, RELU, formula)
    assert told in error
    assert "Rleu" in error or "my_layers.py:2" in error


def test_a_class_without_backward_is_told_only_where_a_formula_uses_it(tmp_path: Path) -> None:
    text = RELU + "\n    class Half:\n        def forward(self, x): return x / 2\n"
    assert "my_layers.py:6: error: Half has no backward" in scenario(tmp_path, text, "Half(x)")
    file = layer_file(tmp_path, text)
    assert loads("[inputs]\nx = 1\n[nodes]\ny = 'Relu(x)'\n", tmp_path / "a.toml", layers=[file.path]).guests


def test_an_own_class_comes_before_a_built_in_one_and_the_last_file_before_the_others(tmp_path: Path) -> None:
    one, other = layer_file(tmp_path, RELU), layer_file(tmp_path, "\n" + RELU, name="other.py")
    text = "[inputs]\nx = 1\n[nodes]\ny = 'Relu(x)'\nz = 'Sigmoid(y)'\n"
    loaded = loads(text, tmp_path / "a.toml", layers=[one.path, other.path])
    assert list(loaded.guests) == [0]
    assert loaded.layer_files == (other,)


def test_integers_that_feed_a_target_stay_integers(tmp_path: Path) -> None:
    text = """
        class Loss:
            def forward(self, x, t): return x[t]
            def backward(self, dout): return dout
        """
    file = layer_file(tmp_path, text)
    loaded = loads("[inputs]\nx = [1, 2]\nt = 1\n[nodes]\ny = 'Loss(x, t)'", tmp_path / "a.toml", layers=[file.path])
    assert [loaded.values[name].dtype.kind for name in "xt"] == ["f", "i"]
