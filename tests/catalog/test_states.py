"""A table of states says what leads where, and by which ways a thing comes to each of them."""

import pytest

from eventproof import catalog
from eventproof.catalog import Direction, States
from handbook.states import changes

SYSTEMS = catalog.load().systems.values()
PARCEL = States(
    "parcel",
    "parcelId",
    {"post": "posted", "returnIt": "on its way"},
    {
        "load": {"posted": "on its way", "lost": "on its way"},
        "hand": {"on its way": "handed"},
        "lose": {"on its way": "lost"},
    },
)


def test_the_way_to_a_state_is_the_shortest() -> None:
    assert PARCEL.ways == {
        "posted": ("post",),
        "on its way": ("returnIt",),
        "handed": ("returnIt", "hand"),
        "lost": ("returnIt", "lose"),
    }


def test_a_life_comes_to_no_state_twice_and_ends_where_nothing_leads_on() -> None:
    assert PARCEL.lives == (
        ("post", "load", "hand"),
        ("post", "load", "lose"),
        ("returnIt", "hand"),
        ("returnIt", "lose"),
    )


@pytest.mark.parametrize(
    ("state", "forbidden", "repeated"),
    [
        ("posted", ("hand", "lose"), ()),
        ("on its way", (), ("load",)),
        ("handed", ("load", "lose"), ("hand",)),
        ("lost", ("hand",), ("lose",)),
    ],
)
def test_what_the_table_does_not_have_is_refused_or_done_already(
    state: str, forbidden: tuple[str, ...], repeated: tuple[str, ...]
) -> None:
    assert (PARCEL.forbids(state), PARCEL.repeats(state)) == (forbidden, repeated)
    for call in PARCEL.moves:
        assert (PARCEL.after(state, call) is None) == (call in forbidden + repeated)


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_an_event_tells_of_the_changes_that_its_calls_make(system: catalog.System) -> None:
    """The table and the schemas of a contract say the same."""
    of_events = [event for event in system.events if event.direction is Direction.SEND]
    for table in system.states.values():
        told = [change for change in changes(system) if change.is_of(table)]
        assert told, table.thing
        for change in told:
            assert change.event in of_events
            moved = [pair for call in change.event.certain for pair in table.moves.get(call, {}).items()]
            assert {before for before, _ in moved} <= set(change.before)
            assert {after for _, after in moved} <= set(change.after)
            if change.is_specific:
                assert (set(change.before), set(change.after)) == (
                    {before for before, _ in moved},
                    {after for _, after in moved},
                )


def test_what_comes_before_a_call_comes_once_for_each_state_from_which_it_leads() -> None:
    shield = catalog.load().system("shield")
    ways = [[call.id for call in way] for way in shield.ways_before("denyClaim")]
    assert ways == [["submitClaim"], ["submitClaim", "reviewClaim"]]
    assert shield.ways_before("requestProof") == (shield.before("requestProof"),)
    assert [call.id for call in shield.before("requestProof")] == ["submitClaim", "approveClaim", "payClaim"]
