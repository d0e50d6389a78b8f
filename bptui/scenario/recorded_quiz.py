"""What a recorded scenario's text hides in predict mode: the recording is older than what is read here, and may err."""

from __future__ import annotations

from bptui.core.graph import Graph
from bptui.core.lesson import Quiz
from bptui.errors import ScenarioError
from bptui.scenario.problems import Problems
from bptui.scenario.reading.lesson import read_quiz
from bptui.scenario.toml import parse_toml


def recorded_quiz(source: str | None, graph: Graph) -> Quiz:
    """Return what a scenario's text asks for in predict mode; everything where it has no readable text."""
    try:
        return read_quiz(parse_toml(source or "", ""), graph, Problems())
    except ScenarioError:
        return Quiz()
