"""Transcripts have the bounds of scenarios: what would cost too much is refused before it is parsed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bptui.errors import TranscriptError
from bptui.recording import json_line
from bptui.recording.codec import encode_line
from bptui.recording.run_records import records
from bptui.recording.transcript import read_transcript
from bptui.running import Run
from bptui.scenario.load import load

SOURCES = {
    "a dotted key of 20,000 parts": ".".join("a" * 20_000) + " = 1",
    "an integer of 5,000 digits": "a = " + "1" * 5_000,
    "lists nested 5,000 deep": "a = " + "[" * 5_000 + "]" * 5_000,
    "no TOML": "= =",
    "more than a scenario may have": "# " + "a" * json_line.MOST_ENTRIES,
}


def header() -> dict[str, object]:
    """Return a header with no more in it than the format demands: the source tells the rest."""
    record: dict[str, object] = json.loads(encode_line(next(records(Run(load("buy_apple"))))))
    for key in ("inputs", "parameters", "train"):
        record.pop(key, None)
    return record


def write(folder: Path, source: str | None, *more: str) -> Path:
    path = folder / "it.jsonl"
    first = header() if source is None else {**header(), "source": source}
    path.write_text("".join(f"{it}\n" for it in (json.dumps(first), *more)))
    return path


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_a_source_that_is_no_scenario_tells_nothing_and_costs_nothing(
    tmp_path: Path, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def parse(text: str) -> None:
        raise AssertionError(f"Python's own parser was given {len(text):,} characters")

    path = write(tmp_path, source)
    if source != SOURCES["no TOML"]:
        monkeypatch.setattr("tomllib.loads", parse)
    assert read_transcript(path).header.parameters == ()


ACTION = '{"kind": "action", "at": 0, "time": %s, "verb": "next", "count": 1}'


@pytest.mark.parametrize("time", ["1e999", "-1e999", "NaN", "Infinity", "1" * 500])
def test_a_time_that_is_no_number_is_refused(tmp_path: Path, time: str) -> None:
    with pytest.raises(TranscriptError) as caught:
        read_transcript(write(tmp_path, None, ACTION % time))
    assert caught.value.line == 2


@pytest.mark.parametrize("part", ["[],", "{},", "[", "0,"])
def test_a_line_of_countless_parts_is_refused_before_it_is_parsed(
    tmp_path: Path, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, None, part * (json_line.MOST_ENTRIES + 1))
    loads = json.loads

    def parse(text: str, **options: object) -> object:
        assert len(text) < json_line.MOST_ENTRIES
        return loads(text, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("json.loads", parse)
    with pytest.raises(TranscriptError, match="more parts than any record") as caught:
        read_transcript(path)
    assert caught.value.line == 2
