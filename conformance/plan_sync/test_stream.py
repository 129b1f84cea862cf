"""The stream itself: how it begins, how it is written, that it stays."""

import asyncio
from typing import Any, Final

from eventproof import checks
from eventproof.conform.cases import Case, ContractViolation, Line, Person, requirement, slow

from .plans import CONNECTED, CREATE, ONE_PLAN, UPDATE, Plan, plans

_UNCACHED: Final = {"no-cache", "no-store"}
_ROUNDS: Final = 3
_RACING: Final = 8
"""Streams that are opened while a plan changes."""
_RETRY: Final = 3000
"""Milliseconds."""
_TELLING: Final = 'Été, 日本, \U0001f680 "quoted"\nand a second line\u2028after a separator'
"""A name with what a framing must not break: a line break, two kinds of it, and letters of one to four bytes."""


@requirement("PLN-SSE-1")
async def test_the_stream_is_not_cached_and_stays_open(case: Case) -> None:
    """A client of the stream refuses what is no `text/event-stream`."""
    user, witness = await case.users(2)
    line = await user.connect()
    said = line.stream.headers.get("Cache-Control", "")
    if not {part.strip().lower() for part in said.split(",")} & _UNCACHED:
        raise ContractViolation(
            "the stream may be cached", expected="Cache-Control: no-cache, or no-store", observed=said or "no header"
        )
    for _ in range(_ROUNDS):
        await witness.connect()
        await case.canary(user, witness)
    if not line.is_open:
        raise ContractViolation(
            f"{line.name} did not stay open",
            expected="an open stream",
            observed=line.closed.reason if line.closed else "",
        )


@requirement("PLN-SSE-2")
async def test_the_first_event_is_connected(case: Case) -> None:
    """Also while a plan changes at that moment, and on the stream of that plan where there is one."""
    user = await case.user()
    plan = await plans(case).create()
    for number in range(_RACING):
        line = await _opened_while_it_changes(case, user, plan, number)
        await line.hears(CONNECTED)
        first = line.received[0].name
        if first != CONNECTED:
            raise ContractViolation(
                f"the first event of {line.name} is another one", expected=f"`{CONNECTED}`", observed=f"`{first}`"
            )
    case.judge(checks.invalid(case.records, case.known, CONNECTED))


async def _opened_while_it_changes(case: Case, user: Person, plan: Plan, number: int) -> Line:
    has_own = (case.system.name, ONE_PLAN) in case.target.channels
    one: dict[str, Any] = {"channel": ONE_PLAN, "says": plan.address} if number % 2 and has_own else {}
    _, line = await asyncio.gather(plans(case).update(plan, roi=number + 1), user.connect(**one))
    return line


@requirement("PLN-SSE-3")
async def test_a_standard_client_reads_whatever_an_event_holds(case: Case) -> None:
    """Line breaks and letters of all kinds come through, and `onmessage` of a browser gets every event."""
    user = await case.user()
    line = await user.connect()
    plan = await plans(case).create(name=_TELLING)
    created = await line.hears(CREATE, plan.is_told_by)
    await plans(case).update(plan, roi=4.5)
    updated = await line.hears(UPDATE, plan.is_told_by)
    for event in (created, updated):
        if not plan.told_with(name=_TELLING)(event):
            raise ContractViolation(
                f"`{event.name}` does not say what the plan is called",
                expected=repr(_TELLING),
                observed=repr(event.payload)[:300],
            )
    named = sorted({field for field in line.stream.names if field != "message"})
    if case.target.main(case.system.name).name_at is not None and named:
        raise ContractViolation(
            "the stream sets `event:`, so that `onmessage` of a browser does not get these events",
            expected="no `event:` field",
            observed=", ".join(named),
        )


@requirement("PLN-SSE-4")
@slow("a comment on an idle stream", "stream_comment")
async def test_clients_are_told_when_to_reconnect_and_idle_streams_carry_comments(case: Case) -> None:
    user = await case.user()
    line = await user.connect()
    await line.awaits(CONNECTED)
    if line.stream.retry != _RETRY:
        raise ContractViolation(
            "the stream does not tell clients to reconnect after 3 s",
            expected=f"retry: {_RETRY}",
            observed=f"retry: {line.stream.retry}" if line.stream.retry is not None else "no `retry:`",
        )
    await line.stream.comment(case.budgets.stream_comment)
