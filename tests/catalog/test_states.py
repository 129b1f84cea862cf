"""A table of states says what leads where, and by which ways a thing comes to each of them."""

import pytest

from eventproof import catalog
from eventproof.catalog import Direction, States
from handbook.states import Change, changes

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


TOLD = [
    pytest.param(table, change, id=f"{table.thing}-{change.event.name}")
    for system in SYSTEMS
    for table in system.states.values()
    for change in changes(system)
    if change.is_of(table)
]


@pytest.mark.parametrize(("table", "change"), TOLD)
def test_an_event_tells_of_the_changes_that_its_calls_make(table: States, change: Change) -> None:
    """The table and the schemas of a contract say the same, but for states that only other servers have."""
    assert change.event.direction is Direction.SEND
    calls = [call for name in change.event.certain for call in table.calls(name)]
    moved = [pair for call in calls for pair in table.moves[call].items()]
    assert {before for before, _ in moved} <= set(change.before)
    assert {after for _, after in moved} <= set(change.after)
    if change.is_specific:
        known = set(change.before).intersection(table.states), set(change.after)
        assert known == ({before for before, _ in moved}, {after for _, after in moved})


def test_what_leads_to_a_state_may_be_decided_by_what_a_call_is_made_with() -> None:
    shield = catalog.load().system("shield")
    table = shield.states["withdrawal"]
    assert table.ways["failed"] == ("requestWithdrawal", "decideWithdrawal outcome=failed")
    assert table.forbids("failed") == ("decideWithdrawal outcome=completed",)
    assert table.repeats("failed") == ("decideWithdrawal outcome=failed",)
    assert table.operations == {"requestWithdrawal", "decideWithdrawal"}
    assert shield.called(table, table.ways["failed"][1]).example["outcome"] == "failed"
    assert shield.operation("decideWithdrawal").example["outcome"] == "completed"
    assert [call.id for call in shield.before("decideWithdrawal")][-1] == "requestWithdrawal"


def test_what_another_server_tells_leads_on_and_is_no_call_that_a_check_can_make() -> None:
    market = catalog.load().system("marketplace")
    table = market.states["order"]
    failed = "receivePaymentEvent type=payment_intent.payment_failed"
    assert (table.after("pending", failed), table.after("refunded", failed)) == ("payment_failed", None)
    assert "payment_failed" in table.states
    assert set(table.ways) == {"pending", "fulfilled", "refunded"}
    assert not any(
        call in table.told for state in table.ways for call in (*table.forbids(state), *table.repeats(state))
    )
    ways = [[call.id for call in way] for way in market.ways_before("refundOrder")]
    assert ways == [["createProduct", "createOrder"], ["createProduct", "createOrder", "fulfilOrder"]]


def test_what_is_tried_in_a_state_has_all_that_it_needs_beside_the_thing() -> None:
    market = catalog.load().system("marketplace")
    way = market.brought_to(market.states["invitation"], "pending", ["acceptInvitation", "placeWholesaleOrder"])
    assert [call.id for call in way] == ["sendInvitation", "createProduct"]


def test_what_comes_before_a_call_comes_once_for_each_state_from_which_it_leads() -> None:
    shield = catalog.load().system("shield")
    ways = [[call.id for call in way] for way in shield.ways_before("denyClaim")]
    assert ways == [["submitClaim"], ["submitClaim", "reviewClaim"]]
    assert shield.ways_before("requestProof") == (shield.before("requestProof"),)
    assert [call.id for call in shield.before("requestProof")] == ["submitClaim", "approveClaim", "payClaim"]
