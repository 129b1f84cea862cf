"""What waits for admins is told to every one of them, and to nobody else; what only admins may do nobody else does."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

import pytest

from eventproof.actions import at
from eventproof.conform.cases import (
    Answer,
    Case,
    Command,
    ContractViolation,
    HandshakeOptions,
    Inconclusive,
    Line,
    NotApplicable,
    Person,
    Proof,
    Received,
    Refusal,
    TargetUnavailable,
    Transport,
    on_each,
    requirement,
)

from .claims import Claim, brought_to, raise_fraud_alert, request_proof, submit
from .desks import desks, settled
from .reading import about, data, fresh
from .wallet import withdraw

ADMIN_EVENTS: Final = ("admin_claim_submitted", "admin_action_required")


async def _waiting_for_review(case: Case, owner: Person) -> Claim:
    return await submit(case, owner)


async def _suspected(case: Case, owner: Person) -> Claim:
    claim = await submit(case, owner)
    await raise_fraud_alert(case, claim)
    return claim


async def _without_proof(case: Case, owner: Person) -> Claim:
    claim = await brought_to(case, owner, "paid")
    await request_proof(case, claim)
    (await case.admin.call("flagOverdueProof", userId=owner.id, claimId=claim.id)).must_succeed()
    return claim


CAUSES: Final[Mapping[str, Callable[[Case, Person], Awaitable[Claim]]]] = {
    "claim_review": _waiting_for_review,
    "fraud_alert": _suspected,
    "proof_overdue": _without_proof,
}
"""What an admin has to act upon, by its type, and what causes it."""


@requirement("SHD-ADMIN-1")
@pytest.mark.parametrize("kind", CAUSES)
async def test_what_needs_an_admin_is_told_to_every_connected_admin(case: Case, kind: str) -> None:
    owner = await case.user()
    tables, since = await desks(case), case.now
    claim = await CAUSES[kind](case, owner)
    name, is_it = "admin_action_required", _calls_for(kind, claim, since)
    await on_each(tables, lambda table: table.hears(name, is_it), f"heard `{name}` ({kind})")


def _calls_for(kind: str, claim: Claim, since: float) -> Callable[[Received], bool]:
    """Whether an event asks the admins for this; it may leave out which claim it is about."""

    def calls(heard: Received) -> bool:
        said = data(heard)
        return heard.at >= since and said.get("type") == kind and str(said.get("claimId", claim.id)) == claim.id

    return calls


REQUESTS: Final[Sequence[tuple[str, Sequence[Any]]]] = (
    ("join", ["admin:all"]),
    ("join", [{"room": "admin:all"}]),
    ("join_room", ["admin:all"]),
    ("join_room", [{"room": "admin:all"}]),
    ("joinRoom", [{"room": "admin:all"}]),
    ("subscribe", ["admin:all"]),
    ("subscribe", [{"room": "admin:all", "channel": "admin:all", "role": "admin"}]),
    ("join_admin", []),
    ("admin:join", [{"role": "admin"}]),
)
"""What servers let clients say to enter a room; fewer than a connection may say in a second."""

_CLAIMED: Final[Mapping[str, Any]] = {
    "role": "admin",
    "userType": "admin",
    "admin": "true",
    "isAdmin": "true",
    "room": "admin:all",
}
HANDSHAKES: Final[Mapping[str, HandshakeOptions]] = {
    "fields of its handshake": HandshakeOptions(
        auth={**_CLAIMED, "isAdmin": True, "admin": True, "roles": ["admin"], "rooms": ["admin:all"]}
    ),
    "a query": HandshakeOptions(query={**_CLAIMED, "roles": "admin", "rooms": "admin:all"}),
    "headers": HandshakeOptions(
        headers={"X-Role": "admin", "X-User-Role": "admin", "X-Roles": "admin", "X-Admin": "true"}
    ),
}
"""By what an intruder asks for more than the token gives, before any event is said."""


@requirement("SHD-ADMIN-2")
async def test_nobody_else_hears_what_is_for_admins_whatever_room_they_ask_for(case: Case) -> None:
    owner, intruder = await case.users(2)
    witness = await case.admin.connect()
    quiet = await owner.connect(acknowledges=True)
    intruding = {await _asking_for_rooms(intruder, transport): "by events" for transport in case.transports}
    for what, says in HANDSHAKES.items():
        for transport in case.transports:
            if line := await _claiming_a_role(intruder, transport, says):
                intruding[line] = f"by {what}"
    await case.canary(owner, intruder)
    since = case.now
    claim = await submit(case, owner)
    await raise_fraud_alert(case, claim)
    await case.canary(owner, intruder)
    for line, asked in ((quiet, "by nothing"), *intruding.items()):
        leaked = [event.name for event in line.received if event.name in ADMIN_EVENTS]
        if leaked:
            raise ContractViolation(
                f"{line.name} received what is for admins; it asked for that {asked}",
                expected="nothing for admins on a user's connection",
                observed=", ".join(leaked),
            )
    await witness.awaits("admin_claim_submitted", about(claim))
    await witness.awaits("admin_action_required", _calls_for("fraud_alert", claim, since))
    if not any(line.is_open and asked == "by events" for line, asked in intruding.items()):
        raise Inconclusive("no connection of the intruder outlived the attempts, so nothing can be said here")


async def _claiming_a_role(intruder: Person, transport: Transport, says: HandshakeOptions) -> Line | None:
    """A connection whose handshake says more than its token; None where it is not let in, as it may well be."""
    line = intruder.connection(await intruder.session(), transport, says=says, acknowledges=True)
    try:
        await line.open()
    except (ContractViolation, Inconclusive, TargetUnavailable):
        return None
    return line


async def _asking_for_rooms(intruder: Person, transport: Transport) -> Line:
    line = await intruder.connect(transport, acknowledges=True)
    with suppress(ContractViolation):  # the server may well close the connection
        for name, arguments in REQUESTS:
            await line.say(name, *arguments)
    return line


@requirement("SHD-ADMIN-3")
async def test_what_only_an_admin_may_do_is_refused_to_everyone_else_and_sends_nothing(case: Case) -> None:
    """Each call is one that an admin could make with success: only who makes it is wrong."""
    owner, intruder = await case.users(2)
    line, table = await owner.connect(acknowledges=True), await case.admin.connect()
    lawful = await _lawful(case, owner)
    before = await settled(case, owner, [table])
    await line.awaits("claim_submitted", about(before))
    await case.canary(owner)
    since = case.now
    callers: Mapping[str, Callable[..., Awaitable[Answer]]] = {
        "to the owner": owner.call,
        "to another user": intruder.call,
        "to nobody": intruder.call_unauthenticated,
    }
    refused: list[tuple[str, Answer]] = []
    for caller, call in callers.items():
        tried = {name: given for name, given in lawful.items() if caller != "to nobody" or not _is_command(case, name)}
        answers = await asyncio.gather(*(call(name, **parameters) for name, parameters in tried.items()))
        refused += [(caller, answer.must_not_be_done(caller)) for answer in answers]
    if not refused:
        raise NotApplicable("every call of an admin is a command that is not told who calls: no user can make one")
    after = await settled(case, owner, [table])
    await case.canary(owner)
    theirs = {str(owner.id), *(str(value) for parameters in lawful.values() for value in parameters.values())}
    _must_be_silent(line, since, (before, after), lambda _: True)
    _must_be_silent(table, since, (before, after), lambda event: _names(event, theirs))
    accepted = await _by_the_admin(case, lawful, [answer for _, answer in refused])
    for caller, answer in refused:
        answer.must_be_refused(caller, beside=accepted.get(answer.operation))


async def _by_the_admin(
    case: Case, lawful: Mapping[str, Mapping[str, Any]], refused: Sequence[Answer]
) -> Mapping[str, Answer]:
    """The same calls, made by an admin: those whose refusal proves nothing without."""
    names = dict.fromkeys(answer.operation for answer in refused if answer.proves(Refusal.CALLER) is Proof.BESIDE)
    return {name: await case.admin.call(name, **lawful[name]) for name in names}


_BY_NO_ADMIN: Final = "By no admin"


def _names(event: Received, ids: Collection[str]) -> bool:
    """Whether an event for admins is about one of these, or about nobody: they hear of all that others do too."""
    named = {str(data(event)[name]) for name in ("userId", "claimId") if name in data(event)}
    return not named or not named.isdisjoint(ids)


def _must_be_silent(line: Line, since: float, ours: Sequence[Claim], concerns: Callable[[Received], bool]) -> None:
    """Nothing of what it concerns but of our own claims, and canaries: notifications with a title of their own."""
    if not line.is_open:
        raise Inconclusive(f"{line.name} ended, so what was sent cannot be known")
    sent = [
        event.name
        for event in fresh(line, since)
        if concerns(event)
        and (_title(event) or _BY_NO_ADMIN) == _BY_NO_ADMIN
        and not any(about(claim)(event) for claim in ours)
    ]
    if sent:
        raise ContractViolation(
            f"calls that were refused sent something to {line.name}", expected="nothing", observed=", ".join(sent)
        )


def _title(event: Received) -> Any:
    return at(event.payload, "/data/notification/title")


async def _lawful(case: Case, owner: Person) -> Mapping[str, Mapping[str, Any]]:
    """Every call of an admin that the target has, with parameters with which it would be accepted from an admin."""
    new, other, approved, paid = [
        await brought_to(case, owner, status) for status in ("submitted", "submitted", "approved", "paid")
    ]
    await request_proof(case, paid)
    withdrawal = await withdraw(owner, 1.0)
    message = "By no admin."
    known: Mapping[str, Mapping[str, Any]] = {
        "reviewClaim": {"claimId": new.id},
        "approveClaim": {"claimId": new.id},
        "denyClaim": {"claimId": other.id, "denialCode": "D003"},
        "raiseFraudAlert": {"claimId": new.id, "message": message},
        "payClaim": {"claimId": approved.id},
        "requestProof": {"claimId": paid.id, "message": message},
        "flagOverdueProof": {"claimId": paid.id},
        "decideWithdrawal": {"withdrawalId": withdrawal, "outcome": "completed"},
        "setSubscriptionStatus": {"status": "past_due"},
        "notifyUser": {"title": _BY_NO_ADMIN, "message": message, "type": "general"},
        "advanceTime": {"days": 1},
    }
    return {
        operation.id: {"userId": owner.id, **known.get(operation.id, {})}
        for operation in case.system.operations
        if operation.role == "admin" and operation.id in case.target.operations and _is_reachable(case, operation.id)
    }


def _is_command(case: Case, operation: str) -> bool:
    return isinstance(case.target.operations[operation], Command)


def _is_reachable(case: Case, operation: str) -> bool:
    """Whether users of the target can try it: a program that is not told who calls is only for who can run it."""
    call = case.target.operations[operation]
    return not isinstance(call, Command) or call.tells_caller
