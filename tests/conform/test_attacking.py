"""What a case attacks, and what it may say of what became of that."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

import pytest

from eventproof import catalog, profile
from eventproof.attacks import ATTACKS, MALFORMED, Attack, Attacker, Door, End, Kind, Outcome, Who
from eventproof.conform.attacking import Attacks, kinds
from eventproof.conform.case import Case
from eventproof.conform.check_run import CheckRun
from eventproof.conform.verdicts import NotApplicable
from eventproof.errors import ContractViolation, Inconclusive
from eventproof.reference import Reference

ASKS = ATTACKS["event-of-an-empty-array"]


@contextmanager
def case_on(server: Reference, system: str = "user-state", *, hostile: bool = False, **target: Any) -> Iterator[Case]:
    known = replace(profile.load(server.profile), **target)
    check_run = CheckRun(known, catalog.load(), seed=1, hostile=hostile)
    case = check_run.case("a case", system)
    try:
        yield case
    finally:
        case.leave()
        check_run.close()


class Told:
    """An attacker of whose attacks it is known what becomes."""

    at_once = 2

    def __init__(self, outcomes: Sequence[Outcome]) -> None:
        self._outcomes = outcomes

    async def make(self, attacks: Iterable[Attack]) -> list[Outcome]:
        return [outcome for outcome in self._outcomes if outcome.attack in attacks]


def became(end: End, attack: Attack = ASKS, door: Door = Door.POLLING, **more: Any) -> Outcome:
    return Outcome(attack, door, Who.MEMBER, end, "so it was", **more)


def attacked(case: Case, *outcomes: Outcome) -> None:
    async def acts() -> None:
        attacks = Attacks(case, [cast(Attacker, Told(outcomes))])
        await attacks.make(Kind.PACKET)
        attacks.must_have_proved()

    case.perform(acts())


def test_only_what_is_malformed_is_sent_unless_full_force_is_asked_for(server: Reference) -> None:
    with case_on(server) as case:
        assert kinds(case) == MALFORMED
    with case_on(server, hostile=True) as case:
        assert set(kinds(case)) == set(Kind) - {Kind.SLOW}


def test_nothing_is_sent_where_the_profile_forbids_it_or_nothing_fits(server: Reference) -> None:
    with case_on(server, attacks=False) as case, pytest.raises(NotApplicable, match="says attacks = false"):
        kinds(case)
    with case_on(server, "plan-sync") as case, pytest.raises(NotApplicable, match="wires of plan-sync: sse"):
        kinds(case)
    with case_on(server, channels={}) as case, pytest.raises(NotApplicable, match="opened without parameters"):
        kinds(case)


def test_what_was_made_everywhere_proves_it(server: Reference) -> None:
    with case_on(server) as case:
        attacked(case, became(End.ENDED, twin=False), became(End.OPEN, door=Door.WEBSOCKET, twin=True))


def test_an_event_that_reached_a_handler_is_blamed(server: Reference) -> None:
    with case_on(server) as case, pytest.raises(ContractViolation, match="reached a handler"):
        attacked(case, became(End.OPEN, acknowledged=("yes",)))


def test_a_door_at_which_nothing_could_be_made_is_named(server: Reference) -> None:
    with case_on(server) as case, pytest.raises(Inconclusive, match=f"{Kind.PACKET} over polling: so it was"):
        attacked(case, became(End.UNMADE), became(End.ENDED, door=Door.WEBSOCKET))
    with case_on(server) as case, pytest.raises(Inconclusive, match="there was nobody"):
        attacked(case)


def test_some_that_could_not_be_made_are_told(server: Reference) -> None:
    with case_on(server) as case:
        attacked(case, became(End.UNMADE), became(End.ENDED))
        assert any("1 of 2 attacks" in told for told in case.leave())


def test_what_stays_open_and_says_nothing_proves_nothing(server: Reference) -> None:
    with case_on(server) as case, pytest.raises(Inconclusive, match="event-of-an-empty-array over polling"):
        attacked(case, became(End.OPEN, twin=False))
    with case_on(server) as case:
        attacked(case, became(End.OPEN, twin=False), became(End.OPEN, twin=True))
        attacked(case, became(End.OPEN, ATTACKS["connect-with-a-number"], twin=False))
