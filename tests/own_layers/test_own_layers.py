"""What a file with layers gives, as the process says that has run it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bptui.cli import main
from bptui.errors import ScenarioError
from bptui.guest.host import Host
from bptui.own_layers.layer_descriptions import GivenLayers
from bptui.own_layers.own_layer import LayerFile, OwnLayer
from bptui.scenario.load import loads
from guests import given_by, layer_file, layers_in

BACKWARD = "    def backward(self, dout): return dout\n"

Read = Callable[[str], GivenLayers]


@pytest.fixture
def read(tmp_path: Path) -> Iterator[Read]:
    """Return what tells what a text gives."""
    hosts = []

    def read(text: str) -> GivenLayers:
        path = tmp_path / "my.py"
        path.write_text(text)
        hosts.append(Host([LayerFile(path, text, "my.py")]))
        return given_by(hosts[-1])[0]

    yield read
    for host in hosts:
        host.close()


def one(given: GivenLayers) -> OwnLayer:
    (layer,) = layers_in(given).values()
    return layer


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
def test_inputs_and_options_are_those_of_its_methods(read: Read, definitions: str, call: str) -> None:
    told = str(one(read(f"class L:\n    {definitions}\n{BACKWARD}")))
    assert told.replace("=", "").replace("ing", "") == call


def test_base_classes_lend_their_methods_wherever_they_are_defined(read: Read, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(f"class Base:\n    def forward(self, x): ...\n{BACKWARD}")
    for text in ("import mine\nclass L(mine.Base):\n", "from mine import *\nclass L(Base):\n"):
        layer = one(read(f"{text}    def __init__(self, k): ...\n"))
        assert str(layer) == "L(x, k)"
        assert layer.forward.where is not None
        assert Path(layer.forward.where.path).name == "mine.py"


def test_what_is_imported_counts_and_is_told_where_it_is_defined(tmp_path: Path, read: Read) -> None:
    package = tmp_path / "common"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "layers.py").write_text(f"\nclass L:\n    def forward(self, x): ...\n{BACKWARD}")
    layer = read("from common.layers import *\n")["L"]
    assert isinstance(layer, OwnLayer)
    assert str(layer.where).endswith("common/layers.py:2")


def test_a_file_finds_what_it_would_find_in_its_own_project(tmp_path: Path) -> None:
    for package in ("project/ch01/deep", "project/common"):
        folder = tmp_path / package
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text("")
    (tmp_path / "project/ch01/__init__.py").write_text("")
    (tmp_path / "project/ch01/helper.py").write_text("TWO = 2\n")
    (tmp_path / "project/common/util.py").write_text("THREE = 3\n")
    path = tmp_path / "project/ch01/deep/my.py"
    path.write_text(
        f"from ..helper import TWO\nfrom common.util import THREE\nclass L:\n    k = TWO * THREE\n{FORWARD}{BACKWARD}"
    )
    host = Host([LayerFile(path, path.read_text())])
    assert "L" in layers_in(given_by(host)[0])
    host.close()


FORWARD = "    def forward(self, x): return x\n"


@pytest.mark.parametrize(
    ("text", "line", "message", "hint"),
    [
        ("\nclass L:\n    def forward(self, x): ...\n", 2, "L has no backward", "def backward"),
        (f"class L:\n{BACKWARD}", 1, "L has no forward", "def forward"),
        (f"class L:\n    def foward(self, x): ...\n{BACKWARD}", 1, "L has no forward", "it has foward: did you mean"),
        ("class L:\n    def __call__(self, x): ...\n", 1, "L has no forward and no backward", ""),
        (
            "class L:\n    def forward(self, x): ...\n    def backward(self): ...\n",
            3,
            "L.backward has to take dout",
            "",
        ),
        (f"class L:\n    def forward(x): ...\n{BACKWARD}", 2, "L.forward takes no input", ""),
        ("def L(x): return x\n", 1, "L is a function without one for its backward", ""),
        ("def L_forward(x): return x, x\n", 1, "L_forward has no L_backward beside it", "def L_backward(dout, cache)"),
        ("L = 3\n", None, "L is an int, not a class or a function", ""),
    ],
)
def test_what_can_be_no_layer_is_refused_at_its_own_line(
    read: Read, text: str, line: int | None, message: str, hint: str
) -> None:
    error = read(text)["L"]
    assert isinstance(error, ScenarioError)
    assert (error.path, error.line) == ("my.py", line)
    assert message in error.message
    assert hint in (error.hint or "")


def test_values_are_shared_between_forward_and_init_in_order(read: Read) -> None:
    affine = one(read(f"class L:\n    def __init__(self, W, b=None): ...\n    def forward(self, x): ...\n{BACKWARD}"))
    assert affine.share(2, {}).held == ("W",)
    assert affine.share(3, {}).held == ("W", "b")
    assert affine.share(2, {"b": 1}).init_options == {"b": 1}
    for count, options in ((1, {}), (4, {}), (3, {"b": 1}), (1, {"b": 1}), (2, {"c": 1})):
        with pytest.raises(ValueError, match="L "):
            affine.share(count, options)


def test_an_option_goes_to_whichever_function_names_it(read: Read) -> None:
    text = (
        "class L:\n    def __init__(self, ratio=0.5): ...\n    def forward(self, x, train=True): ...\n"
        "    def backward(self, dout, rate, x): ...\n"
    )
    layer = one(read(text))
    share = layer.share(1, {"ratio": 0.1, "train": False, "rate": 2})
    assert (share.init_options, share.forward_options) == ({"ratio": 0.1}, {"train": False})
    assert (share.backward_options, share.again) == ({"rate": 2}, ("x",))
    assert layer.share(2, {"train": False, "rate": 0}).held == ("ratio",)
    with pytest.raises(ValueError, match="takes rate beside dout"):
        layer.share(1, {})


def complaint(folder: Path, layers: str, formula: str) -> str:
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
        ("Relu(x, x)", "a.toml:4:6: error: Relu takes 1 input, got 2\nhint: it is Relu(x), a class, in"),
        ("Relu(x, slope=1)", "a.toml:4:6: error: Relu has no option slope"),
        ("Rleu(x)", "a.toml:4:6: error: no layer is called Rleu\nhint: did you mean Relu?"),
        ("affine(x)", "a.toml:4:6: error: no layer is called affine\nhint: your files give Relu"),
        ("Sigmoid(x)", "error: gives none of the layers that the scenario uses (Sigmoid); it gives Relu ("),
        ("np(x)", "error: np is a module, not a class or a function"),
    ],
)
def test_a_formula_that_does_not_fit_is_told_with_what_the_file_gives(tmp_path: Path, formula: str, told: str) -> None:
    assert told in complaint(tmp_path, RELU, formula)


def test_a_class_of_the_name_of_a_built_in_one_is_never_replaced_by_that(tmp_path: Path) -> None:
    for body in ("def foward(self, x): ...\n        def backward(self, dout): ...", "def __call__(self, x): ..."):
        error = complaint(tmp_path, f"class Relu:\n    {body.replace('        ', '    ')}\n", "Relu(x)")
        assert "my_layers.py:2: error: Relu has no forward" in error


def test_a_class_that_running_the_file_does_not_define_is_not_there(tmp_path: Path) -> None:
    text = "if False:\n    class Never:\n        def forward(self, x): ...\n"
    assert "no layer is called Never" in complaint(tmp_path, text + RELU.replace("\n    ", "\n"), "Never(x)")


def test_a_class_without_backward_is_told_only_where_a_formula_uses_it(tmp_path: Path) -> None:
    text = RELU + "\n    class Half:\n        def forward(self, x): return x / 2\n"
    assert "my_layers.py:6: error: Half has no backward" in complaint(tmp_path, text, "Half(x)")
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


def test_a_notebook_gives_what_its_code_cells_do(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# Layers"]},
        {"cell_type": "code", "source": ["%matplotlib inline\n", "!pip list\n", "import numpy as np"]},
        {"cell_type": "code", "source": f"class Relu:\n{FORWARD}{BACKWARD}if True:\n    %time 1\n"},
    ]
    path = tmp_path / "homework.ipynb"
    path.write_text(json.dumps({"cells": cells, "nbformat": 4}))
    loaded = loads("[inputs]\nx = 1\n[nodes]\ny = 'Relu(x)'\n", tmp_path / "a.toml", layers=[path])
    assert str(loaded.guests[0].where) == f"{path}:6"
    path.write_text("no notebook")
    with pytest.raises(ScenarioError, match="is not a notebook"):
        loads("[inputs]\nx = 1\n[nodes]\ny = 'Relu(x)'\n", tmp_path / "a.toml", layers=[path])


@pytest.mark.parametrize(
    "cell",
    [
        "%%time\nx = 1",
        "%%bash\nls -la | wc",
        "%%writefile other.py\nnot python at all",
        "files = !ls\ncount = %timeit -o 1",
        "list?\n?list\nlist??",
        f"!ls\n{' ' * 200_000}\n",
        "display(1)\nget_ipython().run_line_magic('matplotlib', 'inline')",
    ],
)
def test_what_a_notebook_says_to_jupyter_is_left_out(tmp_path: Path, cell: str) -> None:
    sources = ["import numpy as np", cell, f"class Relu:\n{FORWARD}{BACKWARD}"]
    path = tmp_path / "homework.ipynb"
    path.write_text(json.dumps({"cells": [{"cell_type": "code", "source": it} for it in sources], "nbformat": 4}))
    loaded = loads("[inputs]\nx = 1\n[nodes]\ny = 'Relu(x)'\n", tmp_path / "a.toml", layers=[path])
    assert loaded.guests[0].name == "Relu"


def test_a_built_in_layer_in_the_place_of_one_spelt_like_it_is_pointed_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = layer_file(tmp_path, RELU + RELU.replace("Relu", "Sigmoyd"))
    (tmp_path / "a.toml").write_text("[inputs]\nx = [1, 2]\n[nodes]\ny = 'Relu(x)'\nz = 'Sigmoid(y)'\nw = 'Tanh(z)'\n")
    main(["check", str(tmp_path / "a.toml"), "--layers", str(file.path)])
    told = capsys.readouterr().out
    assert "this is the built-in Sigmoid; your file gives Sigmoyd" in told.replace("This", "this")
    assert "built-in Tanh" not in told


def test_a_verdict_on_all_says_which_layers_are_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "class Same:\n    def forward(self, x): return x * 1\n    def backward(self, dout): return dout * 1\n"
    file = layer_file(tmp_path, text)
    (tmp_path / "a.toml").write_text("[inputs]\nx = [1.0, 2.0]\n[nodes]\ny = 'Same(x)'\nz = 'Sigmoid(y)'\n")
    assert main(["check", str(tmp_path / "a.toml"), "--layers", str(file.path)]) == 0
    told = capsys.readouterr().out
    assert "all well (yours: Same; built in: Sigmoid)" in told
    assert "Same  my_layers.py:2" in told
    assert "Sigmoid  built in" in told


def test_a_file_is_listed_with_styles_lines_and_reasons(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = RELU + "\n    class Half:\n        def forward(self, x): return x / 2\n"
    assert main(["list", "--layers", str(layer_file(tmp_path, text).path)]) == 0
    told = capsys.readouterr().out
    assert "Relu(x)  class, my_layers.py:2" in told
    assert "line 6: Half has no backward" in told


@pytest.mark.parametrize("body", ["pass", "raise NotImplementedError", "raise NotImplementedError()"])
def test_a_class_for_others_to_be_made_of_is_no_layer(tmp_path: Path, body: str) -> None:
    text = f"""
        class Base:
            def forward(self, x):
                "To be written."
                {body}
            def backward(self, dout):
                {body}
        class Twice(Base):
            def forward(self, x): return 2 * x
            def backward(self, dout): return 2 * dout
    """
    host = Host([layer_file(tmp_path, text)])
    (given,) = given_by(host)
    host.close()
    assert isinstance(given["Twice"], OwnLayer)
    base = given["Base"]
    assert isinstance(base, ScenarioError)
    assert "Base.forward does nothing" in base.message
