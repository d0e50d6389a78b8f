"""Trunks between two columns: demands, circles of demands, and the tracks that keep values apart."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bptui.circuit.wire_routing import Ends, Trunk, route


def ends(row: int, *pins: int) -> Ends:
    return Ends(row, frozenset(pins))


def test_a_straight_wire_needs_no_trunk() -> None:
    assert route({0: ends(3, 3)}) == []


def test_a_source_in_the_row_of_anothers_pin_turns_first() -> None:
    first, second = sorted(route({0: ends(4, 9), 1: ends(0, 4)}), key=lambda trunk: trunk.net)
    assert first.track < second.track


def test_two_values_that_change_places_get_a_jog() -> None:
    trunks = route({0: ends(2, 8), 1: ends(8, 2)})
    jogged = [trunk for trunk in trunks if trunk.jogged_from]
    assert len(trunks) == 3
    assert [trunk.row in {2, 8} for trunk in jogged] == [False]


def test_a_wire_that_goes_on_and_forks_both_ways_has_two_trunks() -> None:
    up, down = sorted(route({0: ends(5, 2, 5, 9)}), key=lambda trunk: trunk.low)
    assert (up.low, up.high, down.low, down.high) == (2, 5, 5, 9)
    assert up.track != down.track


def test_trunks_that_do_not_touch_share_a_track() -> None:
    assert {trunk.track for trunk in route({0: ends(0, 3), 1: ends(9, 5)})} == {0}


@st.composite
def channels(draw: st.DrawFn) -> dict[int, Ends]:
    """Values with a source row each, and pins on rows of their own."""
    count = draw(st.integers(1, 8))
    rows = draw(st.lists(st.integers(0, 20), min_size=count, max_size=count, unique=True))
    pins = draw(st.lists(st.integers(0, 20), min_size=count, max_size=20, unique=True))
    return {net: ends(row, *pins[net::count]) for net, row in enumerate(rows)}


@given(channels())
def test_no_two_values_run_over_each_other(wires: dict[int, Ends]) -> None:
    trunks = route(wires)
    for trunk in trunks:
        for other in trunks:
            if trunk is not other and trunk.track == other.track:
                assert trunk.is_clear_of(other)
            if trunk.must_precede(other):
                assert trunk.track < other.track


@given(channels())
def test_every_pin_is_reached_by_its_own_value(wires: dict[int, Ends]) -> None:
    trunks = route(wires)
    for net, wire in wires.items():
        reached = {wire.row} | {pin for trunk in trunks if trunk.net == net for pin in trunk.pins}
        assert wire.pins <= reached
        assert all(source_of(trunk) == wire.row for trunk in trunks if trunk.net == net)


def source_of(trunk: Trunk) -> int:
    return trunk.row if trunk.jogged_from is None else source_of(trunk.jogged_from)
