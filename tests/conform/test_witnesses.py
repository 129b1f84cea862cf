"""Who looks on while others break a protocol: what ends, hears nothing or is not answered any more is blamed."""

import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from eventproof import catalog, profile, reference
from eventproof.conform import run
from eventproof.conform.case import Case
from eventproof.conform.check_run import CheckRun
from eventproof.conform.witnesses import Witnesses
from eventproof.errors import ContractViolation
from eventproof.reference import Reference
from eventproof.verdict import Outcome

BY = "what nobody may send"


@pytest.fixture(scope="module")
def own_server() -> Iterator[Reference]:
    """One that may be stopped."""
    with reference.start(systems=["user-state"], seed_users=6) as running:
        yield running


@contextmanager
def case_on(server: Reference) -> Iterator[Case]:
    target = profile.load(server.profile)
    impatient = replace(target.budgets, call=1.0, event_arrival=1.0)
    check_run = CheckRun(replace(target, budgets=impatient), catalog.load(), seed=1)
    case = check_run.case("a case", "user-state")
    try:
        yield case
    finally:
        case.leave()
        check_run.close()


def watched(case: Case, attack: Callable[[Witnesses], Awaitable[None]]) -> None:
    async def acts() -> None:
        witnesses = await Witnesses.of(case)
        await witnesses.while_attacked(BY, lambda: attack(witnesses))
        await witnesses.must_still_hear()

    case.perform(acts())


async def nothing(_: Witnesses) -> None:
    pass


def test_where_nothing_is_lost_nothing_is_blamed(own_server: Reference) -> None:
    with case_on(own_server) as case:
        watched(case, nothing)


def test_a_connection_that_ends_is_blamed_with_what_was_sent(own_server: Reference) -> None:
    with case_on(own_server) as case:

        async def ends_one(witnesses: Witnesses) -> None:
            witnesses.user.lines[0].drop()

        with pytest.raises(ContractViolation, match=f"ended, although it was others who sent {BY}"):
            watched(case, ends_one)


def test_a_server_that_does_not_answer_any_more_is_blamed(own_server: Reference) -> None:
    with case_on(own_server) as case:

        async def stops(_: Witnesses) -> None:
            os.kill(own_server.pid, signal.SIGSTOP)

        try:
            with pytest.raises(ContractViolation, match="did not answer any more while others broke the protocol"):
                watched(case, stops)
        finally:
            os.kill(own_server.pid, signal.SIGCONT)


@pytest.mark.measured
def test_with_full_force_the_reference_server_holds(server: Reference) -> None:
    """On the system whose wires take the least time."""
    ran = run.check(profile.load(server.profile), systems=["plan-sync"], only=["ALL-WIRE-1"], hostile=True)
    assert ran.outcome is Outcome.PASS
    assert "--hostile" in ran.command
