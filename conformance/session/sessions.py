"""The sessions of a case: begun, connected to every door, ended as the profile says, and their users let in again."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final

from eventproof.actions import expiring
from eventproof.catalog import ANYONE
from eventproof.conform.cases import (
    Answer,
    Case,
    ContractViolation,
    Inconclusive,
    Line,
    NotTestable,
    Person,
    Transport,
)
from eventproof.ending import ANOTHER_PASSWORD, ENDED_TOKEN, Ending, Whose

MARGIN: Final = 0.2
"""Seconds after the time at which a token expires: its clock may count whole ones."""


@dataclass(frozen=True, slots=True)
class Session:
    """One session of one user; `says` is what else the answer that began it told."""

    person: Person
    token: str = field(repr=False)
    says: Mapping[str, Any] = field(default_factory=dict, repr=False)
    over_at: float | None = None
    """When it ends by itself, by the wall clock."""

    async def read(self, operation: str) -> Answer:
        """Make a call that needs a session."""
        return await made(self.person, operation, self.token, **self.says)

    async def connect(self, door: "Door") -> Line:
        """A connection by this door; raises Inconclusive where it is not accepted."""
        line = await self.person.connect(door.transport, channel=door.channel, token=self.token)
        line.role = str(door)
        return line


async def made(caller: Person, operation: str, token: str | None, **given: Any) -> Answer:
    """A call with this token, the caller's own where there is none; without one where it is made by anyone."""
    if caller.target.operations[operation].identity == ANYONE:
        return await caller.call_unauthenticated(operation, **given)
    return await caller.call(operation, token=token, **given)


@dataclass(frozen=True, slots=True)
class Door:
    """One channel, by one transport."""

    channel: str
    transport: Transport

    def __str__(self) -> str:
        return f"{self.channel} by {self.transport}"


def doors(case: Case) -> tuple[Door, ...]:
    """Every way to be connected."""
    return tuple(Door(name, transport) for name, endpoint in case.endpoints for transport in endpoint.transports)


def entrances(case: Case) -> tuple[Door, ...]:
    """Every way to be let in or refused: an upgrade begins with polling, and is refused as that is."""
    return tuple(door for door in doors(case) if door.transport is not Transport.UPGRADE)


async def begin(person: Person, password: str | None = None) -> Session:
    """A new session of a user; raises Inconclusive, or NotTestable where there can be only one."""
    if (minted := person.minted()) is not None:
        return Session(person, minted)
    login = person.target.login
    if login is None:
        raise NotTestable(
            f"{person.identity.name} has one token and no login: give `begins` in [session], or [jwt] claims"
        )
    given = {**({} if password is None else {"password": password})}
    answer = (await person.call_unauthenticated(login, **given)).must_succeed()
    told = {name: answer.says(name) for name in person.target.operations[login].answers}
    return Session(person, str(told.pop("token")), told)


@dataclass(slots=True)
class Scene:
    """Whose sessions are there when something ends some of them."""

    case: Case
    ending: Ending
    ended: tuple[Session, ...]
    """Those that it ends."""
    kept: tuple[Session, ...]
    """Those of the same user that it does not."""
    bystander: Session
    """Somebody else's."""
    password: str | None = None
    """What the user's is from then on, where that changes."""

    @property
    def user(self) -> Person:
        """Whose session ends."""
        return self.ended[0].person

    async def end(self) -> Answer | None:
        """End it: by the call, once it was accepted, or by waiting. Raises Inconclusive where it is not accepted."""
        first, ending = self.ended[0], self.ending
        if not ending.is_call:
            await asyncio.sleep(max(0.0, (first.over_at or 0.0) - time.time()) + MARGIN)
            self.case.note(f"the session of {self.user.name} is over by now: {ending.name}")
            return None
        operation = next(known for known in self.case.system.operations if known.id == ending.name)
        given: dict[str, Any] = {**first.says, "userId": self.user.id, ENDED_TOKEN: first.token}
        if ending.changes_password:
            self.password = f"{self.user.identity.password}-{secrets.token_hex(3)}"
            given[ANOTHER_PASSWORD] = self.password
        caller = self.case.caller(operation, self.user)
        calling = (self.kept if ending.whose is Whose.OTHERS else self.ended)[0]
        token = calling.token if caller is self.user else None
        return (await made(caller, ending.name, token, **given)).must_succeed()

    async def let_in_again(self) -> Session | None:
        """A new session of the user, once what ended theirs is undone; None where there can be none."""
        undoing = self.ending.undone_by
        if undoing is not None and self.password is None:
            operation = next(known for known in self.case.system.operations if known.id == undoing)
            caller = self.case.caller(operation, self.user)
            (await caller.call(undoing, userId=self.user.id)).must_succeed()
        elif not self.ending.again:
            return None
        return await begin(self.user, self.password)

    async def restore(self) -> None:
        """Give the user their password back; all else is undone when the case is over."""
        if self.password is None or self.ending.undone_by is None:
            return
        session = await begin(self.user, self.password)
        given = {"userId": self.user.id, ANOTHER_PASSWORD: self.password}
        (await self.user.call(self.ending.undone_by, token=session.token, **given)).must_succeed()
        self.password = None


@asynccontextmanager
async def scene(case: Case, name: str, *, alone: bool = False, people: Sequence[Person] = ()) -> AsyncIterator[Scene]:
    """A user whose session is about to end as `name` says, and somebody whose does not: `people`, or two who are lent.

    Where one of several ends, or all but one, there are two of the user, unless one is enough (`alone`) and the target
    lets them have no second one.
    """
    ending = case.target.endings.known[name]
    user, other = people or await case.users(2)
    first = _ending(case, await _only(user), ending)
    if ending.after is not None and not ending.is_signed:
        await asyncio.sleep(ending.after / 2)  # the others' time must not be over together with theirs
    bystander = await _only(other)
    second: tuple[Session, ...] = ()
    try:
        second = (await begin(user),)
    except NotTestable:
        if not alone or ending.whose is Whose.OTHERS:
            raise
    found = Scene(case, ending, (first,), second, bystander)
    if ending.whose is Whose.ALL:
        found.ended, found.kept = (first, *second), ()
    try:
        yield found
    finally:
        await found.restore()


async def _only(person: Person) -> Session:
    """A session, also of somebody who has a token and no login."""
    try:
        return await begin(person)
    except NotTestable:
        return Session(person, await person.session())


def _ending(case: Case, session: Session, ending: Ending) -> Session:
    """The session, as one that time ends; with the secret of its tokens, its own is signed again."""
    if ending.after is None:
        return session
    over_at = time.time() + ending.after
    if not ending.is_signed:
        return replace(session, over_at=over_at)
    signed = expiring(case.target, session.token, over_at)
    if signed is None:
        raise NotTestable("no token that expires soon can be signed with the secret of [jwt]: only JSON Web Tokens can")
    return replace(session, token=signed, over_at=over_at)


async def accepted(session: Session, operation: str) -> Answer:
    """Make a call that has to be accepted for anything to be said."""
    return (await session.read(operation)).must_succeed()


async def closed(lines: Sequence[Line]) -> None:
    """Wait until these connections have ended; whether they do is judged elsewhere."""

    async def end(line: Line) -> None:
        with suppress(ContractViolation, Inconclusive):
            await line.ends()

    await asyncio.gather(*map(end, lines))


async def must_work(session: Session, lines: Sequence[Line], whose: str) -> None:
    """A session goes on: each of its connections is open, each door lets it in, each call takes its token.

    Raises ContractViolation where one does not.
    """
    for operation in session.person.target.endings.reads:
        answer = await session.read(operation)
        if not answer.is_accepted:
            raise ContractViolation(
                f"the token of {whose} is refused by {operation}",
                expected="a success (2xx)",
                observed=str(answer),
                record=answer.record,
            )
    for line in lines:
        if not line.is_open:
            raise ContractViolation(
                f"a connection of {whose} ended as well: {line}", expected="an open connection", observed=_end_of(line)
            )


async def must_let_in(session: Session, through: Sequence[Door], whose: str) -> list[Line]:
    """Every door opens for a session; raises ContractViolation where one does not."""
    found = []
    for door in through:
        try:
            found.append(await session.connect(door))
        except Inconclusive as refused:
            if not isinstance(refused.__cause__, ContractViolation):
                raise
            raise ContractViolation(
                f"the token of {whose} does not open {door}", expected="an accepted connection", observed=str(refused)
            ) from refused
    return found


def _end_of(line: Line) -> str:
    return "a closed one" if line.closed is None else f"closed: {line.closed.reason}"
