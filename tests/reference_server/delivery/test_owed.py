"""When what is owed is sent again: rules without a clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventproof.catalog import Retry
from reference_server.delivery.owed import Debt, Owed, policy

CONTRACT = Retry(first=5, factor=2, longest=60, within=300)
MADE = 1_795_000_000.123


def debt(seq: int = 1, made: float = MADE, user: str = "usr_1") -> Debt:
    return Debt(seq, user, "shield", "claim_paid_ack", f"key {seq}", made, policy(CONTRACT, None, None))


def rounds(owed: Owed, until: float) -> list[tuple[float, list[int], list[int]]]:
    """What is due, and when, up to a time: as if a timer rang at exactly the time that was asked for."""
    found = []
    while (at := owed.next_at()) is not None and at <= until:
        again, ended = owed.take_due(at)
        found.append((round(at - MADE, 3), [each.seq for each in again], [each.seq for each in ended]))
        for each in ended:
            owed.settle(each)
    return found


def test_it_is_sent_again_at_the_contracts_times_and_then_ends() -> None:
    owed = Owed()
    owed.add(debt(), MADE)
    assert rounds(owed, MADE + 1000) == [
        *((at, [1], []) for at in (5, 15, 35, 75, 135, 195, 255)),
        (300, [], [1]),
    ]
    assert len(owed) == 0
    assert owed.next_at() is None


def test_the_settings_hurry_it() -> None:
    assert policy(CONTRACT, 0.4, 4).times == pytest.approx((0.4, 1.2, 2.8))
    assert policy(CONTRACT, 0.4, 4).within == 4


@given(st.floats(min_value=0, max_value=400), st.floats(min_value=0, max_value=2e9))
def test_after_a_pause_of_the_server_it_goes_on_where_time_has_come(away: float, made: float) -> None:
    late, now = debt(made=made), made + away
    following = late.due_after(now)
    assert following > now or following == late.ends_at
    owed = Owed()
    owed.add(late, now)
    again, ended = owed.take_due(now)
    assert (again, ended) == ([], [late] if late.ends_at <= now else [])


def test_what_is_acknowledged_is_not_due_any_more() -> None:
    owed = Owed()
    first, second = debt(1), debt(2)
    owed.add(first, MADE)
    owed.add(second, MADE)
    assert owed.find("shield", "claim_paid_ack", "key 1") is first
    owed.settle(first)
    owed.settle(first)
    assert owed.find("shield", "claim_paid_ack", "key 1") is None
    assert 1 not in owed
    assert [seqs for _, seqs, _ in rounds(owed, MADE + 10)] == [[2]]
    assert owed.has("usr_1")
    owed.settle(second)
    assert not owed.has("usr_1")


def test_what_is_due_together_comes_in_the_order_of_the_journal() -> None:
    owed = Owed()
    for seq in (3, 1, 2):
        owed.add(debt(seq, MADE - seq), MADE)
    again, _ = owed.take_due(MADE + 10)
    assert [each.seq for each in again] == [1, 2, 3]


def test_what_could_not_be_given_up_comes_again() -> None:
    owed = Owed()
    owed.add(debt(), MADE)
    assert owed.take_due(MADE + 300)[1]
    assert owed.next_at() == MADE + 302
