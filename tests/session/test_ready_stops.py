"""The stops that the palette offers stop where they say, and a search finds notes, too."""

from __future__ import annotations

import numpy as np
import pytest

from bptui.core.command_parser import parse
from bptui.running import Run
from bptui.scenario.load import load
from bptui.session.dispatcher import Dispatcher
from bptui.session.ready_stops import ready_stops
from bptui.session.session import Session
from mute_display import MuteDisplay


def dispatcher_of(place: str) -> Dispatcher:
    run = Run(load(place))
    run.finish()
    return Dispatcher(Session(run.tape, "example", run=run), MuteDisplay())


@pytest.mark.parametrize("place", ["dead_relu", "saturated_sigmoid", "two_layer", "xor", "buy_apple"])
def test_every_stop_that_is_offered_can_be_set(place: str) -> None:
    dispatcher = dispatcher_of(place)
    offered = list(ready_stops(dispatcher.session.tape.graph))
    for ready in offered:
        for command in ready.commands:
            answer = dispatcher.finish(command)
            assert answer.ok, answer.text
    assert len(dispatcher.session.stops.by_number) == len({str(it) for ready in offered for it in ready.commands})


def test_a_dead_relu_is_found() -> None:
    dispatcher = dispatcher_of("dead_relu")
    (dead,) = [it for it in ready_stops(dispatcher.session.tape.graph) if "dead" in it.title]
    for command in dead.commands:
        dispatcher.finish(command)
    dispatcher.finish(parse("continue"))
    out = dispatcher.session.moment.value(dispatcher.session.moment.name or "")
    assert out is not None
    assert np.mean(out == 0) > 0.9


def test_a_search_that_finds_no_name_finds_a_note() -> None:
    dispatcher = dispatcher_of("buy_apple_lecture")
    answer = dispatcher.finish(parse("search more to pay. was"))
    assert "Was that your guess?" in answer.text
    assert dispatcher.session.moment.position == 4
    assert not dispatcher.finish(parse("search nothing of the kind")).ok


def test_a_name_that_is_not_there_is_pointed_at() -> None:
    answer = dispatcher_of("buy_apple").finish(parse("break aple"))
    assert answer.pointed is not None
    assert (answer.pointed.expression, answer.pointed.position) == ("aple", 0)
    assert "did you mean apple?" in answer.text
