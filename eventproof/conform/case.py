"""One case, as its code sees it: users who come from the pool and go back restored, admins, what happened so far."""

import random
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from eventproof.catalog import ADMIN, Direction, Event, Operation, System
from eventproof.checks import Finding, Known, Story, Unjudged, raise_for
from eventproof.client.aio import ConnectionRefused
from eventproof.errors import ContractViolation, EventproofError, Inconclusive, TargetUnavailable, UsageError
from eventproof.history import Kind, Record
from eventproof.target import Budgets, Endpoint, Target, Transport
from eventproof.unknown import unlike

from .asking import GRACE
from .driver import Driver
from .lending import Lending
from .line import EndedAtOnce, Line
from .person import Person
from .restart import restart
from .shared_by_cases import SharedByCases
from .undoing import Undo
from .verdicts import NotTestable

__all__ = ["Case"]

_Driver = TypeVar("_Driver")
_Given = TypeVar("_Given")

_NO_REFUSALS = frozenset({404, 405, 406, 408, 411, 413, 414, 415, 421, 425, 426, 429, 431, 1011, 1012, 1013})
"""Statuses of HTTP, and close codes of a WebSocket, that say no to something else than who connects."""
_ALMOST = 0.9
"""Of the time for a connection: what takes less has had an answer."""


class Case:
    """One case's view of the run. `random` is seeded by the run's seed and the case's name.

    `system` is the one that the case is about: whose channel everybody connects to who is not told otherwise.
    """

    def __init__(self, check_run: SharedByCases, case: str, system: System, waits: float = 0.0) -> None:
        self.system = system
        self._waits = waits
        self._run = check_run
        for person in check_run.people.standing:
            person.system = system.name
        self._mark = len(check_run.history)
        self._end: int | None = None
        self._lending = Lending(check_run, system.name)
        self._warnings: list[str] = []
        self.random = random.Random(f"{check_run.seed}/{case}")  # noqa: S311 - repeatable, not secret
        self.seed = check_run.seed

    @property
    def target(self) -> Target:
        """The server under test."""
        return self._run.target

    @property
    def hostile(self) -> bool:
        """Whether attacks are made with full force."""
        return self._run.hostile

    @property
    def payloads(self) -> int:
        """How many good payloads, and how many bad ones, an event of a client is tried with."""
        return self._run.payloads

    @property
    def budgets(self) -> Budgets:
        """How long each thing may take."""
        return self._run.target.budgets

    @property
    def admin(self) -> Person:
        """The admin who acts in this run; raises NotTestable where the profile gives none."""
        return self.acting(ADMIN)

    def acting(self, role: str) -> Person:
        """Who acts for a role in this run; raises NotTestable where the profile gives nobody of it."""
        return self._run.people.acting(role)

    def caller(self, operation: Operation, user: Person) -> Person:
        """Who makes a call about a user: they themselves where their role may, else who acts for the role that does."""
        return self._run.people.caller(operation, user)

    def is_open_to(self, system: str, person: Person) -> bool:
        """Whether the main channel of a system is for people of this role."""
        return person.role in (self.catalogued(system).channels[0].roles or (person.role,))

    @property
    def standing(self) -> tuple[Person, ...]:
        """Those who act in the whole run: the admins, and one of each role that no case is lent."""
        return self._run.people.standing

    @property
    def undo(self) -> Undo:
        """What the calls of this run do to users, and what undoes it."""
        return self._run.undo

    @property
    def drivers(self) -> Mapping[str, Driver]:
        """What every system under test knows of itself."""
        return self._run.drivers

    def driver(self, kind: type[_Driver]) -> _Driver:
        """The driver of this kind, with all that it may do; UsageError where its system is not under test."""
        for driver in self.drivers.values():
            if isinstance(driver, kind):
                return driver
        raise UsageError(f"{self.target.source}: the system of {kind.__name__} is not under test: see systems")

    async def canary(self, *people: Person) -> None:
        """An event of the case's system for each of these people, awaited on each of their connections to it.

        What was sent to one of them before has arrived by then, so what has not arrived was not sent. Raises
        Inconclusive where it does not arrive.
        """
        await self.drivers[self.system.name].canary(*people)

    @property
    def records(self) -> tuple[Record, ...]:
        """What happened in this case, from its beginning to its end; without how everybody left after it."""
        records = self._run.history.since(self._mark)
        return records if self._end is None else records[: self._end - self._mark]

    @property
    def whole_run(self) -> tuple[Record, ...]:
        """What happened in all cases of the run so far; without what somebody else did to users of ours."""
        return self._run.disturbances.without(self._run.history)

    def story(self, since: int = 0) -> Story:
        """What happened in this case; of it, what came before the record `since` had arrived by then."""
        return Story(self.records, self.known, self.rooms, since, self._run.operations)

    def story_of_all(self, since: int = 0) -> Story:
        """What happened in the whole run; of it, what came before the record `since` had arrived by then."""
        return Story(self.whole_run, self.known, self.rooms, since, self._run.operations)

    @property
    def story_of_the_run(self) -> Story:
        """What happened in the whole run, read once for all cases that judge it."""
        return self._run.story

    @property
    def known(self) -> Known:
        """All that a server of the systems under test may send."""
        return self._run.known

    @property
    def rooms(self) -> dict[str, frozenset[str]]:
        """The rooms of everybody who took part in this run."""
        return self._run.rooms

    @property
    def systems(self) -> tuple[System, ...]:
        """The systems under test."""
        return self._run.systems

    def catalogued(self, name: str) -> System:
        """A system under test, as the catalogue has it."""
        return next(system for system in self.systems if system.name == name)

    @property
    def operations(self) -> tuple[Operation, ...]:
        """The calls of the case's system that the target has, without those that an earlier system has as well."""
        earlier: set[str] = set()
        for system in self.systems:
            if system is self.system:
                break
            earlier |= {operation.id for operation in system.operations}
        return tuple(
            operation
            for operation in self.system.operations
            if operation.id in self.target.operations and operation.id not in earlier
        )

    @property
    def endpoints(self) -> tuple[tuple[str, Endpoint], ...]:
        """The channels of the case's system that this target has and that need no parameter, by their names."""
        there = self.target.channels
        found = [(channel, there.get((self.system.name, channel.name))) for channel in self.system.channels]
        return tuple((channel.name, endpoint) for channel, endpoint in found if endpoint and not channel.parameters)

    @property
    def transports(self) -> tuple[Transport, ...]:
        """How the main channel of the case's system is carried on this target; the first is used by default."""
        return self.target.main(self.system.name).transports

    @property
    def own_channels(self) -> frozenset[str]:
        """The addresses, in the catalogue, of the channels that are certainly those of the case's system.

        That is those of its contract, and those further channels of the profile whose addresses are the contract's own.
        One at another address may be of any system, of one that nobody here knows too.
        """
        further = {endpoint.address for endpoint in self.target.other_channels or ()}
        own = {endpoint.known_as for (owner, _), endpoint in self.target.channels.items() if owner == self.system.name}
        return frozenset(further & {channel.address for channel in self.system.channels} | own)

    @property
    def occurrences(self) -> dict[str, object]:
        """The occurrences of the case's system in this run, by their calls; or what was raised in place of one."""
        return self._run.occurrences.setdefault(self.system.name, {})

    @property
    def now(self) -> float:
        """The time on the clock of the history, and so of all that was received."""
        return self._run.history.now()

    def event(self, name: str) -> Event:
        """What the server of the case's system may send under this name, as the catalogue has it."""
        for event in self.system.events:
            if event.name == name and event.direction is Direction.SEND:
                return event
        raise UsageError(f"{self.system.name} has no event `{name}`")

    def note(self, text: str) -> None:
        """Enter a remark in the history: which phase begins."""
        self._run.history.add(Kind.NOTE, "case", payload=text)

    def warn(self, text: str) -> None:
        """Enter what is worth telling, and no requirement forbids, among the notes of the report."""
        self.note(text)
        self._warnings.append(text)

    def enter_made(self, operation: str, body: Any) -> None:
        """Enter that a call was accepted which the history does not tell of, so that what it made can be removed."""
        history = self._run.history
        history.add(Kind.CALLED, "case", name=operation, payload={})
        history.add(Kind.ANSWERED, "case", name=operation, payload={"status": 200, "body": body})

    async def user(self) -> Person:
        """A member of the case's system whom no other case has, with a session."""
        return await self.person(self.system.member)

    async def person(self, role: str) -> Person:
        """Somebody of a role whom no other case has, with a session."""
        return await self._lending.lend(role)

    def another_tier(self, person: Person) -> str | None:
        """The name of a tier that somebody does not have now; None where the profile names none."""
        names = [tier.name for tier in self.target.tiers]
        has = self.undo.tier(person, tuple(self._run.history)) or next(iter(names), None)
        return next((name for name in names if name != has), None)

    async def users(self, count: int, system: str | None = None) -> list[Person]:
        """Several of them; members of another system, where one is named."""
        role = self.system.member if system is None else self.catalogued(system).member
        return [await self.person(role) for _ in range(count)]

    async def returning(self, names: Collection[str], most: int) -> list[Person]:
        """Users of earlier cases, by these names, as far as they can get a session now."""
        return await self._lending.lend_again(self.system.member, names, most)

    async def admins(self, count: int) -> list[Person]:
        """Several admins with sessions, the acting one first; raises NotTestable where the profile gives fewer."""
        found = self._run.people.admins[:count]
        if len(found) < count:
            raise NotTestable(
                f"the profile gives {len(found)} admins, and this case needs {count}: add to [[identities.admins]]"
            )
        for admin in found:
            await admin.fresh_session()
        return found

    async def restart(self) -> None:
        """Restart the target; raises NotApplicable where the profile does not say how, Inconclusive where it fails."""
        await restart(self.target)

    def nobody(self, like: Person) -> str | int:
        """An id that nobody has, of the kind that this person's is: only what is unknown about it is to be refused."""
        return unlike(like.id, self.random)

    def will_disturb(self, user: Person) -> None:
        """Anything may be done to this user in ways that the history does not tell: restore all of them."""
        self._lending.will_disturb(user)

    async def must_refuse(self, line: Line, beside: Person | Line, special: str = "") -> ConnectionRefused:
        """Open a connection that has to be refused, and beside it one that has to be accepted.

        `beside` is a connection that is not open yet and differs from the other in one thing, or somebody who opens
        one; `special` says what that thing is: `with an expired token`. Raises ContractViolation where the connection
        is accepted, or where no answer comes while the twin is accepted in time; Inconclusive where what came says no
        to something else, or the twin is refused as well.
        """
        twin = beside if isinstance(beside, Line) else beside.connection(await beside.session())
        opened = f"{line.name}, opened {special}," if special else line.name
        unproved = f"{opened} was not refused in a way that proves it"
        began = self.now
        try:
            refused = await line.refusal(special)
        except Inconclusive as silence:
            if self.now - began < _ALMOST * self.budgets.connect:
                raise
            await self._must_open(twin)
            raise ContractViolation(
                f"{line.name} was neither refused nor accepted {special}".rstrip()
                + f", while {twin.name} was accepted",
                expected=f"a refusal within {self.budgets.connect:g} s",
                observed=str(silence),
            ) from silence
        except TargetUnavailable as other:
            raise Inconclusive(f"{unproved}: {other}") from other
        if refused.status in _NO_REFUSALS:
            raise Inconclusive(f"{unproved}: {refused}")
        await self._must_open(twin, stays=2 * refused.after + GRACE if isinstance(refused, EndedAtOnce) else 0.0)
        await twin.close()
        return refused

    @staticmethod
    async def _must_open(twin: Line, stays: float = 0.0) -> None:
        try:
            await twin.open()
            await twin.must_stay(stays)
        except ContractViolation as refused:
            raise Inconclusive(
                f"{twin.name} had to be accepted, and was refused as well, so nothing can be said here: {refused}"
            ) from refused

    def judge(self, *judged: Iterable[Finding | Unjudged]) -> None:
        """Raise ContractViolation for the first of what the checks found; Inconclusive for what could not be judged."""
        raise_for(*judged)

    def perform(self, acting: Coroutine[Any, Any, None]) -> None:
        """Run a case to its end."""
        self._end = None
        try:
            self._run.perform(acting, self._waits)
        finally:
            self._end = len(self._run.history)

    def carry_out(self, acts: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run a case to its end; once more where it fails and somebody else has acted on its users meanwhile.

        What fails both times is blamed. Raises Inconclusive, with the name of the user, where it failed once only.
        """
        try:
            self._run.perform(self._refresh_standing())
            self.perform(acts())
        except (ContractViolation, Inconclusive) as failed:
            others = self._run.perform(self._lending.others_acts(self._lending.lent, self.records, self._mark))
            if not others:
                raise
            self._warnings = self.leave()
            self._mark, self._end = len(self._run.history), None
            self.note(f"once more, for {others}")
            self.occurrences.clear()
            self.perform(acts())
            raise Inconclusive(
                f"{others}: somebody else acts on these users at the same time. It failed then, and not once more: "
                f"{failed}"
            ) from failed

    async def _refresh_standing(self) -> None:
        """A session that ended since the last case is replaced; whether they can log in is no case's matter."""
        for person in self._run.people.standing:
            if person.has_session:
                with suppress(EventproofError):
                    await person.fresh_session()

    def leave(self) -> list[str]:
        """Close every connection and give the users back restored; what could not be, and what the case warns of."""
        warnings, self._warnings = self._warnings, []
        given_back = self._lending.give_back(self.records, self._mark)
        return [*warnings, *self._run.perform(given_back, whole=True)]
