"""What a listener can tell of events without having seen a call: the records of two users, judged as they come."""

from typing import Any

from eventproof import catalog, samples
from eventproof.catalog import Event, rooms_of
from eventproof.checks import known_events
from eventproof.checks.overhearing import Judged, Listener, Overheard
from eventproof.history import Kind, Record

KNOWN = catalog.load()
EVENTS = known_events(KNOWN.systems.values())
TIER = EVENTS["/", "user.tier.updated"]
SUBMITTED = EVENTS["/shield/ws", "claim_under_review"]
PAID = EVENTS["/shield/ws", "claim_paid"]
LISTENERS = {"user-1": Listener(rooms_of("u1", "user")), "user-2": Listener(rooms_of("u2", "user"))}


def opened(actor: str, channel: str = "/") -> Record:
    return Record(0.0, Kind.OPENED, actor, f"{actor}/websocket-1", channel)


def heard(actor: str, name: str, payload: Any, channel: str = "/") -> Record:
    return Record(1.0, Kind.RECEIVED, actor, f"{actor}/websocket-1", channel, name, payload)


def told(*records: Record) -> tuple[Overheard, list[str]]:
    overheard = Overheard(EVENTS, LISTENERS)
    return overheard, [finding.sentence for record in records for finding in overheard.take(record)]


def tier(user: str | None) -> dict[str, Any]:
    fields = {} if user is None else {"userId": user}
    return {"message": "Your plan has been updated to Basic.", **fields}


def of_claim(event: Event, claim: str, seed: int) -> Any:
    payload = samples.sample(event, seed)
    payload["data"]["claimId"] = claim
    return payload


def test_what_is_for_the_listener_and_fits_is_well() -> None:
    overheard, sentences = told(opened("user-1"), heard("user-1", TIER.name, tier("u1")))
    account = overheard.account["/", TIER.name]
    assert sentences == []
    assert account.judged == {Judged.SCOPE: 1, Judged.SCHEMA: 1, Judged.AUDIENCE: 1}


def test_a_server_that_makes_up_names_fills_no_account_without_end() -> None:
    overheard, sentences = told(opened("user-1"), *(heard("user-1", f"made-up-{n}", None) for n in range(1000)))
    assert len(sentences) == 1000
    assert len(overheard.account) == 201
    assert overheard.account["/", "(further names)"].wrong == {Judged.SCOPE: 800}
    assert overheard.account["/", "made-up-0"].wrong == {Judged.SCOPE: 1}


def test_an_event_that_names_somebody_else_was_not_for_the_listener() -> None:
    overheard, sentences = told(opened("user-2"), heard("user-2", TIER.name, tier("u1")))
    assert sentences == ["user-2 received `user.tier.updated`, which is not for them"]
    assert overheard.account["/", TIER.name].wrong == {Judged.AUDIENCE: 1}


def test_where_the_payload_names_nobody_nobody_is_blamed() -> None:
    overheard, sentences = told(opened("user-2"), heard("user-2", TIER.name, tier(None)))
    assert sentences == []
    assert Judged.AUDIENCE not in overheard.account["/", TIER.name].judged


def test_a_name_that_no_contract_has_and_a_payload_that_does_not_fit_are_wrong() -> None:
    _, sentences = told(opened("user-1"), heard("user-1", "user.refreshed", {}), heard("user-1", TIER.name, {}))
    assert "which the catalogue does not have" in sentences[0]
    assert "does not fit" in sentences[1]


def test_two_listeners_who_hear_the_same_in_two_orders_show_it_and_in_one_order_do_not() -> None:
    channel = "/shield/ws"
    one, other = of_claim(SUBMITTED, "clm_1", 1), of_claim(SUBMITTED, "clm_1", 2)
    assert SUBMITTED.key(one) == "clm_1"
    there = (opened("user-1", channel), opened("user-2", channel))
    first = [heard("user-1", SUBMITTED.name, said, channel) for said in (one, other)]
    alike = [heard("user-2", SUBMITTED.name, said, channel) for said in (one, other)]
    assert not [sentence for sentence in told(*there, *first, *alike)[1] if "orders" in sentence]
    assert [sentence for sentence in told(*there, *first, *alike[::-1])[1] if "different orders" in sentence]


def test_what_may_be_sent_again_and_who_came_later_show_no_order() -> None:
    channel = "/shield/ws"
    one, other = of_claim(PAID, "clm_1", 1), of_claim(PAID, "clm_1", 2)
    there = (opened("user-1", channel), opened("user-2", channel))
    swapped = [heard("user-1", PAID.name, said, channel) for said in (one, other)]
    swapped += [heard("user-2", PAID.name, said, channel) for said in (other, one)]
    assert not [sentence for sentence in told(*there, *swapped)[1] if "orders" in sentence]
    first, second = of_claim(SUBMITTED, "clm_1", 1), of_claim(SUBMITTED, "clm_1", 2)
    late = [heard("user-1", SUBMITTED.name, first, channel), opened("user-2", channel)]
    late += [heard("user-1", SUBMITTED.name, second, channel)]
    late += [heard("user-2", SUBMITTED.name, said, channel) for said in (second, first)]
    assert not [sentence for sentence in told(there[0], *late)[1] if "orders" in sentence]
