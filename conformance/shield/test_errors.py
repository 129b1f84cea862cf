"""What a client sends wrongly is answered by `error`, and harms nobody: not its connection, not the others."""

import asyncio
import json
from typing import Any, Final

from eventproof import checks
from eventproof.catalog import load
from eventproof.checks import internals
from eventproof.conform.cases import Case, ContractViolation, Inconclusive, Line, capability, requirement
from eventproof.conform.owed import still_comes

from .claims import Claim, submit
from .complaints import (
    ERROR,
    INVALID_PAYLOAD,
    RATE_LIMITED,
    UNKNOWN_EVENT,
    complaints,
    is_refused,
    must_not_complain,
    taken,
)
from .members import SYSTEM
from .presence import must_hear
from .reading import data
from .retries import CLAIM_PAID, paid

OPTIONAL_ACK: Final = "claim_submitted_ack"
INTERNAL_ERROR: Final = "INTERNAL_ERROR"
LIMITS: Final = load().system(SYSTEM).channels[0].limits
A_SECOND: Final = LIMITS.events_a_second
"""Events that one connection may send in a second."""
A_BURST: Final = A_SECOND * 5 // 2
"""So many that more than that of them are in one second, also of a server whose seconds begin at fixed times."""
RECOVERED: Final = 1.3
"""Seconds after which a limit of so many a second no longer holds."""
LARGEST: Final = LIMITS.event_bytes
TOO_BIG: Final = 1009
"""The close code of a WebSocket whose peer sent too large a message."""

_MALFORMED: tuple[tuple[str, str, tuple[Any, ...]], ...] = (
    ("a number where the id goes", "claim_submitted_ack", ({"claimId": 5, "received": True},)),
    ("an object where the id goes", "claim_approved_ack", ({"claimId": {}, "received": True},)),
    ("a text for its payload", "claim_denied_ack", ("received",)),
    ("a list for its payload", "claim_paid_ack", (["received"],)),
    ("no payload", "payout_completed_ack", ()),
    ("null for its payload", "claim_submitted_ack", (None,)),
)
_INTERNALS: Final = internals.EVERYTHING
"""What only who looks into the server should see."""


def _must_name(answer: Any, name: str) -> None:
    said = data(answer).get("originalEvent")
    if said != name:
        raise ContractViolation(
            f"the `{ERROR}` in answer to `{name}` does not name it",
            expected=f'"originalEvent": "{name}"',
            observed=str(answer.payload)[:300],
        )


@requirement("SHD-ERR-1")
async def test_a_malformed_event_is_answered_with_an_error_that_names_it(case: Case) -> None:
    user = await case.user()
    line, twin = await user.connect(), await user.connect()
    for what, name, arguments in _MALFORMED:
        answer = await is_refused(line, INVALID_PAYLOAD, name, *arguments, what=what)
        _must_name(answer, name)
    await must_hear(case, user, line, twin)
    must_not_complain([twin], "although another connection was at fault")
    case.judge(checks.invalid(case.records, case.known, ERROR))


@requirement("SHD-ERR-2")
async def test_an_unknown_event_is_answered_likewise_and_the_connection_stays(case: Case) -> None:
    user = await case.user()
    line = await user.connect()
    for what, arguments in (("a payload", ({"any": "thing"},)), ("no payload", ())):
        answer = await is_refused(line, INVALID_PAYLOAD, UNKNOWN_EVENT, *arguments, what=what)
        _must_name(answer, UNKNOWN_EVENT)
    await must_hear(case, user, line)
    case.judge(checks.invalid(case.records, case.known, ERROR))


async def _burst(line: Line, claim: Claim, count: int) -> None:
    """Events that are fine, all at once; `ping` is not answered meanwhile, which would be one more."""
    line.answers_pings = False
    await asyncio.gather(*(line.say(OPTIONAL_ACK, {"claimId": claim.id, "received": True}) for _ in range(count)))


def _is_limit(event: Any) -> bool:
    return bool(data(event).get("code") == RATE_LIMITED)


@requirement("SHD-ERR-3")
async def test_more_than_ten_events_a_second_are_refused_ten_are_not_and_a_second_later_all_is_well(
    case: Case,
) -> None:
    user = await case.user()
    line, twin = await user.connect(), await user.connect()
    claim = await submit(case, user)
    await asyncio.gather(*(_burst(each, claim, A_SECOND) for each in (line, twin)))
    await asyncio.sleep(RECOVERED)
    await asyncio.gather(taken(line), taken(twin))
    must_not_complain([line, twin], f"although each connection sent {A_SECOND} events")
    fresh = await user.connect()
    await _burst(line, claim, A_BURST)
    try:
        await line.hears(ERROR, _is_limit)
    except ContractViolation as silence:
        raise ContractViolation(
            f"{A_BURST} events at once were not limited",
            expected=f"`{ERROR}` {RATE_LIMITED}",
            observed=silence.observed,
        ) from silence
    await is_refused(fresh, INVALID_PAYLOAD, UNKNOWN_EVENT, what="another connection of its user limited")
    await asyncio.sleep(RECOVERED)
    before = len(complaints(line))
    await line.say(OPTIONAL_ACK, {"claimId": claim.id, "received": True})
    await must_hear(case, user, line)
    await taken(line)
    if late := complaints(line)[before:]:
        raise ContractViolation(
            "the connection was still limited a second later",
            expected=f"`{OPTIONAL_ACK}` taken without an error",
            observed=str(late[0].payload)[:300],
        )


def _oversized(payload: dict[str, Any]) -> dict[str, Any]:
    """The same with one field more, by which its JSON alone is over 64 KB, as the tersest encoder writes it."""
    empty = len(json.dumps({**payload, "padding": ""}, separators=(",", ":")))
    return {**payload, "padding": "x" * (LARGEST + 1 - empty)}


async def _must_be_refused_or_close(line: Line, name: str) -> None:
    try:
        answer = await line.hears(ERROR)
    except ContractViolation as silence:
        closed = line.closed
        if line.is_open or closed is None or closed.code != TOO_BIG:
            raise ContractViolation(
                f"`{name}` with {LARGEST + 1} bytes was neither refused nor its connection closed with that reason",
                expected=f"`{ERROR}` {INVALID_PAYLOAD}, or a close with code {TOO_BIG}",
                observed=silence.observed if closed is None else closed.reason,
            ) from silence
        return
    if data(answer).get("code") != INVALID_PAYLOAD:
        raise ContractViolation(
            f"`{name}` with {LARGEST + 1} bytes was answered with another code",
            expected=f"`{ERROR}` {INVALID_PAYLOAD}",
            observed=str(answer.payload)[:300],
        )


@requirement("SHD-ERR-4")
async def test_an_event_over_64_kilobytes_is_refused_and_does_nothing(case: Case) -> None:
    """It would otherwise be the right acknowledgement of a payout."""
    user, other = await case.users(2)
    twin, kept = await user.connect(), await other.connect()
    payout, witness = await paid(case, user, twin), await paid(case, other, kept)
    event = case.event(CLAIM_PAID)
    owed = payout.owed[CLAIM_PAID]
    acknowledgement = event.acknowledgement(owed.first.payload)
    if event.ack is None or acknowledgement is None:
        raise Inconclusive(f"`{CLAIM_PAID}` cannot be acknowledged as it came: {owed.first.payload}")
    line = await user.connect()
    await line.say(event.ack.by, _oversized(acknowledgement))
    await _must_be_refused_or_close(line, event.ack.by)
    because = "after an acknowledgement of more than 64 KB"
    await still_comes(case, owed, because, witness=witness.owed[CLAIM_PAID])


@capability("fault-injection")
@requirement("SHD-ERR-5")
async def test_a_fault_inside_the_server_is_told_without_internals_and_the_connection_stays_usable(
    case: Case,
) -> None:
    user = await case.user()
    line = await user.connect()
    claim = await submit(case, user)
    acknowledgement = {"claimId": claim.id, "received": True}
    (await case.admin.call("failNextEvent", userId=user.id)).must_succeed()
    answer = await is_refused(line, INTERNAL_ERROR, OPTIONAL_ACK, acknowledgement, what="a fault inside the server")
    if shown := internals.shown(answer.payload, _INTERNALS):
        raise ContractViolation(
            f"`{ERROR}` {INTERNAL_ERROR} shows internals of the server",
            expected="a sentence that says no more than that the server failed",
            observed=f"{shown!r} in {answer.payload}",
        )
    before = len(complaints(line))
    await line.say(OPTIONAL_ACK, acknowledgement)
    await must_hear(case, user, line)
    await taken(line)
    if more := complaints(line)[before:]:
        raise ContractViolation(
            "after a fault inside the server the same event is no longer taken",
            expected=f"`{OPTIONAL_ACK}` taken without an error",
            observed=str(more[0].payload)[:300],
        )
