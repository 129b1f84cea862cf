import dataclasses

import pytest

from eventproof import catalog
from eventproof.catalog import Direction, Wire
from eventproof.errors import UsageError
from eventproof.verdict import Level

CONTRACTS = catalog.load()
USER_STATE = CONTRACTS.system("user-state")


def test_an_event_is_found_by_its_channel_direction_and_name() -> None:
    banned = CONTRACTS.event("user-state", "/", Direction.SEND, "user.banned")
    assert banned is not None
    assert banned.name == "user.banned"
    assert banned.triggers == ("banUser",)


def test_the_same_message_on_several_channels_is_one_event() -> None:
    found = {USER_STATE.event(channel.address, Direction.SEND, "user.banned") for channel in USER_STATE.channels}
    assert len(found) == 1
    assert [channel.wire for channel in USER_STATE.channels] == [
        Wire.SOCKET_IO,
        Wire.SOCKET_IO,
        Wire.SSE,
        Wire.WEBSOCKET,
    ]


@pytest.mark.parametrize(
    ("address", "direction", "name"),
    [
        ("/", Direction.SEND, "user.promoted"),
        ("/", Direction.RECEIVE, "user.banned"),
        ("/elsewhere", Direction.SEND, "user.banned"),
    ],
)
def test_what_the_catalogue_does_not_have_is_none(address: str, direction: Direction, name: str) -> None:
    assert CONTRACTS.event("user-state", address, direction, name) is None


def test_the_main_channel_comes_first() -> None:
    assert USER_STATE.channels[0].address == "/"


def test_an_audience_is_filled_from_the_actions_parameters() -> None:
    banned = CONTRACTS.event("user-state", "/", Direction.SEND, "user.banned")
    assert banned is not None
    assert banned.recipients({"userId": "usr_1"}) == {"user:usr_1"}
    with pytest.raises(KeyError, match="userId"):
        banned.recipients({})


def test_an_operation_tells_how_it_is_called_and_how_it_refuses() -> None:
    change = USER_STATE.operation("updateUserTier")
    assert (change.method, change.path, change.role) == ("PUT", "/api/admin/users/{userId}/tier", "admin")
    assert change.parameters == ("userId", "tier")
    assert {"user_not_found", "forbidden", "token_revoked", "invalid_input", "not_found"} <= set(change.refusals)
    login = USER_STATE.operation("login")
    assert "account_banned" in login.refusals
    assert not {"token_missing", "forbidden", "not_found"} & set(login.refusals)


def test_requirements_are_those_of_the_chosen_systems_and_the_shared_ones() -> None:
    chosen = CONTRACTS.requirements(["user-state"])
    assert {line.system for line in chosen} == {"user-state", "all"}
    assert [line.id for line in CONTRACTS.requirements([])] == [line.id for line in CONTRACTS.shared]
    assert CONTRACTS.requirements() == chosen


def test_a_requirement_is_found_by_its_id() -> None:
    slow = CONTRACTS.requirement("UST-BAN-8")
    assert (slow.level, slow.system) == (Level.SHOULD, "user-state")
    assert slow.decision
    assert CONTRACTS.requirement("ALL-LEAK-1").capability == "metrics"


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(
        UsageError, match=r'there is no system "user_state" \(did you mean "user-state"\?\); there are user-state'
    ):
        CONTRACTS.system("user_state")
    with pytest.raises(UsageError, match="UST-BAN-99"):
        CONTRACTS.requirement("UST-BAN-99")
    with pytest.raises(UsageError, match="banUser"):
        USER_STATE.operation("banuser")


def test_values_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        USER_STATE.events[0].name = "other"  # type: ignore[misc] # that is the point


def test_the_public_names_are_these() -> None:
    assert catalog.__all__ == [
        "Ack",
        "AckLevel",
        "Catalog",
        "Channel",
        "Counterexample",
        "Direction",
        "ErrorCode",
        "Event",
        "Operation",
        "Problem",
        "Requirement",
        "System",
        "Wire",
        "load",
    ]
