"""A token whose session has ended opens nothing any more: no call, no channel, no new token."""

from eventproof.client.aio import ConnectionRefused
from eventproof.conform.bad_tokens import must_be_how_it_refuses
from eventproof.conform.cases import (
    Case,
    ContractViolation,
    EndedAtOnce,
    Inconclusive,
    Line,
    Refusal,
    capability,
)
from eventproof.conform.marks import each_system
from eventproof.tokens import forged

from .sessions import Door, Session, accepted, begin, doors, entrances, must_let_in, must_work, scene

_ENDED = "with the token of a session that has ended"


async def _must_be_refused_by_rest(case: Case, ended: Session, good: Session) -> None:
    for operation in case.target.endings.reads:
        answer = await ended.read(operation)
        answer.must_be_refused(_ENDED, beside=await accepted(good, operation))


@each_system("session-rest", "ending")
async def test_its_token_is_refused_by_rest_after(case: Case, ending: str) -> None:
    """No session has a connection here: what nobody sees open has to be ended all the same."""
    async with scene(case, ending, alone=True) as here:
        for session in (*here.ended, here.bystander):
            for operation in case.target.endings.reads:
                await accepted(session, operation)
        await here.end()
        for session in here.ended:
            await _must_be_refused_by_rest(case, session, here.bystander)


@each_system("session-doors", "ending")
async def test_its_token_opens_no_door_after(case: Case, ending: str) -> None:
    """Each door was open to it before; beside each refusal somebody else is let in."""
    async with scene(case, ending, alone=True) as here:
        for session in here.ended:
            for door in doors(case):
                await session.connect(door)
        await here.end()
        for session in here.ended:
            for door in entrances(case):
                refused = await _must_stay_shut(case, session, door, here.bystander)
                if isinstance(refused, EndedAtOnce) and not here.ending.is_call:
                    other = _at(session, door, forged(session.token))
                    await must_be_how_it_refuses(other, _ENDED, refused)


async def _must_stay_shut(case: Case, ended: Session, door: Door, good: Session) -> ConnectionRefused:
    return await case.must_refuse(_at(ended, door), beside=_at(good, door), special=f"{_ENDED}, at {door}")


def _at(session: Session, door: Door, token: str | None = None) -> Line:
    """A connection by a door that is not open yet, with the session's token or with another one."""
    return session.person.connection(token or session.token, door.transport, channel=door.channel)


@each_system("session-again", "ending")
async def test_whoever_may_log_in_again_does_and_nobody_else_after(case: Case, ending: str) -> None:
    async with scene(case, ending, alone=True) as here:
        await here.end()
        if not here.ending.again:
            (await here.user.log_in()).must_be_refused("although the user may not log in", Refusal.LOGIN)
            (await here.bystander.person.log_in()).must_be_accepted()
        try:
            session = await here.let_in_again()
        except Inconclusive as refused:
            raise ContractViolation(
                "a user who may log in again cannot", expected="a new session", observed=str(refused)
            ) from refused
        if session is not None:
            await must_work(session, await must_let_in(session, doors(case), "a new session"), "a new session")


@each_system("session-revived", "ending")
async def test_an_ended_token_stays_refused_when_its_user_is_back_after(case: Case, ending: str) -> None:
    async with scene(case, ending, alone=True) as here:
        await here.end()
        good = await here.let_in_again()
        if good is None:
            raise Inconclusive(f"the user of {ending} cannot be let in again")
        for session in here.ended:
            await _must_be_refused_by_rest(case, session, good)
            await _must_stay_shut(case, session, entrances(case)[0], good)


@capability("renews")
@each_system("session-renewed-after", "ending")
async def test_an_ended_session_cannot_be_renewed_after(case: Case, ending: str) -> None:
    renews = str(case.target.endings.renews)
    async with scene(case, ending, alone=True) as here:
        await here.end()
        for session in here.ended:
            answer = await session.read(renews)
            beside = await accepted(here.bystander, renews)
            answer.must_be_refused("for a session that has ended", beside=beside)


@capability("renews")
@each_system("session-renewing")
async def test_renewing_a_session_ends_nothing(case: Case) -> None:
    renews = str(case.target.endings.renews)
    session = await begin(await case.user())
    lines = [await session.connect(door) for door in doors(case)]
    answer = await session.read(renews)
    if not answer.is_accepted:
        raise ContractViolation("a session could not be renewed", expected="a success (2xx)", observed=str(answer))
    newer = Session(session.person, str(answer.says("token")), session.says)
    newest = await must_let_in(newer, entrances(case), "a session that was renewed")
    await must_work(newer, [*lines, *newest], "a session that was renewed")
