"""A scenario never makes bptui run code by being opened."""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from bptui.errors import BptuiError, ScenarioError
from bptui.own_layers import trust as trusting
from bptui.own_layers.imports_beside import files_beside
from bptui.own_layers.trust import is_private_group, read_layer_file, record_path, trust, words_of_trust
from bptui.scenario.load import load
from bptui.scenario_tape import run
from guests import layer_file

LAYERS = """
    from pathlib import Path
    Path(__file__).with_name("ran").touch()
    class Mine:
        def forward(self, x): return x + {number}
        def backward(self, dout): return dout
    """


@pytest.fixture(autouse=True)
def data_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep what these tests trust out of the data directory of whoever runs them."""
    home = tmp_path / "data"
    monkeypatch.setenv("XDG_DATA_HOME", str(home))
    return home


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    """Return a scenario that names a file, which leaves a trace if it runs."""
    write_layers(tmp_path, 1)
    path = tmp_path / "a.toml"
    path.write_text("layers = ['my_layers.py']\n[inputs]\nx = 1\n[nodes]\ny = 'Mine(x)'\n")
    return path


def write_layers(folder: Path, number: int) -> Path:
    return layer_file(folder, LAYERS.format(number=number)).path


def refusal(path: Path, **options: object) -> ScenarioError:
    with pytest.raises(ScenarioError) as caught:
        load(path, **options)  # type: ignore[arg-type]
    assert not (path.parent / "ran").exists()
    return caught.value


def value(path: Path, **options: object) -> object:
    return run(load(path, **options)).values["y"]  # type: ignore[arg-type]


def test_a_file_that_a_scenario_names_does_not_run_without_permission(scenario: Path) -> None:
    error = refusal(scenario)
    assert str(error).startswith(f"{scenario}:1:11: error: my_layers.py will not be run without permission")
    assert error.hint is not None
    file = scenario.with_name("my_layers.py")
    assert f"--layers {file}" in error.hint
    assert f"bptui trust {file}" in error.hint


def test_with_permission_it_runs_in_another_process_only(scenario: Path) -> None:
    file = layer_file(scenario.parent, LAYERS.format(number=1))
    file.path.write_text(file.text + "import os\nraise SystemExit(f'process {os.getpid()}')\n")
    with pytest.raises(ScenarioError, match=r"process \d+") as caught:
        load(scenario, layers=[file.path])
    assert f"process {os.getpid()}" not in caught.value.message
    assert (scenario.parent / "ran").exists()


def test_naming_the_file_allows_it_for_this_run_only(scenario: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(scenario.parent)
    assert value(scenario, layers=["my_layers.py"]) == 2.0
    (scenario.parent / "ran").unlink()
    refusal(scenario)


def test_naming_another_file_allows_only_that(scenario: Path) -> None:
    other = layer_file(scenario.parent, "class Other: ...", name="other.py")
    assert "my_layers.py" in refusal(scenario, layers=[other.path]).message


def test_a_trusted_file_runs_until_it_changes(scenario: Path) -> None:
    file = scenario.with_name("my_layers.py")
    trust(file)
    assert value(scenario) == 2.0
    (scenario.parent / "ran").unlink()
    write_layers(scenario.parent, 5)
    assert "has changed since it was allowed" in refusal(scenario).message
    trust(file)
    assert value(scenario) == 6.0


def test_trust_is_in_the_path_as_well_as_in_the_content(scenario: Path, tmp_path: Path) -> None:
    trust(scenario.with_name("my_layers.py"))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("a.toml", "my_layers.py"):
        (elsewhere / name).write_bytes(scenario.with_name(name).read_bytes())
    assert "without permission" in refusal(elsewhere / "a.toml").message


def test_a_link_to_a_trusted_file_is_that_file(scenario: Path) -> None:
    trust(scenario.with_name("my_layers.py"))
    real = scenario.with_name("my_layers.py")
    link = scenario.parent / "link.py"
    link.symlink_to(real)
    scenario.write_text(scenario.read_text().replace("my_layers.py", "link.py"))
    assert value(scenario) == 2.0


def test_what_runs_is_what_was_read_and_not_what_lies_there_later(scenario: Path) -> None:
    loaded = load(scenario, layers=[scenario.with_name("my_layers.py")])
    write_layers(scenario.parent, 100)
    assert run(loaded).values["y"] == 2.0


MINE = "class Mine:\n    def forward(self, x): return x + 1\n    def backward(self, dout): return dout\n"

IMPORTING = """
    from pathlib import Path
    Path(__file__).with_name("ran").touch()
    import helper
    def later():
        from parts.more import NUMBER
        return NUMBER
    class Mine:
        def forward(self, x): return x + helper.NUMBER
        def backward(self, dout): return dout
    """


@pytest.fixture
def importing(scenario: Path) -> Path:
    """Return a scenario whose file is trusted and imports others from beside it."""
    folder = scenario.parent
    (folder / "parts").mkdir()
    (folder / "parts" / "__init__.py").touch()
    (folder / "parts" / "more.py").write_text("NUMBER = 3\nfrom . import deep\n")
    (folder / "parts" / "deep.py").touch()
    (folder / "helper.py").write_text("NUMBER = 1\n")
    trust(layer_file(folder, IMPORTING).path)
    assert value(scenario) == 2.0
    (folder / "ran").unlink()
    return scenario


@pytest.mark.parametrize("name", ["helper.py", "parts/__init__.py", "parts/more.py", "parts/deep.py"])
def test_a_file_that_a_trusted_one_imports_asks_again_when_it_has_changed(importing: Path, name: str) -> None:
    helper = importing.parent / name
    helper.write_text(helper.read_text() + "# changed\n")
    told = refusal(importing).message
    assert f"{helper.name}, which my_layers.py may run, has changed since it was allowed" in told
    trust(importing.with_name("my_layers.py"))
    assert value(importing) == 2.0


@pytest.mark.parametrize("name", ["unrelated.py", "random.py", "pathlib.py", "numpy.txt"])
def test_what_a_trusted_file_does_not_import_may_change(importing: Path, name: str) -> None:
    (importing.parent / name).write_text("raise SystemExit\n")
    assert value(importing) == 2.0


def test_a_file_that_appears_where_a_trusted_one_looks_asks_again(importing: Path) -> None:
    (importing.parent / "helper").mkdir()
    (importing.parent / "helper" / "__init__.py").write_text("NUMBER = 100\n")
    assert "__init__.py, which my_layers.py may run, has changed" in refusal(importing).message


@pytest.mark.parametrize(
    ("loading", "name"),
    [
        ("import importlib; found = importlib.import_module('hid' + 'den')", "hidden.py"),
        ("from importlib.util import spec_from_file_location", "hidden.py"),
        ("found = __import__('hid' + 'den')", "hidden.py"),
        ("exec(Path(__file__).with_name('hid' + 'den.py').read_text())", "hidden.py"),
        ("exec(open(__file__[:-12] + 'hidden.txt').read())", "hidden.txt"),
        ("import runpy; runpy.run_path(__file__[:-12] + 'hid' + 'den.py')", "hidden.py"),
        ("import sys; sys.path.insert(0, __file__[:-12] + 'lib'); import hidden", "lib/hidden.py"),
        ("from helper import NUMBER", "hidden.py"),
    ],
)
def test_a_file_that_a_trusted_one_runs_by_any_means_asks_again(scenario: Path, loading: str, name: str) -> None:
    folder = scenario.parent
    hidden = folder / name
    hidden.parent.mkdir(exist_ok=True)
    hidden.write_text("NUMBER = 1\n")
    (folder / "helper.py").write_text("def later(name):\n    return __import__(name)\nNUMBER = 1\n")
    trust(layer_file(folder, f"from pathlib import Path\n{loading}\n{MINE}").path)
    assert value(scenario) == 2.0
    hidden.write_text("NUMBER = 2\n")
    assert f"{hidden.name}, which my_layers.py may run, has changed since it was allowed" in refusal(scenario).message


def test_a_file_that_appears_beside_one_that_runs_others_asks_again(scenario: Path) -> None:
    trust(layer_file(scenario.parent, f"import importlib\n{MINE}").path)
    (scenario.parent / "new.py").touch()
    assert "new.py, which my_layers.py may run, has changed" in refusal(scenario).message


def test_an_environment_and_hidden_folders_are_no_part_of_a_project(tmp_path: Path) -> None:
    for folder in (".git", "env", "lib"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.py").touch()
    (tmp_path / "env" / "pyvenv.cfg").touch()
    assert files_beside(tmp_path / "mine.py", "exec('')") == [tmp_path / "lib" / "a.py"]


@pytest.mark.parametrize("text", ["import re\nre.compile('x')", "net.eval()", "import sys\nsys.exit", "open('a.txt')"])
def test_what_runs_no_other_file_is_not_taken_to(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.py").touch()
    (tmp_path / "a.txt").touch()
    assert files_beside(tmp_path / "mine.py", text) == []


def make_world_writable(file: Path) -> None:
    file.chmod(0o666)


def make_group_writable(file: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("a group of one's own may write")
    file.chmod(0o660)


@pytest.mark.parametrize("spoil", [make_world_writable, make_group_writable])
def test_a_file_that_a_trusted_one_imports_belongs_to_nobody_else(
    importing: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(importing.parent / "helper.py")
    assert "may write to it" in refusal(importing).message


def test_what_is_trusted_and_how_far_is_one_sentence(importing: Path) -> None:
    file = read_layer_file(importing.with_name("my_layers.py"))
    told = words_of_trust(file)
    assert told.startswith(f"{file.path}, with what it may run from beside it (")
    assert {"helper.py", "more.py", "deep.py"} <= set(
        told.replace(")", "(").replace(",", " ").replace("(", " ").split()
    )
    assert told.endswith("may run with all that you may do, in scenarios that name it, until it changes")
    assert "\n" not in told


def give_away(file: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can give a file away")
    os.chown(file, 12345, -1)


def make_a_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def make_a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def make_binary(file: Path) -> None:
    file.write_bytes(b"\x89PNG")


def make_huge(file: Path) -> None:
    file.write_bytes(b"#" * (trusting.MOST_BYTES + 1))


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (make_world_writable, "anybody may write to it"),
        (make_group_writable, "its group may write to it"),
        (give_away, "belongs to somebody else"),
        (make_a_pipe, "is a pipe"),
        (make_a_folder, "is a folder"),
        (make_binary, "not UTF-8 text"),
        (make_huge, "more than 1 MB"),
        (Path.unlink, "no such file"),
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused_however_it_is_named(
    scenario: Path, spoil: Callable[[Path], None], told: str
) -> None:
    file = scenario.with_name("my_layers.py")
    trust(file)
    spoil(file)
    assert told in refusal(scenario).message
    assert told in refusal(scenario, layers=[file]).message
    with pytest.raises(ScenarioError, match=told):
        trust(file)


@pytest.mark.parametrize(
    ("user", "members", "is_private"),
    [(1000, [], True), (1000, ["me"], True), (1000, ["somebody"], False), (0, [], False)],
)
def test_a_group_of_one_s_own_may_write(
    user: int, members: list[str], is_private: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: user)
    monkeypatch.setattr(pwd, "getpwuid", lambda _: SimpleNamespace(pw_name="me", pw_gid=7))
    monkeypatch.setattr(grp, "getgrgid", lambda _: SimpleNamespace(gr_name="me", gr_mem=members))
    assert is_private_group(7) is is_private
    assert not is_private_group(8)


def test_where_nothing_can_be_kept_trust_says_so_and_names_the_other_way(scenario: Path, data_home: Path) -> None:
    data_home.write_text("no folder")
    with pytest.raises(BptuiError, match="cannot be remembered") as caught:
        trust(scenario.with_name("my_layers.py"))
    assert "--layers" in str(caught.value.hint)
    refusal(scenario)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"files": 3}', "\x00", '{"files": {"a": null}}'])
def test_a_damaged_record_trusts_nothing(scenario: Path, content: str) -> None:
    trust(scenario.with_name("my_layers.py"))
    record_path().write_text(content)
    refusal(scenario)
    trust(scenario.with_name("my_layers.py"))
    assert value(scenario) == 2.0


def test_a_record_that_anybody_may_write_to_trusts_nothing(scenario: Path) -> None:
    trust(scenario.with_name("my_layers.py"))
    record_path().chmod(0o666)
    assert "my_layers.py" in refusal(scenario).message


def test_what_is_no_python_is_not_trusted(tmp_path: Path) -> None:
    file = tmp_path / "my.py"
    file.write_text("class\n")
    with pytest.raises(ScenarioError, match="SyntaxError") as caught:
        trust(file)
    assert (caught.value.path, caught.value.line) == (str(file), 1)


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    file = tmp_path / "my.py"
    file.write_bytes(b"\xef\xbb\xbfx = 1\n")
    assert read_layer_file(file).text == "x = 1\n"
