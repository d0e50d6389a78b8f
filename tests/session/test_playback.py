"""A recording is played as it happened: in order, at its own pace, and with long pauses shortened."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bptui.session.playback import LONGEST_PAUSE, Playback, PlayedAction

ACTIONS = [
    PlayedAction(0.0, 1, "next"),
    PlayedAction(1.0, 2, "next"),
    PlayedAction(3.0, 2, "note here"),
    PlayedAction(5.0, 4, "goto 4"),
]


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_what_has_happened_by_then_is_due_and_nothing_else() -> None:
    clock = Clock()
    playback = Playback(ACTIONS, clock)
    assert playback.due() == []
    playback.toggle(0)
    assert playback.due() == ACTIONS[:1]
    clock.now += 0.9
    assert playback.due() == []
    clock.now += 2.2
    assert playback.due() == ACTIONS[1:3]
    playback.toggle(2)
    clock.now += 60
    assert playback.due() == []
    playback.toggle(2)
    clock.now += 2.0
    assert playback.due() == ACTIONS[3:]
    assert not playback.is_playing


def test_the_pace_is_changed() -> None:
    clock = Clock()
    playback = Playback(ACTIONS, clock)
    playback.toggle(0)
    playback.change_pace(2.0)
    playback.due()
    clock.now += 1.6
    assert playback.due() == ACTIONS[1:3]
    assert playback.words == "playing, 2 times as fast"


def test_it_plays_on_from_where_one_has_gone_and_at_the_end_begins_anew() -> None:
    clock = Clock()
    playback = Playback(ACTIONS, clock)
    playback.toggle(2)
    clock.now += 2.0
    assert playback.due() == ACTIONS[3:]
    playback.toggle(4)
    assert playback.due() == ACTIONS[:1]


@given(st.lists(st.floats(0, 5), min_size=1, max_size=20), st.lists(st.floats(0, 3), max_size=40))
def test_everything_is_played_once_and_in_order(pauses: list[float], looks: list[float]) -> None:
    clock = Clock()
    actions, now = [], 0.0
    for step, pause in enumerate(pauses, start=1):
        now += min(LONGEST_PAUSE, pause)
        actions.append(PlayedAction(now, step, "next"))
    playback = Playback(actions, clock)
    playback.toggle(0)
    seen: list[PlayedAction] = []
    for seconds in [*looks, 2 * LONGEST_PAUSE * len(actions)]:
        clock.now += seconds
        seen += playback.due()
    assert seen == actions
