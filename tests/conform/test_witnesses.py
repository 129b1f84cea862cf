"""Who looks on while others break a protocol: what ends, hears nothing or is not answered any more is blamed."""

import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from itertools import chain, repeat

import pytest

from eventproof import catalog, profile, reference
from eventproof.client.aio import By, Closed, Ending, NotReceived
from eventproof.conform import run
from eventproof.conform.calls import Answer
from eventproof.conform.case import Case
from eventproof.conform.check_run import CheckRun
from eventproof.conform.line import Line
from eventproof.conform.patience import Limited
from eventproof.conform.person import Person
from eventproof.conform.witnesses import Witnesses
from eventproof.errors import ContractViolation, Inconclusive
from eventproof.reference import Reference
from eventproof.verdict import Outcome

BY = "what nobody may send"


@pytest.fixture(scope="module")
def own_server() -> Iterator[Reference]:
    """One that may be stopped."""
    with reference.start(systems=["user-state"], seed_users=6) as running:
        yield running


@contextmanager
def case_on(server: Reference, under_attack: float = 2.0) -> Iterator[Case]:
    target = profile.load(server.profile)
    impatient = replace(target.budgets, call=1.0, event_arrival=1.0, under_attack=under_attack)
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
        await witnesses.while_attacked(BY, lambda _: attack(witnesses))
        await witnesses.must_still_hear(BY)

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
            with pytest.raises(ContractViolation, match=f"did not answer any more while others sent {BY}"):
                watched(case, stops)
        finally:
            os.kill(own_server.pid, signal.SIGCONT)


def test_what_is_slow_before_anybody_attacks_proves_nothing(own_server: Reference) -> None:
    with case_on(own_server, under_attack=0.0) as case, pytest.raises(Inconclusive, match="before anybody attacked"):
        watched(case, nothing)


def test_what_is_lost_once_and_not_with_half_as_many_is_told_and_not_blamed(own_server: Reference) -> None:
    with case_on(own_server) as case:

        async def acts() -> None:
            witnesses = await Witnesses.of(case)

            async def ends_one(few: bool) -> None:
                if not few:
                    witnesses.user.lines[0].drop()

            await witnesses.while_attacked(BY, ends_one)
            await witnesses.must_still_hear(BY)

        case.perform(acts())
        assert any("and not with half as many at once" in told for told in case.leave())


def test_what_ends_by_a_code_that_may_mean_an_address_blames_nobody(
    own_server: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    with case_on(own_server) as case:

        async def ends_one(witnesses: Witnesses) -> None:
            witnesses.user.lines[0].drop()
            closed = Closed(0.0, 0, By.PEER, Ending.WEBSOCKET_CLOSE, "1013 come again", 1013)
            monkeypatch.setattr(Line, "closed", closed)

        with pytest.raises(Inconclusive, match=f"ended with 1013 while others sent {BY}"):
            watched(case, ends_one)
        monkeypatch.undo()


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [
        ((500, 200), None),
        ((503, 200), None),
        ((500, 500), ContractViolation),
        ((503, 502), Inconclusive),
        ((403, 403), Inconclusive),
    ],
)
def test_a_call_that_fails_is_made_once_more(
    own_server: Reference, statuses: tuple[int, ...], verdict: type[Exception] | None
) -> None:
    calling: list[Person] = []
    with case_on(own_server) as case:

        async def fails(witnesses: Witnesses) -> None:
            calling.append(witnesses.user)
            answers = chain(statuses, repeat(200))

            async def whoami() -> Answer:
                return Answer(case.target, "whoami", next(answers), {}, case.now)

            vars(witnesses.user)["whoami"] = whoami

        try:
            with nullcontext() if verdict is None else pytest.raises(verdict, match=f"while others sent {BY}"):
                watched(case, fails)
        finally:
            for person in calling:
                del vars(person)["whoami"]


def test_where_not_one_call_is_answered_nothing_is_said(own_server: Reference) -> None:
    with case_on(own_server) as case:

        async def acts() -> None:
            witnesses = await Witnesses.of(case)

            async def whoami() -> Answer:
                raise Limited("whoami", 429, None)

            vars(witnesses.user)["whoami"] = whoami
            try:
                await witnesses.while_attacked(BY, lambda _: nothing(witnesses))
            finally:
                del vars(witnesses.user)["whoami"]

        with pytest.raises(Inconclusive, match=f"not one call was answered while others sent {BY}"):
            case.perform(acts())


def test_only_an_event_that_was_caused_can_be_missing(own_server: Reference, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = Inconclusive("it did not arrive")
    lost.__cause__ = NotReceived("nothing", expected="an event", observed="nothing")
    for raised, verdict in ((lost, ContractViolation), (Inconclusive("the call was not accepted"), Inconclusive)):
        with case_on(own_server) as case:

            async def acts(case: Case = case, raised: Inconclusive = raised) -> None:
                witnesses = await Witnesses.of(case)

                async def canary(*_: Person) -> None:
                    raise raised

                monkeypatch.setattr(case, "canary", canary)
                await witnesses.must_still_hear(BY)

            with pytest.raises(verdict):
                case.perform(acts())


@pytest.mark.measured
def test_with_full_force_the_reference_server_holds(server: Reference) -> None:
    """On the system whose wires take the least time."""
    ran = run.check(profile.load(server.profile), systems=["plan-sync"], only=["ALL-WIRE-1"], hostile=True)
    assert ran.outcome is Outcome.PASS
    assert "--hostile" in ran.command
