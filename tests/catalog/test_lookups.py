import dataclasses

import pytest

from eventproof import catalog
from eventproof.catalog import Audience, Direction, Event, Retry, Wire
from eventproof.errors import UsageError
from eventproof.verdict import Level

CONTRACTS = catalog.load()
USER_STATE = CONTRACTS.system("user-state")
SHIELD = CONTRACTS.system("shield")


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
    assert banned.audience_after("banUser", {"userId": "usr_1"}) == Audience(frozenset({"user:usr_1"}))
    nobody = banned.audience_after("banUser", {})
    assert (nobody.rooms, [room.names for room in nobody.untold]) == (frozenset(), [("userId",)])


def shield(name: str) -> Event:
    event = SHIELD.event("/shield/ws", Direction.SEND, name)
    assert event is not None
    return event


def test_who_owns_an_event_that_its_trigger_names_no_user_for_is_the_caller() -> None:
    assert shield("subscription_status_changed").triggers == ("cancelSubscription", "setSubscriptionStatus")
    assert shield("subscription_status_changed").caused_by_owner == {"cancelSubscription"}
    assert shield("admin_claim_submitted").caused_by_owner == set()


def test_an_acknowledgement_names_what_it_acknowledges() -> None:
    paid = shield("claim_paid")
    assert paid.acknowledgement(paid.examples[0]) == {
        "claimId": "clm_8f2d41c7",
        "transactionId": "txn_51c0a7e2",
        "received": True,
    }
    assert paid.acknowledgement({"data": {"claimId": "clm_8f2d41c7"}}) is None
    assert shield("claim_under_review").acknowledgement({}) is None


@pytest.mark.parametrize("event", SHIELD.events, ids=lambda event: event.name)
def test_every_acknowledgement_fits_its_own_contract(event: Event) -> None:
    for example in event.examples:
        answer = event.acknowledgement(example)
        assert (answer is None) == (event.ack is None)
        if event.ack:
            known = SHIELD.event("/shield/ws", Direction.RECEIVE, event.ack.by)
            assert known is not None
            assert known.is_valid(answer)


def test_what_must_be_acknowledged_is_sent_again_ever_more_slowly_and_not_for_ever() -> None:
    retries = {event.name: event.ack.retry for event in SHIELD.events if event.ack and event.ack.retry}
    assert list(retries) == ["claim_paid", "payout_completed"]
    assert list(retries["claim_paid"].times()) == [5, 15, 35, 75, 135, 195, 255]
    assert list(Retry(first=10, factor=1, longest=4, within=9).times()) == [4, 8]
    assert list(Retry(first=2, factor=3, longest=9, within=1).times()) == []


def test_the_key_of_an_event_is_the_value_that_it_keeps_its_order_within() -> None:
    assert shield("claim_paid").key({"data": {"claimId": "clm_1"}}) == "clm_1"
    assert shield("claim_paid").key("no object") is None
    assert shield("notification_received").key({"data": {"claimId": "clm_1"}}) is None


def test_a_channel_says_how_a_token_is_sent() -> None:
    assert SHIELD.channels[0].auth == {"token": "Bearer {token}"}
    assert USER_STATE.channels[0].auth == {"token": "{token}"}


def test_an_operation_says_which_capability_it_needs() -> None:
    needed = {operation.id: operation.capability for operation in SHIELD.operations if operation.capability}
    assert needed == {"advanceTime": "clock", "failNextEvent": "fault-injection"}


def test_an_operation_of_two_systems_is_the_same_in_both() -> None:
    for name in ("login", "logout", "getMe"):
        ours, theirs = dataclasses.asdict(SHIELD.operation(name)), dataclasses.asdict(USER_STATE.operation(name))
        assert ours | {"system": "user-state"} == theirs


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
    assert CONTRACTS.requirements() == CONTRACTS.requirements(CONTRACTS.systems)
    assert set(chosen) < set(CONTRACTS.requirements())


def test_a_requirement_is_found_by_its_id() -> None:
    slow = CONTRACTS.requirement("UST-BAN-8")
    assert (slow.level, slow.system) == (Level.SHOULD, "user-state")
    assert slow.decision
    assert CONTRACTS.requirement("ALL-LEAK-1").capability == "metrics"


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(
        UsageError,
        match=r'there is no system "user_state" \(did you mean "user-state"\?\); there are marketplace, plan-sync, ',
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
        "ADMIN",
        "ANYONE",
        "CALLER",
        "EVERYONE",
        "USER",
        "Ack",
        "AckLevel",
        "Audience",
        "Catalog",
        "Cause",
        "Channel",
        "ClientLimits",
        "Counterexample",
        "Direction",
        "Effect",
        "Ends",
        "ErrorCode",
        "Event",
        "Guide",
        "Heartbeat",
        "OfSession",
        "Opening",
        "Operation",
        "Problem",
        "Requirement",
        "Retry",
        "States",
        "System",
        "Undoing",
        "Untold",
        "Wire",
        "effects",
        "filled",
        "is_of_role",
        "load",
        "of_role",
        "of_user",
        "pack",
        "packs",
        "rooms_of",
        "told",
    ]


def test_all_that_comes_before_a_call_is_in_an_order_in_which_each_has_what_it_needs() -> None:
    before = CONTRACTS.system("shield").before("flagOverdueProof")
    assert [needed.id for needed in before] == ["submitClaim", "approveClaim", "payClaim", "requestProof"]
    assert CONTRACTS.system("shield").before("submitClaim") == ()


def test_a_call_is_made_with_the_examples_of_its_document() -> None:
    submit = CONTRACTS.system("shield").operation("submitClaim")
    assert submit.example.keys() == submit.required == {"ticketNumber", "amount", "city", "state", "violationType"}
    assert submit.unique == {"ticketNumber"}
    assert CONTRACTS.system("user-state").operation("useFeature").example == {"feature": "reports"}


def test_the_code_of_a_refused_token_is_its_own_or_that_of_all_others() -> None:
    shield, user = CONTRACTS.system("shield").channels[0], CONTRACTS.system("user-state").channels[0]
    assert (shield.refusal_of("expired"), shield.refusal_of("forged")) == ("AUTH_EXPIRED", "AUTH_INVALID")
    assert user.refusal_of("expired") is None
