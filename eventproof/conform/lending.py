"""The users of one case: lent from the pools for as long as it lasts, and given back as they were."""

from collections.abc import Collection, Iterable
from contextlib import suppress

from eventproof.catalog import ADMIN
from eventproof.checks import Story, leaked
from eventproof.errors import EventproofError
from eventproof.history import Record

from .disturbances import disturbed
from .person import Person
from .pool import Pool
from .shared_by_cases import SharedByCases
from .undoing import done_to, may_doubt

__all__ = ["Lending"]

Records = tuple[Record, ...]


class Lending:
    """Those who are lent to one case, which is about this system."""

    def __init__(self, run: SharedByCases, system: str) -> None:
        self._run = run
        self._system = system
        self._disturbed: set[str] = set()
        self.lent: list[Person] = []
        """Those whom the case has now."""

    async def lend(self, role: str) -> Person:
        """Somebody of a role whom no other case has, with a session."""
        return self._with(await self._run.people.lend(role))

    async def lend_again(self, role: str, names: Collection[str], most: int) -> list[Person]:
        """Those of these people whom nobody has now, as far as they can get a session."""
        return [self._with(person) for person in await self._run.people.lend_again(role, names, most)]

    def _with(self, person: Person) -> Person:
        person.system = self._system
        self.lent.append(person)
        return person

    def will_disturb(self, user: Person) -> None:
        """Anything may be done to this user in ways that the history does not tell: restore all of them."""
        self._disturbed.add(user.name)

    async def others_acts(self, people: Iterable[Person], records: Records, since: int) -> str:
        """What somebody else has done to these people during these records, in words; empty where nothing shows."""
        acts = []
        for person in people:
            if person.name not in self._disturbed and (act := await disturbed(person, records, self._run.undo)):
                self._run.disturbances.enter(person.name, since, len(self._run.history))
                self._run.occurrences.get(self._system, {}).clear()  # what was seen may be somebody else's doing
                acts.append(act)
        return ", and ".join(acts)

    async def give_back(self, records: Records, since: int) -> list[str]:
        """Close every connection and give everybody back restored; what could not be, in words."""
        undo, target, notes = self._run.undo, self._run.target, []
        if others := await self.others_acts(self._suspects(records), records, since):
            notes.append(f"{others}: somebody else acts on these users at the same time")
        for person in (*self.lent, *self._run.people.standing):
            await person.leave()
            if may_doubt(records, person):
                person.doubt()
        for person in self.lent:
            if person.name in self._disturbed or undo.ends_session(records, person):
                person.logged_out()
            self._run.unrestored[person] = undo.calls(
                person, target, None if person.name in self._disturbed else done_to(person, records)
            )
        self.lent.clear()
        for person in tuple(self._run.unrestored):
            notes += await self._restored(person)
        for maker, operation, parameters in undo.made(records, target):
            with suppress(EventproofError):  # what stays is told at the end of the run
                role = self._run.operations[operation].role
                who = self._run.people.named(maker) or self._run.people.acting(role)
                await who.call(operation, **parameters)
        return notes

    def _suspects(self, records: Records) -> list[Person]:
        """Those who received what nothing that was done here made for them."""
        run = self._run
        story = Story(records, run.known, run.rooms, operations=run.operations)
        found = {finding.record.actor for finding in leaked(story) if finding.record}
        return [person for person in self.lent if person.name in found and person.name not in self._disturbed]

    async def _restored(self, person: Person) -> list[str]:
        """Undo what was done to a person, and give them back; where that fails now, it is tried after later cases."""
        try:
            for operation, parameters in self._run.unrestored[person]:
                (await self._run.people.acting(ADMIN).call(operation, **parameters)).must_be_accepted()
        except EventproofError as error:
            why = f"{person.name} could not be restored yet, and takes no part before they are: {error}"
            known = person.name in self._pool_of(person).lost
            self._pool_of(person).lose(person, why)
            return [] if known else [why]
        del self._run.unrestored[person]
        if not (person.name in self._disturbed and self._run.undo.may_last(self._run.target)):
            self._pool_of(person).give_back(person)
        return []

    def _pool_of(self, person: Person) -> Pool:
        return self._run.people.pool(person.role)
