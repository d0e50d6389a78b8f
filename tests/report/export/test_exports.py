"""Each format is opened by who reads it: a Markdown and an HTML parser, an XML parser, pytest, nbformat, a player."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import warnings
from html.parser import HTMLParser
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from markdown_it import MarkdownIt

import bptui
from bptui.cli import main
from bptui.core.lesson import Quiz
from bptui.core.order import Pass
from bptui.recording.recorder import Recorder
from bptui.report.export.account import Account
from bptui.report.export.exporting import FORMATS, Exported, exported_scenario
from bptui.report.export.frame_foot import foot_lines
from bptui.report.export.html_page import html_text
from bptui.report.export.numpy_program import array_source
from bptui.report.export.pytest_file import CLOSE
from bptui.running import Run
from bptui.scenario.bundled import bundled
from bptui.scenario.load import load, loads
from exported import HOSTILE, account_of, hostile_account
from layers import Array
from runs import tape_of_two_graphs
from sampled import one_in

VOID = {"meta", "input", "br", "img"}
BUNDLED = [name for name, _ in bundled() if "/" not in name]  # those of the book have layers of its own


OWN_RELU = """
class Relu:
    def forward(self, x):
        self.mask = x > 0
        return x * self.mask

    def backward(self, dout):
        return dout * self.mask
"""


class Page(HTMLParser):
    """What a page is made of: its elements, with their attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def text_of(account: Account, suffix: str) -> str:
    return Exported(account, {}).text(suffix)


@pytest.mark.parametrize("suffix", FORMATS)
def test_nothing_that_a_file_says_is_obeyed(suffix: str) -> None:
    text = text_of(hostile_account(), suffix)
    assert not set(text) & set(HOSTILE) & set("\u202e\u200b\x07")
    assert suffix == ".cast" or "\x1b" not in text
    assert text.isprintable() or set(text) - {"\n"} <= {it for it in text if it.isprintable()}


def test_a_page_is_well_formed_and_loads_nothing() -> None:
    for account in (account_of("two_layer").account, hostile_account()):
        page = Page(text_of(account, ".html"))
        assert page.open == []
        names = [name for name, _ in page.elements]
        assert names.count("script") == 2
        assert not {"img", "link", "iframe", "object"} & set(names)
        assert not any(key in {"src", "href", "onerror"} for _, attributes in page.elements for key in attributes)
        assert not re.search(r"https?://", text_of(account, ".html").replace("http://x", ""))
        steps = [attributes for name, attributes in page.elements if name == "section"]
        assert len(steps) == len(account.tape)


def test_a_page_has_every_step_in_its_text_and_data() -> None:
    account = account_of("buy_apple").account
    text = text_of(account, ".html")
    told = "".join(Page(text).texts)
    assert "apple_price = apple × count = 100 × 2 = 200" in told
    assert "Step 4 of 4, backward: apple_price" in told
    match = re.search(r'id="steps">(.*?)</script>', text)
    assert match is not None
    steps = json.loads(match[1])
    names = list(account.graph.names)
    assert steps[-1]["g"][str(names.index("apple"))] == "2.2"
    assert [step["pass"] for step in steps] == ["forward", "forward", "backward", "backward"]


def test_markdown_is_read_as_it_is_meant() -> None:
    tokens = MarkdownIt().parse(text_of(account_of("buy_apple_lecture").account, ".md"))
    headings = [tokens[at + 1].content for at, it in enumerate(tokens) if it.type == "heading_open" and it.tag == "h3"]
    assert len(headings) == 4
    assert sum(it.type == "blockquote_open" for it in tokens) == 4
    assert any("price = apple_price × tax = 200 × 1.1 = 220" in it.content for it in tokens if it.type == "fence")


def test_no_hostile_word_is_markup_in_markdown() -> None:
    tokens = MarkdownIt().parse(text_of(hostile_account(), ".md"))
    inside = [child for it in tokens for child in it.children or ()]
    assert not any(it.type in {"html_inline", "html_block", "link_open", "image"} for it in (*tokens, *inside))


def test_a_picture_is_xml_and_is_of_the_step() -> None:
    exported = account_of("buy_apple")
    root = ET.fromstring(exported.text(".svg", 3))
    told = "".join(root.itertext())
    assert "Step 3 of 4, backward: price" in told
    assert "dout × tax" in told
    ET.fromstring(text_of(hostile_account(), ".svg"))


def picture(text: str, step: int) -> str:
    """Return all that stands in the picture of a step of a scenario."""
    account = Account("", "", bptui.run(loads(text)))
    pieces = ET.fromstring(Exported(account, {}).text(".svg", step)).itertext()
    return "\n".join(filter(None, map(str.strip, pieces)))


def test_a_picture_has_the_tape_and_the_gradients_as_they_stand_at_the_step() -> None:
    text = '[parameters]\nx = -3.0\nw = 4.0\n[nodes]\ny = "w * x"\nz = "Square(y)"\n'
    assert "x\nno gradient yet: it is complete at step 4" in picture(text, 3)
    last = picture(text, 4)  # z = (w x)², so that dz/dx = 2 w² x = -96 and dz/dw = 2 w x² = 72
    assert "x\nd x = -96\n" in last
    assert "w\nd w = 72\n" in last
    assert [it for it in last.splitlines() if re.match(r"[▶◀] \d", it)] == [
        "▶ 1 y  Mul",
        "▶ 2 z  Square",
        "◀ 3 z  Square",
        "◀ 4 y  Mul",
    ]


def test_a_picture_of_a_large_network_shows_the_part_around_the_step() -> None:
    chain = "".join(f'n{at} = "Tanh({f"n{at - 1}" if at else "x"})"\n' for at in range(200))
    found = picture(f"[parameters]\nx = 0.5\n[nodes]\n{chain}", 120)
    assert re.search(r"200 nodes, part \d of \d", found)
    assert {"n118", "n119", "n120"} <= set(found.split())


def chain_of(count: int) -> Account:
    """Return a run of so many nodes in a row."""
    chain = "".join(f'n{at} = "Tanh({f"n{at - 1}" if at else "x"})"\n' for at in range(count))
    return Account("", "", bptui.run(loads(f"[parameters]\nx = 0.5\n[nodes]\n{chain}")))


def test_a_large_network_is_drawn_in_parts_that_name_each_node_once() -> None:
    page = text_of(chain_of(160), ".html")
    told = re.findall(r'aria-label="The network: ([^"]*)"', page)
    assert page.count('class="sheet"') == len(told) > 1
    assert sorted(name for names in told for name in names.split(", ")) == sorted(f"n{at}" for at in range(160))
    assert f"Part 1 of {len(told)} of the network" in page
    assert 'class="sheet"' not in text_of(account_of("two_layer").account, ".html")


def test_a_page_says_that_a_network_is_too_large_to_be_drawn() -> None:
    account = chain_of(501)
    assert "The network has 501 nodes, too many to be drawn here." in "".join(Page(text_of(account, ".html")).texts)
    assert "too many" not in text_of(account_of("two_layer").account, ".html")


def test_a_recording_for_a_player_has_a_marker_for_each_step() -> None:
    header, *events = (json.loads(line) for line in text_of(account_of("two_layer").account, ".cast").splitlines())
    assert header["version"] == 2
    assert [code for _, code, _ in events].count("m") == 8
    times = [time for time, _, _ in events]
    assert times == sorted(times)
    assert all(len(line) < 2_000 for _, code, text in events if code == "o" for line in text.split("\r\n"))


def test_a_player_shows_each_step_as_long_as_it_takes_to_read() -> None:
    account = account_of("two_layer").account
    lines = text_of(account, ".cast").splitlines()[1:]
    times = [time for time, code, _ in map(json.loads, lines) if code == "m"]
    pauses = [there - here for here, there in pairwise(times)]
    lengths = [len(told.sentence) for told in account.steps][: len(pauses)]
    assert all(2 <= pause <= 10 for pause in pauses)
    assert pauses[lengths.index(max(lengths))] == max(pauses)
    paced = Account("", "", account.tape, times={1: 0.0, 2: 0.5, 3: 60.0})
    lines = text_of(paced, ".cast").splitlines()[1:]
    assert [time for time, code, _ in map(json.loads, lines) if code == "m"][:3] == [0.0, 0.5, 2.5]


@pytest.mark.parametrize("name", one_in(3, BUNDLED))
def test_the_written_test_computes_the_same_without_bptui(name: str) -> None:
    text = account_of(name).text(".py")
    assert "import bptui" not in text
    assert "from layers" not in text
    namespace: dict[str, dict[str, object]] = {}
    exec(compile(text, f"{name}.py", "exec"), namespace)
    tape = account_of(name).account.tape
    graph = tape.order.passes(0).graph
    for value in graph.names:
        np.testing.assert_array_equal(namespace["values"][value], tape.iterations[0].values[graph.slots[value]])
    for value, gradient in namespace["GRADIENTS"].items():
        np.testing.assert_allclose(namespace["gradients"][value], gradient, rtol=1e-12, equal_nan=True)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    "value",
    [
        np.zeros((0, 3)),
        np.zeros((2, 0, 1), np.float32),
        np.array([np.nan, -np.inf, -0.0]),
        np.array([2, 0]),
        np.array(True),
    ],
)
def test_each_array_is_written_so_that_it_is_read_again(value: Array) -> None:
    read = eval(array_source(value), {"np": np})
    np.testing.assert_array_equal(read, value, strict=True)
    np.testing.assert_array_equal(np.signbit(read), np.signbit(value))


def test_pytest_runs_the_written_test_and_it_fails_where_a_number_is_another(tmp_path: Path) -> None:
    assert main(["export", "two_layer", "-o", str(tmp_path / "test_net.py")]) == 0
    text = (tmp_path / "test_net.py").read_text(encoding="utf-8")
    assert "test_gradient_is_the_slope" in text
    run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # what the file needs is pytest, no plugin of ours
    done = subprocess.run([*run, "test_net.py"], cwd=tmp_path, env=alone, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    broken = text.replace("return (dout @ self.W.T,", "return (2 * dout @ self.W.T,")
    assert broken != text
    (tmp_path / "test_net.py").write_text(broken, encoding="utf-8")
    done = subprocess.run([*run, "test_net.py"], cwd=tmp_path, env=alone, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "test_gradient[a1]" in done.stdout


@pytest.mark.parametrize("name", ["buy_apple_lecture", "dropout", "two_layer"])
def test_a_notebook_is_valid_and_runs(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own making
        nbformat = import_module("nbformat")
        notebook = nbformat.reads(account_of(name).text(".ipynb"), as_version=4)
        nbformat.validate(notebook)
    namespace: dict[str, object] = {}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            exec(cell.source, namespace)
    assert "values" in namespace


def test_a_suffix_that_is_no_format_and_the_file_itself_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "buy_apple", "-o", str(tmp_path / "x.docx")]) == 2
    assert "the suffix says the format" in capsys.readouterr().err
    program = tmp_path / "own.py"
    program.write_text("print(1)\n")
    assert main(["export", "buy_apple", "-o", str(tmp_path / "none" / "x.md")]) == 2
    assert "x.md: " in capsys.readouterr().err
    assert main(["export", "buy_apple", "-o", str(tmp_path / "x.svg"), "--step", "9"]) == 2
    assert "the steps go from 1 to 4" in capsys.readouterr().err


def test_what_is_wrong_is_told_at_its_step_and_marked_in_the_network(tmp_path: Path) -> None:
    own = tmp_path / "own.py"
    own.write_text(OWN_RELU.replace("return dout * self.mask", "return dout * ~self.mask"))
    exported = exported_scenario("two_layer", [own], [], print)
    blocks = exported.text(".md").split("\n### ")
    assert [block.splitlines()[0] for block in blocks if "**✗ gradient of a1: wrong mask" in block] == [
        "Step 7 of 8, backward: z1"
    ]
    page = Page(exported.text(".html"))
    labels = [attributes["aria-label"] for name, attributes in page.elements if name == "svg"]
    assert labels == ["The network: a1, z1 (wrong), a2, loss"]
    assert sum(attributes.get("class") == "wrong mark" for _, attributes in page.elements) == 1
    told = "".join(ET.fromstring(exported.text(".svg", 7)).itertext())
    assert "✗ gradient of a1: wrong mask" in told
    assert "✗ gradient of a1: wrong mask" not in "".join(ET.fromstring(exported.text(".svg", 6)).itertext())


def test_a_layer_of_ones_own_is_told_with_its_line(tmp_path: Path) -> None:
    own = tmp_path / "own.py"
    own.write_text(OWN_RELU)
    assert main(["export", "two_layer", "--layers", str(own), "-o", str(tmp_path / "x.md")]) == 0
    assert "own.py:2" in (tmp_path / "x.md").read_text(encoding="utf-8")


def test_a_transcript_is_exported_with_its_notes_and_pace(tmp_path: Path) -> None:
    recording = tmp_path / "run.jsonl"
    scenario = tmp_path / "s.toml"
    scenario.write_text(
        'title = "One"\n[inputs]\nx = 3.0\n[nodes]\ny = "x * x"\n[[notes]]\nstep = 2\ntext = "here **it** turns"\n'
    )
    run = Run(load(scenario))
    run.finish()
    clock = iter([0.0, 1.0, 4.0, 20.0, 21.0, 30.0]).__next__
    with Recorder(recording, run, clock) as recorder:
        recorder.moved(None, run.tape.at(len(run.tape)))
    run.close()
    for suffix in FORMATS:
        assert main(["export", str(recording), "-o", str(tmp_path / f"x{suffix}")]) == 0
    assert "One" in (tmp_path / "x.md").read_text(encoding="utf-8")
    assert main(["export", str(recording), "-o", str(recording)]) == 2


def seen_in_browser(page: Path, script: str) -> list[str]:
    """Return what a script at the page's end has put into ``seen``, in Chromium; ``press`` is a key."""
    pressed = 'new KeyboardEvent("keydown", { key, bubbles: true })'
    begin = f"const seen = [], press = (key) => document.dispatchEvent({pressed});"
    end = 'document.body.textContent = "SEEN " + seen.join(" | ");'
    text = page.read_text(encoding="utf-8").replace("</body>", f"<script>{begin}{script}{end}</script></body>")
    page.write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", page.as_uri()],
        capture_output=True,
        text=True,
        check=True,
    )
    seen = re.search(r"SEEN ([^<]*)", done.stdout)
    assert seen is not None
    return seen[1].strip().split(" | ")


@pytest.mark.browser
def test_the_keys_of_a_page_step_and_predict(tmp_path: Path) -> None:
    """A page is loaded by Chromium, and a script at its end presses keys."""
    page = tmp_path / "page.html"
    assert main(["export", "buy_apple", "-o", str(page)]) == 0
    press = """
      const shown = () => document.querySelector(".step.shown h2").textContent;
      seen.push(shown());
      press("n"); press("n"); seen.push(shown());
      press("G"); seen.push(shown()); press("g"); press("P"); press("G");
      const quiz = document.querySelector(".step.shown .quiz");
      seen.push(quiz.hidden ? "hidden" : "asked at " + shown());
      seen.push(getComputedStyle(document.querySelector(".ending")).display);
      const input = quiz.querySelector("input");
      input.value = "3"; quiz.requestSubmit();
      seen.push(quiz.querySelector("output").textContent);
      input.value = "200"; quiz.requestSubmit();
      seen.push(document.querySelector(".step.shown .right").textContent);
      press("G");
      document.querySelector(".step.shown .reveal").click();
      seen.push(document.getElementById("place").textContent);
    """
    assert seen_in_browser(page, press) == [
        "Step 1 of 4, forward: apple_price",
        "Step 3 of 4, backward: price",
        "Step 4 of 4, backward: apple_price",
        "asked at Step 1 of 4, forward: apple_price",
        "none",
        "✗ 3 is not right: try again",
        "✓ right: 200",
        "2 of 4; 0 of 2 right at the first try, 1 later Step 2 of 4, forward: price",
    ]


@pytest.mark.browser
def test_a_page_goes_from_note_to_note(tmp_path: Path) -> None:
    scenario = tmp_path / "noted.toml"
    notes = "".join(f'[[notes]]\nstep = {step}\ntext = "here"\n' for step in (2, 4))
    scenario.write_text(f'[inputs]\nx = 3.0\n[nodes]\ny = "x * x"\nz = "y * x"\n{notes}')
    page = tmp_path / "page.html"
    assert main(["export", str(scenario), "-o", str(page)]) == 0
    walk = """
      const see = () => seen.push(document.querySelector(".step.shown h2").textContent.slice(0, 6));
      for (const key of [")", ")", ")", "("]) { press(key); see(); }
    """
    assert seen_in_browser(page, walk) == ["Step 2", "Step 4", "Step 4", "Step 2"]


@pytest.mark.browser
def test_the_part_of_a_large_network_is_that_of_the_step(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(text_of(chain_of(160), ".html"), encoding="utf-8")
    look = """
      const sheets = [...document.querySelectorAll(".sheet")];
      const see = () => {
        const parts = sheets.filter((it) => getComputedStyle(it).display !== "none");
        seen.push(parts.length, parts[0].querySelectorAll(".node.current").length);
      };
      see(); for (let at = 0; at < 100; at++) press("n"); see(); press("G"); see();
      document.getElementById("whole").click();
      seen.push(sheets.every((it) => getComputedStyle(it).display !== "none"));
    """
    assert seen_in_browser(page, look) == ["1", "1", "1", "1", "1", "1", "true"]


def test_a_page_asks_for_what_the_scenario_asks_for() -> None:
    tape = account_of("buy_apple").account.tape
    page = html_text(Account("", "", tape, quiz=Quiz(("price",), Pass.BACKWARD)))
    assert re.findall(r'data-answer="([^"]*)"', page) == ["1.1"]


def test_a_gradient_that_is_zero_but_for_rounding_is_the_same_on_another_machine() -> None:
    namespace: dict[str, Any] = {"np": np, "RTOL": 1e-4}
    exec(CLOSE, namespace)
    wanted = {"bias": np.array([3e-8, 0.0]), "W": np.array([1.0, np.inf])}
    namespace["assert_close"]("bias", {"bias": np.array([-2e-8, 1e-8])}, wanted)
    namespace["assert_close"]("W", {"W": np.array([1.0001, np.inf])}, wanted)
    with pytest.raises(AssertionError, match="Not equal"):
        namespace["assert_close"]("W", {"W": np.array([1.001, np.inf])}, wanted)
    with pytest.raises(AssertionError, match="Not equal"):
        namespace["assert_close"]("bias", {"bias": np.array([3e-5, 0.0])}, wanted)


def test_a_notebook_says_which_gradient_is_not_right() -> None:
    cells = json.loads(exported_scenario("book/softmax_one_sample", [], [], print).text(".ipynb"))["cells"]
    told = "".join("".join(it["source"]) for it in cells if it["cell_type"] == "markdown")
    assert "**✗ gradient of x: mean for sum" in told
    assert "A check has failed (bptui check tells which)" in told


def test_the_foot_of_a_frame_has_the_steps_of_other_graphs() -> None:
    tape = tape_of_two_graphs()
    for position in range(3):
        told = "".join(text for line in foot_lines(tape.at(position), position, width=80, rows=9) for text, _ in line)
        assert ("Exp" in told, "Log" in told) == (True, True)


def test_no_folder_of_whoever_exports_is_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, elsewhere = tmp_path / "me", tmp_path / "elsewhere"
    home.mkdir()
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    own = home / "own.py"
    own.write_text(OWN_RELU.replace("return dout * self.mask", "return dout * ~self.mask"))
    exported = exported_scenario("two_layer", [own], [], print)
    for suffix, step in ((".md", None), (".html", None), (".svg", 7), (".cast", None), (".ipynb", None)):
        told = exported.text(suffix, step, folder=elsewhere)
        assert "own.py:" in told
        assert str(home) not in told
