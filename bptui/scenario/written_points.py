"""The points that stand in a scenario's file, also where nothing else of it can be read or run."""

from __future__ import annotations

from pathlib import Path

from bptui.core import text_file
from bptui.errors import ScenarioError
from bptui.scenario.load import existing_path
from bptui.scenario.toml import parse_toml


def written_points(place: str) -> dict[str, float]:
    """Return the ``[points]`` of a scenario, as far as they are numbers; none where the file cannot be read."""
    try:
        path = existing_path(Path(place))
        points = parse_toml(text_file.read_text(path), text_file.displayed_path(path)).data.get("points", {})
    except ScenarioError:
        return {}
    entries = points.items() if isinstance(points, dict) else ()
    return {name: float(count) for name, count in entries if isinstance(count, int | float) and 0 <= count < 2**53}
