"""Verify: what was recorded is what runs, to the bit here; the first difference is told; and nothing named is run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bptui.cli import main
from bptui.core.command_parser import parse
from bptui.errors import BptuiError
from bptui.recording import verification
from bptui.recording.json_line import JsonObject
from bptui.recording.machine import machine_fingerprint
from bptui.recording.transcript import read_transcript
from bptui.recording.verification import Verification, verify
from bptui.report.verify_report import verification_lines
from bptui.running import Run, with_expansions
from bptui.scenario.bundled import bundled
from bptui.scenario.load import keep_quiet, load, loads
from bptui.scenario.scenario import Scenario
from bptui.session.dispatcher import Dispatcher
from runs import TWO_LAYERS, session_on
from sampled import one_in

TWICE = """
class Twice:
    def forward(self, x): return x * 2
    def backward(self, dout): return dout * 2
"""


def record(scenario: Scenario, path: Path, *lines: str) -> Path:
    """Record a session on a scenario in which these lines are said."""
    session = session_on(Run(scenario), "it")
    session.record(path)
    dispatcher = Dispatcher(session, None)  # type: ignore[arg-type]
    for line in lines or ("last",):
        assert dispatcher.finish(parse(line, session.tape.graph.slots)).ok
    session.close()
    return path


def verified(path: Path, rtol: float | None = None) -> Verification:
    return verify(read_transcript(path), (), rtol, keep_quiet)


def edit(path: Path, change: Callable[[JsonObject], object]) -> None:
    """Change the records of a transcript, and leave the digests out, as another program would."""
    records = [json.loads(line) for line in path.read_text().splitlines()]
    for it in records:
        it.pop("digest", None)
        change(it)
    path.write_text("".join(f"{json.dumps(it)}\n" for it in records))


@pytest.mark.parametrize("name", one_in(3, [name for name, _ in bundled()]))
def test_every_bundled_scenario_is_the_same_to_the_bit(name: str, tmp_path: Path) -> None:
    found = verified(record(load(name), tmp_path / "it.jsonl", "goto 60" if name == "xor" else "last"))
    assert found.ok
    assert found.rtol == 0
    assert found.steps > 0


def test_branches_are_verified_too(tmp_path: Path) -> None:
    lines = ("goto 6", "set W1[0, 1] = 5", "last", "set dout = 2 * dout", "switch main", "last")
    path = record(loads(TWO_LAYERS), tmp_path / "it.jsonl", *lines[:3], "goto 6", *lines[3:])
    main_steps = len(Run(loads(TWO_LAYERS)).tape.order)
    found = verified(path)
    assert found.ok
    assert found.steps > 2 * main_steps


def test_an_edited_branch_that_was_expanded_is_verified_with_what_was_set(tmp_path: Path) -> None:
    path = record(load("layer_norm"), tmp_path / "it.jsonl", "next", "set gamma[0] = 5", "expand y", "last")
    assert verified(path).ok


def test_an_expanded_run_says_so_and_verifies(tmp_path: Path) -> None:
    path = record(with_expansions(load("layer_norm"), ["y"]), tmp_path / "it.jsonl")
    assert read_transcript(path).header.expanded == ("y",)
    assert verified(path).ok


def another_number(it: JsonObject) -> None:
    if it.get("step") == 4 and it.get("pass") == "forward":
        it["out"]["data"][0] += 1e-12


def test_the_first_difference_is_told_with_its_step_and_both_numbers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = record(load("two_layer"), tmp_path / "it.jsonl", "goto 4")
    edit(path, another_number)
    assert main(["verify", str(path)]) == 1
    told = capsys.readouterr().out
    assert told.startswith("✗ step 4, forward of loss: value is ")
    assert "compared 4 steps, bit for bit" in told
    assert main(["verify", str(path), "--rtol", "1e-9"]) == 0
    assert main(["verify", str(path), "--json"]) == 1
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (found["ok"], found["difference"]["step"], found["difference"]["node"]) == (False, 4, "loss")


def test_a_decision_that_is_another_is_named(tmp_path: Path) -> None:
    text = "[inputs]\nx = [0.5, -0.5]\n[nodes]\na = 'Relu(x)'\n"
    path = record(loads(text), tmp_path / "it.jsonl")

    def other_mask(it: JsonObject) -> None:
        if it.get("pass") == "backward":
            it["local"][0]["data"] = [0.0, 0.0]

    edit(path, other_mask)
    found = verified(path, 1e-4)
    assert found.divergence is not None
    assert (found.divergence.what, found.divergence.decision) == ("local by x", "mask")


def test_on_another_machine_numbers_may_be_a_little_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = record(load("two_layer"), tmp_path / "it.jsonl", "goto 4")
    edit(path, another_number)
    here = machine_fingerprint()
    monkeypatch.setattr(verification, "machine_fingerprint", lambda: {**here, "blas": "another 1.0"})
    found = verified(path)
    assert found.ok
    assert found.rtol == 1e-9
    assert found.other_machine == {"blas": (here["blas"], "another 1.0")}


def test_no_file_that_a_transcript_names_is_read_or_run(tmp_path: Path) -> None:
    (tmp_path / "evil.py").write_text("raise SystemExit(3)")
    path = record(loads(TWO_LAYERS), tmp_path / "it.jsonl")

    def names_files(it: JsonObject) -> None:
        if it["kind"] == "header":
            it["source"] = f"layers = ['{tmp_path}/evil.py']\n" + it["source"].replace(
                "b1 = 0.5", f"b1 = {{ file = '{tmp_path}/gone.npy' }}"
            )

    edit(path, names_files)
    assert verified(path).ok


def test_own_layers_are_run_from_the_file_that_is_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layers = tmp_path / "mine.py"
    layers.write_text(
        "class Twice:\n    def forward(self, x): return x * 2\n    def backward(self, dout): return dout * 2\n"
    )
    text = "[inputs]\nx = 3.0\n[nodes]\na = 'Twice(x)'\n"
    path = record(loads(text, layers=[layers]), tmp_path / "it.jsonl")
    with pytest.raises(BptuiError, match="layers of the person's own: Twice"):
        verified(path)
    assert read_transcript(path).header.files == {"mine.py": layers.read_text()}
    assert main(["verify", str(path), "--layers", str(layers)]) == 0
    layers.write_text(layers.read_text().replace("x * 2", "x * 3"))
    assert main(["verify", str(path), "--layers", str(layers)]) == 1
    assert "value is 6.0 in the recording, and 9.0 now" in capsys.readouterr().out


def test_what_is_no_transcript_ends_with_2(tmp_path: Path) -> None:
    (tmp_path / "it.jsonl").write_text("hello\n")
    assert main(["verify", str(tmp_path / "it.jsonl")]) == 2
    assert main(["verify", str(tmp_path / "gone.jsonl")]) == 2


DATA = """
[inputs]
x = { file = "x.csv" }
[nodes]
y = "Sum(x * 2)"
"""


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda _: None, []),
        (lambda folder: (folder / "x.csv").write_text("1,3\n"), ["x.csv, a file with data, has changed since"]),
        (
            lambda folder: (folder / "net.toml").write_text(DATA.replace("* 2", "* 3")),
            ["the scenario has changed since it was recorded, first at line 5"],
        ),
        (
            lambda folder: (folder / "net.toml").write_text('[inputs]\nx = 1.0\n[nodes]\ny = "Sum(x * 2)"\n'),
            [
                "the scenario has changed since it was recorded, first at line 1",
                "x.csv, a file with data, has changed since",
            ],
        ),
    ],
)
def test_what_has_changed_since_is_named_and_the_recorded_values_are_verified(
    change: Callable[[Path], object], told: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.csv").write_text("1,2\n")
    (tmp_path / "net.toml").write_text(DATA)
    path = record(load(tmp_path / "net.toml"), tmp_path / "it.jsonl")
    change(tmp_path)
    status = main(["verify", str(path), "--scenario", str(tmp_path / "net.toml"), "--json"])
    found = json.loads(capsys.readouterr().out)
    assert found["changes"] == told
    assert found["difference"] is None
    assert status == (1 if told else 0)
    assert read_transcript(path).tape.values["y"] == 6.0


def other_sign(it: JsonObject) -> None:
    if it.get("pass") == "forward":
        it["out"]["data"][1] = -0.0


def other_dtype(it: JsonObject) -> None:
    if it.get("pass") == "forward":
        it["out"]["dtype"] = "float32"


def no_local(it: JsonObject) -> None:
    if it.get("pass") == "backward":
        it["local"] = [None]


@pytest.mark.parametrize(
    ("change", "rtol", "told"),
    [
        (other_sign, None, "value[1] is -0.0 in the recording, and 0.0 now"),
        (other_sign, 1e-12, "verified"),
        (other_dtype, None, "value is [2] float32 in the recording, and [2] float64 now"),
        (no_local, None, "verified"),
    ],
)
def test_bit_for_bit_counts_signs_and_dtypes_and_what_was_not_recorded_is_no_difference(
    tmp_path: Path, change: Callable[[JsonObject], object], rtol: float | None, told: str
) -> None:
    path = record(loads("[inputs]\nx = [0.5, 0.0]\n[nodes]\na = 'Relu(x)'\n"), tmp_path / "it.jsonl")
    edit(path, change)
    assert any(told in line for line in verification_lines(verified(path, rtol)))


@pytest.mark.parametrize(
    "options", [["--rtol", "nan"], ["--rtol", "-1"], ["--rtol", "inf"], ["--rtol", "x"], ["--program", "train.py"]]
)
def test_what_says_nothing_of_a_recording_is_refused(
    tmp_path: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = record(loads("[inputs]\nx = 1.0\n[nodes]\na = 'Exp(x)'\n"), tmp_path / "it.jsonl")
    assert main(["verify", str(path), *options]) == 2
    assert options[0] in capsys.readouterr().err
