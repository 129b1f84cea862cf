"""The server asks whether a client is there, and lets go of one that does not answer."""

import asyncio
from collections.abc import Sequence

from eventproof import checks
from eventproof.conform.cases import Case, ContractViolation, Line, requirement, slow
from eventproof.target import Budgets

from .complaints import must_not_complain
from .presence import must_hear

PING = "ping"
SAMPLES = 3
TOLERANCE = 0.25
"""By how much heartbeats may be closer or farther apart than said: two clocks, two timers, a network between them."""
LATENESS = 0.5
"""Seconds that an end may take to reach us."""


def _samples_take(budgets: Budgets) -> float:
    return SAMPLES * budgets.heartbeat_interval


async def _engine_pings(line: Line, count: int) -> list[float]:
    return [await line.heartbeat() for _ in range(count)]


async def _ping_events(case: Case, line: Line, count: int) -> list[float]:
    within = 2 * case.budgets.heartbeat_interval
    return [(await line.hears(PING, within=within)).at for _ in range(count)]


def _must_be_spaced(case: Case, what: str, times: Sequence[float]) -> None:
    interval = case.budgets.heartbeat_interval
    mean = (times[-1] - times[0]) / (len(times) - 1)
    closest, farthest = (1 - TOLERANCE) * interval, (1 + TOLERANCE) * interval
    if not closest <= mean <= farthest:
        raise ContractViolation(
            f"{what} are not as far apart as the profile says",
            expected=f"every {closest:g} to {farthest:g} s: budgets.heartbeat_interval {interval:g} s, and a tolerance",
            observed=f"every {mean:.3g} s",
        )


@slow("three heartbeats", takes=_samples_take)
@requirement("SHD-HB-1")
async def test_heartbeats_of_both_kinds_come_at_the_interval_and_may_be_answered(case: Case) -> None:
    user = await case.user()
    line = await user.connect()
    pings, events = await asyncio.gather(_engine_pings(line, SAMPLES), _ping_events(case, line, SAMPLES))
    _must_be_spaced(case, "pings of Engine.IO", pings)
    _must_be_spaced(case, f"`{PING}` events", events)
    case.judge(checks.invalid(case.records, case.known, PING))
    await case.canary(user)
    must_not_complain([line], "although all it sent was `pong`")


def _silence_takes(budgets: Budgets) -> float:
    return budgets.heartbeat_interval + 2 * budgets.heartbeat_timeout


@slow("the end of a silent connection, and of others that should not end", takes=_silence_takes)
@requirement("SHD-HB-2")
async def test_who_answers_no_heartbeat_is_disconnected_in_time_and_who_answers_stays(case: Case) -> None:
    """Beside the one that falls silent: one that answers both kinds, and one whose app knows no `ping` event.

    They are judged once the silent one has been gone for as long as a silence may last: a server that would let go of
    them as well has done so by then.
    """
    user = await case.user()
    silent, twin = await user.connect(), await user.connect()
    plain = await user.connect(answers_pings=False)
    last = await silent.heartbeat()
    answered = len(silent.heartbeats)
    silent.answers_heartbeats = silent.answers_pings = False
    limit = case.budgets.heartbeat_timeout
    closed = await silent.ends(last + limit * (1 + TOLERANCE / 2) + LATENESS - case.now)
    if len(silent.heartbeats) == answered:
        raise ContractViolation(
            f"{silent.name} was disconnected although it had answered every heartbeat",
            expected="an end only after a heartbeat without an answer",
            observed=f"an end {closed.at - last:.3g} s after the last answer: {closed.reason}",
        )
    await asyncio.sleep(limit * (1 + TOLERANCE / 2) + LATENESS)
    for living, what in ((twin, "every heartbeat"), (plain, "every heartbeat of the transport, and no `ping` event")):
        if not living.is_open:
            ended = living.closed
            raise ContractViolation(
                f"{living.name} was disconnected although it answered {what}",
                expected=f"an open connection {case.now - last:.3g} s after {silent.name} fell silent",
                observed="left by the server" if ended is None else f"ended at {ended.at - last:.3g} s: {ended.reason}",
            )
    await must_hear(case, user, twin, plain)
