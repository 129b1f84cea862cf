"""What the swarm of any contract does, and in which order its calls are: by the contract alone."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from eventproof import catalog, profile
from eventproof.catalog import ClientLimits, System
from eventproof.errors import UsageError
from eventproof.load import contracts, objectives
from eventproof.load.expectation import UNORDERED
from eventproof.population import Population
from loadtests.any_contract.overlaps import Overlaps
from loadtests.any_contract.rates import beyond_limits, left_out, of_all, rates, removing, told_apart_by

_ERRORS = catalog.load().errors
_CHAT = Path(__file__).parents[2] / "examples" / "chat" / "eventproof.toml"


@pytest.fixture
def chat() -> System:
    return profile.load(_CHAT, env={"CHAT_PORT": "1"}).catalog.system("chat")


def _usual(system: System) -> Mapping[str, float]:
    return rates(system, _there(system), Population(), 10.0, _ERRORS)


def _there(system: System) -> set[str]:
    return {operation.id for operation in system.operations}


def test_whatever_causes_anything_shares_the_rate_but_for_what_joins_a_room(chat: System) -> None:
    assert _usual(chat) == {"message:post": 10.0}


def test_what_a_profile_names_is_done_and_nothing_else(chat: System) -> None:
    said = Population(rates={"room:join": 2.0})
    assert rates(chat, {"room:join", "message:post"}, said, 10.0, _ERRORS) == {"room:join": 2.0}


def test_what_ends_sessions_is_done_only_where_it_is_named_and_what_is_undone_always() -> None:
    system = catalog.load().system("user-state")
    named = rates(system, {"banUser"}, Population(rates={"banUser": 1.0}), 10.0, _ERRORS)
    assert (set(_usual(system)), named) == ({"updateUserTier"}, {"banUser": 1.0})
    assert left_out(system, _there(system), Population(), _ERRORS) == {"banUser": "it ends sessions"}


def test_what_is_done_to_users_is_left_out_where_nothing_undoes_it_on_this_target() -> None:
    system = catalog.load().system("shield")
    assert "setSubscriptionStatus" in _usual(system)
    out = left_out(system, {"cancelSubscription"}, Population(), _ERRORS)
    assert out["cancelSubscription"].endswith("setSubscriptionStatus, which undoes that, is not there")


def test_what_may_be_refused_as_things_are_is_left_out_where_nothing_says_what_comes_before() -> None:
    system = catalog.load().system("shield")
    out = left_out(system, _there(system), Population(), _ERRORS)
    assert set(out) == {"cancelSubscription", "renewSubscription", "upgradePlan"}
    assert "not_an_upgrade" in out["upgradePlan"]
    assert {"approveClaim", "payClaim"} <= set(_usual(system))  # refused for a state that others bring about


def test_what_people_ask_to_be_told_of_is_made_once_for_all() -> None:
    system = catalog.load().system("studyspot")
    assert [call.id for call in of_all(system, ["createBooking"])] == ["createLibrary"]


def test_what_takes_something_away_is_about_things_of_its_own(chat: System) -> None:
    calls = removing(catalog.load().system("studyspot"))
    assert "deleteLibrary" in calls
    assert "updateLibrary" not in calls
    assert removing(chat) == set()


def test_what_clients_choose_is_made_by_nobody(chat: System) -> None:
    assert of_all(chat, ["message:post"]) == ()


def test_of_one_room_the_events_are_told_apart_by_what_they_correlate(chat: System) -> None:
    assert told_apart_by(chat) == {"message:new": "/text"}


def test_of_calls_one_after_the_other_the_later_one_has_the_higher_step() -> None:
    overlaps = Overlaps()
    first = overlaps.begin({"a"})
    overlaps.end({"a"}, first)
    assert overlaps.begin({"a"}) > first


def test_calls_that_overlap_have_one_step_until_none_is_under_way() -> None:
    overlaps = Overlaps()
    first, second = overlaps.begin({"a"}), overlaps.begin({"a"})
    overlaps.end({"a"}, first)
    third = overlaps.begin({"a"})
    assert first == second == third
    for _ in range(2):
        overlaps.end({"a"}, first)
    assert overlaps.begin({"a"}) > first


def test_a_call_that_overlaps_with_others_which_do_not_is_in_no_order() -> None:
    overlaps = Overlaps()
    first, other = overlaps.begin({"a"}), overlaps.begin({"b"})
    both = overlaps.begin({"a", "b"})
    assert (first != other, both) == (True, UNORDERED)
    overlaps.end({"a", "b"}, both)
    overlaps.end({"a"}, first)
    assert overlaps.begin({"a"}) > first


def test_an_objective_may_be_about_an_event_of_the_target_s_own_contract() -> None:
    line = objectives.parse("message:new: p(99) < 1s", is_checked=False)
    with pytest.raises(UsageError, match="names an unknown metric"):
        objectives.fit(line, ["chat"], has_steps=False)
    target = profile.load(_CHAT, env={"CHAT_PORT": "1"})
    try:
        contracts.of_target(target)
        objectives.fit(line, ["chat"], has_steps=False)
        assert objectives.parse("lost[message:new] == 0").scope == "message:new"
    finally:
        contracts.of_target(profile.for_url("http://127.0.0.1:1", env={}))


def test_nobody_is_made_to_say_more_than_the_contract_lets_them(chat: System) -> None:
    channel = replace(chat.channels[0], limits=ClientLimits(events_a_second=5))
    events = tuple(replace(event, channels=(channel,)) for event in chat.events)
    limited = replace(chat, channels=(channel,), events=events)
    made = {"message:post": 11.0}
    assert beyond_limits(limited, made, 2).startswith("each of 2 users who act would say 5.5 events a second on /, and")
    assert beyond_limits(limited, made, 2.2) == ""
    assert beyond_limits(chat, made, 1) == ""
