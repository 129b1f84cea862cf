"""What a case sees: users who come from the pool and go back restored, an admin, and what happened so far."""

import random
import uuid
from collections.abc import Coroutine, Iterable
from typing import TYPE_CHECKING, Any

from eventproof.catalog import System
from eventproof.checks import Finding, Known, raise_for
from eventproof.client.aio import ConnectionRefused
from eventproof.errors import ContractViolation, EventproofError, Inconclusive
from eventproof.history import Kind, Record
from eventproof.target import Budgets, Target

from .accounts import Accounts
from .line import Line
from .person import Person
from .pool import done_to, ends_session, undoing

if TYPE_CHECKING:
    from .troupe import Troupe

__all__ = ["Stage"]


class Stage:
    """One case's view of the run. `random` is seeded by the run's seed and the case's name."""

    def __init__(self, troupe: "Troupe", case: str) -> None:
        self._troupe = troupe
        self._mark = len(troupe.history)
        self._lent: list[Person] = []
        self._disturbed: set[str] = set()
        self.random = random.Random(f"{troupe.seed}/{case}")  # noqa: S311 - repeatable, not secret
        self.seed = troupe.seed

    @property
    def target(self) -> Target:
        """The server under test."""
        return self._troupe.target

    @property
    def budgets(self) -> Budgets:
        """How long each thing may take."""
        return self._troupe.target.budgets

    @property
    def admin(self) -> Person:
        """The admin who acts in this run."""
        return self._troupe.admin

    @property
    def accounts(self) -> Accounts:
        """What the admin does to users."""
        return self._troupe.accounts

    @property
    def records(self) -> tuple[Record, ...]:
        """What happened in this case."""
        return self._troupe.history.since(self._mark)

    @property
    def whole_run(self) -> tuple[Record, ...]:
        """What happened in all cases of the run so far."""
        return tuple(self._troupe.history)

    @property
    def known(self) -> Known:
        """All that a server of the systems under test may send."""
        return self._troupe.known

    @property
    def rooms(self) -> dict[str, frozenset[str]]:
        """The rooms of everybody who was on stage in this run."""
        return self._troupe.rooms

    @property
    def systems(self) -> tuple[System, ...]:
        """The systems under test."""
        return self._troupe.systems

    def note(self, text: str) -> None:
        """Enter a remark in the history: which phase begins."""
        self._troupe.history.add(Kind.NOTE, "case", payload=text)

    async def user(self) -> Person:
        """A user whom no other case has, with a session; whoever can get none plays no further part."""
        while True:
            person = self._troupe.pool.take()
            try:
                await person.session()
            except Inconclusive:
                if not self._troupe.pool:
                    raise
            else:
                self._lent.append(person)
                return person

    async def users(self, count: int) -> list[Person]:
        """Several of them."""
        return [await self.user() for _ in range(count)]

    def nobody(self, like: Person) -> str | int:
        """An id that nobody has, of the kind that this person's is: only what is unknown about it is to be refused."""
        if not str(like.id).isdigit():
            return uuid.UUID(int=self.random.getrandbits(128)).hex
        number = self.random.randrange(2**30, 2**31)
        return number if isinstance(like.id, int) else str(number)

    def will_disturb(self, user: Person) -> None:
        """Anything may be done to this user in ways that the history does not tell: restore all of them."""
        self._disturbed.add(user.name)

    async def must_refuse(self, line: Line, beside: Person) -> ConnectionRefused:
        """Open a connection that has to be refused, and beside it one that has to be accepted.

        Raises ContractViolation where it is accepted, or where no answer comes while the twin is accepted in time.
        """
        try:
            refused = await line.refusal()
        except Inconclusive as silence:
            await beside.connect()
            raise ContractViolation(
                f"{line.name} was neither refused nor accepted, while {beside.name} was accepted",
                expected=f"a refusal within {self.budgets.connect:g} s",
                observed=str(silence),
            ) from silence
        await (await beside.connect()).close()
        return refused

    def judge(self, *findings: Iterable[Finding]) -> None:
        """Raise ContractViolation for the first of what the checks found."""
        for found in findings:
            raise_for(found)

    def perform(self, case: Coroutine[Any, Any, None]) -> None:
        """Run a case to its end."""
        self._troupe.perform(case)

    def leave(self) -> list[str]:
        """Close every connection and give the users back restored; what could not be restored, in words."""
        return self._troupe.perform(self._leave())

    async def _leave(self) -> list[str]:
        records, failures = self.records, []
        for person in (*self._lent, self.admin):
            await person.leave()
        for person in self._lent:
            if person.name in self._disturbed or ends_session(records, person):
                person.logged_out()
            try:
                await self._restore(person, records)
            except EventproofError as error:
                failures.append(f"{person.name} could not be restored and plays no further part: {error}")
            else:
                self._troupe.pool.give_back(person)
        self._lent.clear()
        return failures

    async def _restore(self, person: Person, records: tuple[Record, ...]) -> None:
        lowest = self.target.tiers[0].name if self.target.tiers else None
        done = None if person.name in self._disturbed else done_to(person, records)
        for operation, parameters in undoing(person, lowest, done):
            (await self.admin.call(operation, **parameters)).must_be_accepted()
        self.accounts.restored(person)
