"""What must be acknowledged: sent again until it is, for everyone's connections and for good."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from reference_server.delivery import courier as couriers
from reference_server.delivery.entry import Entry
from reference_server.delivery.pushes import SHOWN
from reference_server.limits import Limits
from tests.reference_server.child import Child, headers, start_child
from tests.reference_server.delivery.line import (
    PLACE,
    ack,
    comes_next,
    complaint,
    frame,
    greeted,
    hears,
    is_heard,
    message,
    names,
    paid,
    read,
    says,
    tell,
)
from tests.reference_server.house import SECONDS, House, Person, keep_house

QUICK = Limits(ack_first=0.1, ack_within=30)
SOON_OVER = Limits(ack_first=0.1, ack_within=0.4)
SLOW = Limits(ack_first=60, ack_within=300)


async def pushes(house: House, user: Person) -> list[tuple[str, str]]:
    return [(push.event, push.reason) for push in await house.services.journal.pushes(user.id)]


async def until_owed(house: House, count: int) -> None:
    await house.settles(owed=count)


async def test_what_is_not_acknowledged_comes_again_unchanged_to_every_connection(tmp_path: Path) -> None:
    async with keep_house(tmp_path, limits=QUICK) as house:
        user = await house.person()
        devices = [await greeted(house, user), await greeted(house, user)]
        payment = paid(user)
        await tell(house, payment)
        for device in devices:
            for _ in range(3):
                assert await hears(device) == ("claim_paid", payment.payload)


async def test_an_acknowledgement_on_one_connection_counts_for_all(tmp_path: Path) -> None:
    async with keep_house(tmp_path, limits=QUICK) as house:
        user = await house.person()
        first, second = await greeted(house, user), await greeted(house, user)
        payment, other = paid(user, 1), paid(user, 2)
        await tell(house, payment)
        await says(first, "claim_paid_ack", ack(payment))
        await until_owed(house, 0)
        await tell(house, other)
        after = [(await hears(second))[1]["data"]["claimId"] for _ in range(5)]
        claim, other_claim = (each.payload["data"]["claimId"] for each in (payment, other))
        assert after[after.index(other_claim) :] == [other_claim] * (5 - after.index(other_claim))
        assert after[0] == claim


async def test_it_comes_again_on_the_return_although_it_had_arrived(tmp_path: Path) -> None:
    async with keep_house(tmp_path, limits=Limits(ping_interval=0.05, ack_first=60, ack_within=300)) as house:
        user = await house.person()
        socket = await greeted(house, user)
        payment = paid(user)
        await tell(house, payment, message(user, claimId="clm_after"))
        await answers_a_heartbeat_after(socket, "clm_after")
        await is_heard_among_heartbeats(socket)
        await socket.raw.close()
        back = await house.engine()
        await back.send(f"40{PLACE}," + json.dumps({"token": user.token}))
        await tell(house, message(user, "claim_approved", claimId="clm_canary"))
        heard: list[str] = []
        while heard[-1:] != ["claim_approved"]:
            frame = await back.read()
            heard += [read(frame)[0]] if frame.startswith("42") else []
        assert [name for name in heard if name != "ping"] == ["connected", "claim_paid", "claim_approved"]


async def answers_a_heartbeat_after(socket: Any, text: str) -> None:
    """Answer every heartbeat, up to one that came after this: one that was on its way before proves nothing of it."""
    came = False
    while True:
        frame = await socket.read()
        came = came or text in frame
        if frame == "2":
            await socket.send("3")
            if came:
                return


async def is_heard_among_heartbeats(socket: Any) -> None:
    await socket.send(f'42{PLACE},7["pong"]')
    while await socket.read() != f"43{PLACE},7[]":
        pass


@pytest.mark.parametrize(
    "wrong",
    [
        {"claimId": "clm_nobody's"},
        {"transactionId": "txn_other"},
        {"claimId": None},
        {"received": False},
    ],
)
async def test_an_acknowledgement_of_nothing_is_refused_and_does_not_count(
    tmp_path: Path, wrong: dict[str, Any]
) -> None:
    async with keep_house(tmp_path, limits=QUICK) as house:
        user = await house.person()
        socket = await greeted(house, user)
        payment = paid(user)
        await tell(house, payment)
        assert await names(socket, 1) == ["claim_paid"]
        await says(socket, "claim_paid_ack", ack(payment) | wrong)
        assert await complaint(socket) == ("INVALID_PAYLOAD", "claim_paid_ack")
        assert await hears(socket) == ("claim_paid", payment.payload)


async def test_anothers_acknowledgement_is_refused_and_does_not_count(tmp_path: Path) -> None:
    async with keep_house(tmp_path, limits=QUICK) as house:
        user, thief = await house.person(), await house.person()
        socket, other = await greeted(house, user), await greeted(house, thief)
        payment, approved = paid(user), message(user, "claim_approved", claimId="clm_7")
        await tell(house, payment, approved)
        assert await names(socket, 2) == ["claim_paid", "claim_approved"]
        await says(other, "claim_paid_ack", ack(payment))
        assert await complaint(other) == ("NOT_AUTHORIZED", "claim_paid_ack")
        await says(other, "claim_approved_ack", {"claimId": "clm_7", "received": True})
        assert await complaint(other) == ("NOT_AUTHORIZED", "claim_approved_ack")
        assert await hears(socket) == ("claim_paid", payment.payload)
        await says(socket, "claim_paid_ack", ack(payment))
        await until_owed(house, 0)
        await says(other, "claim_paid_ack", ack(payment))
        assert await complaint(other) == ("NOT_AUTHORIZED", "claim_paid_ack"), "also when nothing is owed any more"


async def test_a_second_acknowledgement_and_an_optional_one_are_taken_silently(tmp_path: Path) -> None:
    async with keep_house(tmp_path, limits=SLOW) as house:
        user = await house.person()
        socket = await greeted(house, user)
        payment = paid(user)
        await tell(house, message(user, "claim_submitted", claimId="clm_1"), payment)
        assert await names(socket, 2) == ["claim_submitted", "claim_paid"]
        for _ in range(2):
            await says(socket, "claim_paid_ack", ack(payment))
            await says(socket, "claim_submitted_ack", {"claimId": "clm_1", "received": True})
        await is_heard(socket)
        await says(socket, "claim_submitted_ack", {"claimId": "clm_2", "received": True})
        assert await complaint(socket) == ("INVALID_PAYLOAD", "claim_submitted_ack")


async def test_what_was_never_acknowledged_ends_in_the_push_outbox(tmp_path: Path) -> None:
    async with keep_house(tmp_path, limits=SOON_OVER) as house:
        user = await house.person()
        socket = await greeted(house, user)
        payment = paid(user)
        await tell(house, payment)
        await until_owed(house, 0)
        assert await pushes(house, user) == [("claim_paid", "unacknowledged")]
        (push,) = await house.services.journal.pushes(user.id)
        assert push.payload == payment.payload
        assert await names(socket, 3) == ["claim_paid"] * 3, "after 0.1 s and 0.3 s"
        await comes_next(house, user, socket)
        await says(socket, "claim_paid_ack", ack(payment))
        await is_heard(socket)


async def test_who_is_not_there_is_pushed_what_is_critical_and_nothing_twice(tmp_path: Path) -> None:
    async with keep_house(tmp_path, limits=SOON_OVER) as house:
        user = await house.person()
        kinds = ("claim_approved", "claim_denied", "payout_completed", "proof_of_payment_requested")
        await tell(house, *(message(user, kind) for kind in kinds), paid(user), message(user))
        await until_owed(house, 0)
        assert await pushes(house, user) == [(kind, "offline") for kind in (*kinds, "claim_paid")]


async def test_who_is_there_is_not_pushed(tmp_path: Path) -> None:
    async with keep_house(tmp_path, limits=SLOW) as house:
        user = await house.person()
        socket = await greeted(house, user)
        await tell(house, message(user, "claim_approved"), paid(user))
        assert await names(socket, 2) == ["claim_approved", "claim_paid"]
        assert await pushes(house, user) == []
        away = await house.person()
        elsewhere = await house.socket(away)
        await tell(house, message(away, "claim_approved"))
        assert await pushes(house, away) == [("claim_approved", "offline")], "another channel does not carry it"
        assert await elsewhere.is_open()


async def test_of_the_push_outbox_the_latest_are_kept(tmp_path: Path) -> None:
    async with keep_house(tmp_path) as house:
        user, other = await house.person(), await house.person()
        await tell(house, message(other, "claim_approved"))
        for first in range(0, SHOWN + 20, 55):
            await tell(house, *(message(user, "claim_approved", claimId=f"clm_{n}") for n in range(first, first + 55)))
        kept = [push.payload["data"]["claimId"] for push in await house.services.journal.pushes(user.id)]
        assert kept == [f"clm_{n}" for n in range(20, 220)]
        assert len(await pushes(house, other)) == 1


# Over a kill of the server.


async def join(child: Child, user: dict[str, Any]) -> aiohttp.ClientWebSocketResponse:
    socket = await child.http.ws_connect(f"{child.url}/socket.io/?EIO=4&transport=websocket")
    await socket.receive_str()
    await socket.send_str(f"40{PLACE}," + json.dumps({"token": f"Bearer {user['token']}"}))
    assert (await socket.receive_str()).startswith(f"40{PLACE},")
    assert read(await socket.receive_str())[0] == "connected"
    return socket


async def payment(child: Child, user: dict[str, Any], ticket: str) -> dict[str, Any]:
    """A claim that has been paid."""
    claim = {"ticketNumber": ticket, "amount": 100, "city": "Oakland", "state": "CA", "violationType": "speeding"}
    async with child.http.post(f"{child.url}/api/shield/claims", json=claim, headers=headers(user)) as answer:
        assert answer.status == 201
        place = f"{child.url}/api/admin/users/{user['id']}/claims/{(await answer.json())['claimId']}"
    for action, body in (("approve", {}), ("pay", None)):
        async with child.http.post(f"{place}/{action}", json=body, headers=headers(child.people[0])) as answer:
            assert answer.status == 200, await answer.text()
            result: dict[str, Any] = await answer.json()
    return result


async def rest_of(
    socket: aiohttp.ClientWebSocketResponse, until: str, within: float = SECONDS
) -> list[tuple[str, str]]:
    """The events and their claims, up to an event of this name."""
    heard: list[tuple[str, str]] = []
    async with asyncio.timeout(within):
        while not heard or heard[-1][0] != until:
            name, payload = read(await socket.receive_str())
            heard.append((name, payload["data"].get("claimId", "")))
    return heard


async def test_after_kill_9_what_is_owed_comes_again_and_what_was_acknowledged_does_not(tmp_path: Path) -> None:
    async with start_child(tmp_path, "--ack-first", "60") as child:
        user = child.people[-1]
        socket = await join(child, user)
        known, owed = await payment(child, user, "T1"), await payment(child, user, "T2")
        await rest_of(socket, "cancellation_restriction_changed")
        await rest_of(socket, "cancellation_restriction_changed")
        await socket.send_str(
            frame(
                "claim_paid_ack",
                {"claimId": known["claimId"], "transactionId": known["transactionId"], "received": True},
            )
        )
        await socket.send_str(frame("payout_completed_ack", {"payoutId": known["payoutId"], "received": True}))
        async with asyncio.timeout(SECONDS):
            while True:
                async with child.http.get(f"{child.url}/metrics") as answer:
                    if 'eventproof_registered{registry="owed"} 2.0' in await answer.text():
                        break
        # What is acknowledged is saved at once: a transaction that comes after it finds it on the disk.
        await payment(child, child.people[-2], "T3")
        await child.kill()
    async with start_child(tmp_path, "--ack-first", "0.2", users=0) as again:
        socket = await join(again, user)
        heard = await rest_of(socket, "cancellation_restriction_changed")
        heard += await rest_of(socket, "cancellation_restriction_changed")
        critical = [event for event in heard if event[0] in ("claim_paid", "payout_completed")]
        assert critical == [("payout_completed", owed["claimId"]), ("claim_paid", owed["claimId"])]
        # What is pending for so long is sent again as late once more.
        again_sent = await rest_of(socket, "claim_paid", within=60)
        assert again_sent == [("payout_completed", owed["claimId"]), ("claim_paid", owed["claimId"])]


async def test_many_are_sent_again_in_portions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(couriers, "_RETRIED_AT_ONCE", 3)
    async with keep_house(tmp_path, limits=QUICK) as house:
        user, journal = await house.person(), house.services.journal
        socket, found = await greeted(house, user), journal.read
        sizes: list[int] = []

        async def counted(seqs: Sequence[int]) -> list[Entry]:
            sizes.append(len(seqs))
            return await found(seqs)

        monkeypatch.setattr(journal, "read", counted)
        await tell(house, *(paid(user, number) for number in range(7)))
        assert await names(socket, 14) == ["claim_paid"] * 14
        assert sizes[:3] == [3, 3, 1]
