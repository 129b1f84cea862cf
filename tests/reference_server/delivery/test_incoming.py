"""What clients say: taken where it fits its contract, answered with a code where not; nobody else is bothered."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from eventproof.catalog import Direction, Event
from reference_server.delivery.conduct import Conduct
from reference_server.delivery.connections import Connection
from reference_server.refusals import contracts
from tests.reference_server.delivery.line import (
    PLACE,
    ack,
    comes_next,
    complaint,
    frame,
    greeted,
    hears,
    is_heard,
    names,
    paid,
    says,
    tell,
)
from tests.reference_server.house import House, keep_house

pytestmark = pytest.mark.asyncio(loop_scope="package")
CLIENTS = [event for event in contracts().system("shield").events if event.direction is Direction.RECEIVE]
VALUES: tuple[Any, ...] = (None, True, 7, 1.5, "", "x" * 10_000, [], {}, {"a": {}})


def wrong_fields() -> Iterator[Any]:
    """Each client event with a value in each of its fields that its contract forbids there; and with it left out."""
    for event in CLIENTS:
        good: Any = event.examples[0]
        for wrong in VALUES:
            if not event.is_valid(wrong):
                yield pytest.param(event, wrong, id=f"{event.name} {str(wrong)[:20]}")
        for field in event.schema.get("properties", {}):
            for wrong in VALUES:
                if not event.is_valid({**good, field: wrong}):
                    yield pytest.param(event, {**good, field: wrong}, id=f"{event.name} {field} {str(wrong)[:20]}")
        for field in event.schema.get("required", ()):
            yield pytest.param(event, {key: good[key] for key in good if key != field}, id=f"{event.name} no {field}")
        if event.schema["type"] != "null":
            yield pytest.param(event, {**good, "more": 1}, id=f"{event.name} more")


WRONG = list(wrong_fields())
assert {param.values[0] for param in WRONG} == set(CLIENTS), "every client event is tried"


@pytest.mark.parametrize(("event", "argument"), WRONG)
async def test_an_argument_that_does_not_fit_its_contract_is_answered_with_invalid_payload(
    house: House, event: Event, argument: Any
) -> None:
    user = await house.person()
    socket = await greeted(house, user)
    await says(socket, event.name, argument)
    assert await complaint(socket) == ("INVALID_PAYLOAD", event.name)
    await is_heard(socket)
    await socket.raw.close()


def at_most(size: int, name: str = "pong") -> str:
    """An event of just so many bytes."""
    start = json.dumps([name, ""])
    return f"42{PLACE}," + start.replace('""', '"' + "x" * (size - len(start)) + '"')


MALFORMED = [
    (f"42{PLACE}", None),
    (f"42{PLACE},", None),
    (f"42{PLACE},{{}}", None),
    (f"42{PLACE},[]", None),
    (f"42{PLACE},[42]", None),
    (f'42{PLACE},[["pong"]]', None),
    (f'42{PLACE},"pong"', None),
    (f'42{PLACE},["pong"', "pong"),
    (f'42{PLACE},["pong",]', "pong"),
    (f'42{PLACE},["pong",nul]', "pong"),
    (f'42{PLACE},["pong",null,null]', "pong"),
    (f'42{PLACE},["pong"]["pong"]', "pong"),
    (f'42{PLACE},["pong",NaN]', "pong"),
    (f'42{PLACE},["pong",-Infinity]', "pong"),
    (f'42{PLACE},["pong",1e999]', "pong"),
    (f'42{PLACE},["pong","\\ud800"]', "pong"),
    (f'42{PLACE},["\\ud800",1]', None),
    (f'42{PLACE},["pong",' + "[" * 20_000 + "]", "pong"),
    (f'42{PLACE},["pong",' + "[" * 20_000 + "]" * 20_001, "pong"),
    (f'42{PLACE},["pong",' + '{"a":' * 5_000 + "1" + "}" * 5_000 + "]", "pong"),
    (f'42{PLACE},["pong",' + "9" * 5_000 + "]", "pong"),
    (f'42{PLACE},12345678901234567890["pong"]', None),
    (f'42{PLACE},1-["pong"]', None),
    (f'42{PLACE}?token=x,["nonsense"]', "nonsense"),
    (frame("nonsense"), "nonsense"),
    (frame(""), None),
    (frame("n" * 10_000), None),
    (frame("*"), "*"),
    (frame("message", 1), "message"),
    (frame("connect"), "connect"),
    (frame("connect_error"), "connect_error"),
    (frame("disconnect"), "disconnect"),
    (frame("disconnect", {"reason": "logout"}), "disconnect"),
    (frame("disconnecting"), "disconnecting"),
    (frame("claim_paid", {}), "claim_paid"),
    (frame("user.banned", {}), "user.banned"),
    (frame("__proto__", {"__proto__": 1}), "__proto__"),
    (at_most(64 * 1024 + 1), "pong"),
    (f'42{PLACE},["pong","' + "ä" * 32_768 + '"]', "pong"),
    (f'42{PLACE},["pong","' + "x" * 120_000 + '"]', "pong"),
]


@pytest.mark.parametrize(("text", "original"), MALFORMED, ids=[text[:60] for text, _ in MALFORMED])
async def test_what_is_no_event_is_answered_with_invalid_payload_and_hurts_nobody(
    house: House, text: str, original: str | None
) -> None:
    user, witness = await house.person(), await house.person()
    socket, other = await greeted(house, user), await greeted(house, witness)
    with capture_logs() as logs:
        await socket.send(text)
        assert await complaint(socket) == ("INVALID_PAYLOAD", original)
    assert logs == []
    await comes_next(house, user, socket)
    await comes_next(house, witness, other)
    for each in (socket, other):
        await each.raw.close()


async def test_an_event_with_attachments_is_answered_with_invalid_payload(house: House) -> None:
    socket = await greeted(house, await house.person())
    await socket.send(f'451-{PLACE},["pong",{{"_placeholder":true,"num":0}}]', b"\x00\xff")
    assert await complaint(socket) == ("INVALID_PAYLOAD", "pong")
    await is_heard(socket)


async def test_an_event_of_64_kb_is_no_larger_than_allowed(house: House) -> None:
    socket = await greeted(house, await house.person())
    await socket.send(at_most(64 * 1024))
    name, payload = await hears(socket)
    assert "does not fit its contract" in payload["data"]["message"]
    await socket.send(at_most(64 * 1024 + 1))
    name, payload = await hears(socket)
    assert (name, payload["data"]["message"]) == ("error", "An event may have 65536 bytes here: send a smaller one.")


async def test_every_complaint_fits_its_contract(house: House) -> None:
    error = contracts().event("shield", PLACE, Direction.SEND, "error")
    assert error is not None
    socket = await greeted(house, await house.person())
    for text, _ in MALFORMED[:9]:
        await socket.send(text)
        _, payload = await hears(socket)
        assert error.is_valid(payload), error.explain(payload)


async def test_the_eleventh_event_within_a_second_is_refused_and_the_next_second_is_another(tmp_path: Path) -> None:
    async with keep_house(tmp_path) as house:
        now = 1000.0
        house.services.incoming.clock = lambda: now
        user = await house.person()
        socket, device = await greeted(house, user), await greeted(house, user)
        for _ in range(10):
            await is_heard(socket)
        for _ in range(3):
            await says(socket, "pong", None)
            assert await complaint(socket) == ("RATE_LIMITED", "pong")
        await says(socket, "client_disconnect", {"reason": "logout"})
        assert await complaint(socket) == ("RATE_LIMITED", "client_disconnect"), "it is not done either"
        await is_heard(device)
        now = 1000.99
        await says(socket, "pong", None)
        assert await complaint(socket) == ("RATE_LIMITED", "pong")
        now = 1001.0
        for _ in range(10):
            await is_heard(socket)
        await socket.send("42" + PLACE + ",[")
        assert await complaint(socket) == ("RATE_LIMITED", None)


async def test_a_flood_costs_the_others_nothing_and_its_own_connection_recovers(tmp_path: Path) -> None:
    async with keep_house(tmp_path) as house:
        now = 1000.0
        house.services.incoming.clock = lambda: now
        user, witness = await house.person(), await house.person()
        socket, other = await greeted(house, user), await greeted(house, witness)
        await socket.send(*[frame("nonsense")] * 1000)
        await comes_next(house, witness, other)
        codes = [(await complaint(socket))[0] for _ in range(1000)]
        assert codes == ["INVALID_PAYLOAD"] * 10 + ["RATE_LIMITED"] * 990
        now = 1002.0
        await is_heard(socket)


async def test_a_fault_inside_is_answered_without_internals_and_the_connection_stays(house: House) -> None:
    user = await house.person()
    socket = await greeted(house, user)
    house.services.incoming.fail_next(user.id)
    with capture_logs() as logs:
        await says(socket, "pong", None)
        name, payload = await hears(socket)
    assert (name, payload["data"]["code"], payload["data"]["originalEvent"]) == ("error", "INTERNAL_ERROR", "pong")
    assert payload["data"]["message"] == contracts().errors["INTERNAL_ERROR"].sentence
    assert [(log["event"], log["exc_info"]) for log in logs] == [("event-failed", True)]
    await is_heard(socket)


async def test_a_store_that_fails_is_a_fault_inside(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any) -> Any:
        raise OSError("no such disk")

    monkeypatch.setattr(house.services.journal, "acknowledged", broken)
    socket = await greeted(house, await house.person())
    await says(socket, "claim_denied_ack", {"claimId": "clm_1", "received": True})
    assert await complaint(socket) == ("INTERNAL_ERROR", "claim_denied_ack")
    await is_heard(socket)


async def test_no_more_users_are_marked_to_fail_than_fit(house: House) -> None:
    for number in range(10_001):
        house.services.incoming.fail_next(f"usr_{number}")
    socket = await greeted(house, await house.person())
    await is_heard(socket)


async def test_an_event_that_asks_for_the_wires_acknowledgement_gets_it_where_it_was_taken(house: House) -> None:
    user = await house.person()
    socket = await greeted(house, user)
    payment = paid(user)
    await tell(house, payment)
    assert await names(socket, 1) == ["claim_paid"]
    await socket.send(f'42{PLACE},7["claim_paid_ack",{json.dumps(ack(payment))}]')
    assert await socket.read() == f"43{PLACE},7[]"
    await socket.send(f'42{PLACE},8["nonsense"]')
    assert await complaint(socket) == ("INVALID_PAYLOAD", "nonsense")
    await comes_next(house, user, socket)


async def test_a_namespace_that_does_not_listen_is_as_strict_as_before(house: House) -> None:
    user = await house.person()
    socket = await house.socket(user, "/me", PLACE)
    assert (await socket.read()).startswith(f'42{PLACE},["connected"')
    await socket.send('42/me,["nonsense"]')
    await is_heard(socket)
    await socket.send("42/me,{}")
    assert await socket.rest() == ([], 1002)


async def test_an_event_to_a_namespace_that_was_not_joined_is_not_taken(house: House) -> None:
    socket = await house.socket(await house.person())
    await socket.send(frame("pong"))
    assert await socket.is_open()
    alone = await house.engine()
    await alone.send(frame("pong"))
    assert await alone.rest() == ([], 1002)


async def test_who_left_by_an_event_is_not_answered_any_more(house: House) -> None:
    user = await house.person()
    socket = await greeted(house, user)
    await socket.send(frame("client_disconnect", {"reason": "manual"}), frame("nonsense"))
    assert (await socket.rest())[0] == [f"41{PLACE},"]


async def test_what_is_heard_can_be_awaited_by_whoever_misbehaves(tmp_path: Path) -> None:
    class Curious(Conduct):
        def __init__(self) -> None:
            self.names: list[str] = []

        async def heard(self, connection: Connection, name: str) -> None:
            self.names.append(name)

    conduct = Curious()
    async with keep_house(tmp_path, conduct=conduct) as house:
        socket = await greeted(house, await house.person())
        await says(socket, "pong", None)
        await says(socket, "nonsense", None)
        await complaint(socket)
        assert conduct.names == ["pong"]
