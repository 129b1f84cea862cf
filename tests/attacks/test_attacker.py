"""Attacks made on the reference server: what becomes of each, and of those that cannot be made."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from eventproof import profile, reference
from eventproof.attacks import ATTACKS, Attack, Attacker, Door, End, Kind, Outcome, Patience, Who, made_apart, place
from eventproof.attacks.attack import Message
from eventproof.target import Target

EVENT = '"join:role","student"'
TOLERANT = Attack("good", Kind.PACKET, "nothing.", (Message("$said"),), (Door.WEBSOCKET, Door.POLLING), (Who.MEMBER,))


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    with reference.start(systems=["studyspot"], seed_users=4) as running:
        yield profile.load(running.profile)


@pytest.fixture
def attacker(target: Target) -> Attacker:
    endpoint, student = target.main("studyspot"), target.people("student")[0]
    return Attacker(place(target, endpoint, student.token), place(target, endpoint, None), EVENT)


async def test_a_good_event_reaches_its_handler_and_that_is_seen(attacker: Attacker) -> None:
    """The twin of all that must not."""
    outcomes = await attacker.make([TOLERANT])
    assert {outcome.door for outcome in outcomes} == {Door.WEBSOCKET, Door.POLLING}
    assert all(outcome.reached_a_handler and outcome.twin for outcome in outcomes), [*map(str, outcomes)]
    assert not replace(outcomes[0], attack=replace(TOLERANT, tolerated="it is a good one")).reached_a_handler


async def test_what_is_forbidden_ends_or_is_refused_and_reaches_no_handler(attacker: Attacker) -> None:
    names = (
        "unmasked-frame",
        "rsv1-set",
        "packet-type-9-with-a-message",
        "event-as-an-attachment-that-nobody-announced",
    )
    outcomes = await attacker.make([*map(ATTACKS.__getitem__, names), ATTACKS["header-without-a-colon"]])
    assert len(outcomes) == 1 + 1 + 4 + 4 + 1
    assert {outcome.end for outcome in outcomes} <= {End.ENDED, End.REFUSED}, [*map(str, outcomes)]
    assert not any(outcome.reached_a_handler for outcome in outcomes)


async def test_an_event_that_is_refused_by_its_acknowledgement_reached_no_handler(attacker: Attacker) -> None:
    (outcome, *_) = await attacker.make([replace(TOLERANT, sends=(Message('42$ns$id["no-such-event"]'),))])
    assert (outcome.end, outcome.acknowledged) == (End.OPEN, None)


async def test_what_holds_is_held_until_the_block_ends(attacker: Attacker) -> None:
    async with attacker.holding([ATTACKS["session-that-never-logs-in"], ATTACKS["head-that-never-ends"]]) as outcomes:
        await attacker.make([TOLERANT])
        assert outcomes == []
    assert {outcome.end for outcome in outcomes} == {End.OPEN}
    assert len(outcomes) == 2 * (2 + 1)


async def test_a_stranger_that_is_not_to_come_does_not(attacker: Attacker) -> None:
    outcomes = await replace(attacker, stranger=None).make([ATTACKS["packet-type-7"]])
    assert {outcome.who for outcome in outcomes} == {Who.MEMBER}


async def test_an_attack_for_which_there_is_no_connection_is_told(attacker: Attacker, target: Target) -> None:
    nobody = replace(attacker, member=place(target, target.main("studyspot"), "no.such.token"))
    outcomes = await nobody.make([ATTACKS["second-connect"]])
    assert {outcome.end for outcome in outcomes} == {End.UNMADE}
    assert all("the login was refused" in outcome.said for outcome in outcomes)
    address = replace(attacker.member.address, port=1)
    away = Attacker(replace(attacker.member, address=address), None, patience=Patience(opening=1.0))
    outcomes = await away.make([ATTACKS["rsv1-set"], ATTACKS["second-connect"]])
    assert {outcome.end for outcome in outcomes} == {End.UNMADE}


@pytest.mark.measured
async def test_attacks_can_be_made_in_a_process_of_their_own(attacker: Attacker) -> None:
    outcomes = await made_apart([attacker, attacker], [ATTACKS["rsv1-set"]])
    expected = Outcome(ATTACKS["rsv1-set"], Door.WEBSOCKET, Who.MEMBER, End.ENDED, outcomes[0].said, twin=False)
    assert outcomes == [expected, expected]


async def test_nothing_is_left_behind_where_it_is_given_up(attacker: Attacker) -> None:
    before = asyncio.all_tasks()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await attacker.make(ATTACKS.values())
    assert asyncio.all_tasks() == before
