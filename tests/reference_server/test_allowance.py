"""What one client may say."""

import pytest

from reference_server.limits import Limits
from reference_server.transport.allowance import Allowance, Kind, Prices, TooMuch

LIMITS = Limits(
    packets_a_second=100,
    joins_a_second=10,
    bytes_a_second=10_000,
    stranger_packets=8,
    stranger_bytes=1000,
    max_refusals=3,
    events_a_second=0,
    by_system={},
)


def _allowance(limits: Limits = LIMITS, *, is_member: bool = False) -> Allowance:
    return Allowance(Prices.of(limits), is_member=is_member)


def test_a_stranger_may_say_so_many_things_and_no_more() -> None:
    stranger = _allowance()
    for _ in range(8):
        stranger.says(Kind.JOIN, 0, 100.0)
        assert stranger.wait(100.0) == 0.0
    with pytest.raises(TooMuch) as met:
        stranger.says(Kind.HEARTBEAT, 0, 100.0)
    assert met.value.limit == "stranger_packets"


def test_a_stranger_may_say_so_many_bytes_and_no_more() -> None:
    stranger = _allowance()
    stranger.says(Kind.JOIN, 800, 100.0)
    with pytest.raises(TooMuch) as met:
        stranger.says(Kind.JOIN, 200, 100.0)
    assert met.value.limit == "stranger_bytes"


def test_a_minute_later_a_stranger_may_say_as_much_again() -> None:
    stranger = _allowance()
    for minute in range(3):
        for _ in range(8):
            stranger.says(Kind.PACKET, 0, 100.0 + 60.0 * minute)


def test_who_is_refused_too_often_is_closed_whether_logged_in_or_not() -> None:
    for client in (_allowance(), _allowance(is_member=True)):
        for _ in range(3):
            client.refused(100.0)
        with pytest.raises(TooMuch) as met:
            client.refused(100.0)
        assert met.value.limit == "max_refusals"


def test_a_member_may_do_a_seconds_worth_at_once_and_then_waits_for_each() -> None:
    member = _allowance(is_member=True)
    for _ in range(100):
        member.says(Kind.PACKET, 0, 100.0)
    assert member.wait(100.0) == pytest.approx(0.0)
    member.says(Kind.PACKET, 0, 100.0)
    assert member.wait(100.0) == pytest.approx(0.01)
    member.says(Kind.JOIN, 0, 100.0)
    assert member.wait(100.0) == pytest.approx(0.11)
    member.says(Kind.PACKET, 1000, 100.0)
    assert member.wait(100.0) == pytest.approx(0.22)
    assert member.wait(100.3) == 0.0


def test_the_rate_of_events_that_a_setting_allows_is_no_lower_for_packets() -> None:
    fast = _allowance(Limits(packets_a_second=100, by_system={"shield": {"events_a_second": 50_000}}), is_member=True)
    for _ in range(50_000):
        fast.says(Kind.PACKET, 0, 100.0)
    assert fast.wait(100.0) == pytest.approx(0.0, abs=1e-6)


def test_where_nothing_may_be_said_the_first_thing_is_too_much() -> None:
    with pytest.raises(TooMuch):
        _allowance(Limits(stranger_packets=0)).says(Kind.JOIN, 0, 100.0)


def test_a_logged_in_client_whose_token_was_refused_elsewhere_goes_on_at_full_rate() -> None:
    member = _allowance(is_member=True)
    member.refused(100.0)
    assert member.wait(100.0) == 0.0
