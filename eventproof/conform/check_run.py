"""What all cases of one check share: the people, the loop, the history they all write to."""

import asyncio
import time
from collections.abc import Coroutine, Iterable, Mapping
from typing import Any, TypeVar

import aiohttp

from eventproof import garbage, layout
from eventproof.catalog import ADMIN, Catalog, Operation, System, rooms_of
from eventproof.checks import Story, known_events
from eventproof.effort import PAYLOADS
from eventproof.errors import Inconclusive
from eventproof.history import History
from eventproof.interruption import HEEDED
from eventproof.open_files import allow_many
from eventproof.target import Identity, Target

from .calls import Caller
from .case import Case
from .contract_driver import ContractDriver
from .dialer import Dialer
from .disturbances import Disturbances
from .driver import Driver, DriverOf
from .exchange import session
from .people import People
from .person import Person
from .undoing import Undo

__all__ = ["CheckRun"]

_CASE_SECONDS = 120.0
_HOSTILE_SECONDS = 600.0
"""In which all attacks can be made with full force, each kind of them within half a minute."""
_PAYLOAD_SECONDS = 2.0
"""Beside that, for each payload that an event is tried with."""

_T = TypeVar("_T")


class CheckRun:
    """All that the cases of one run share. Close it when the run is over."""

    def __init__(
        self, target: Target, catalog: Catalog, seed: int, *, hostile: bool = False, payloads: int = PAYLOADS
    ) -> None:
        self.target = target
        self.seed = seed
        self.hostile = hostile
        self.payloads = payloads
        self.systems = tuple(catalog.system(name) for name in target.systems)
        _require_people(target, self.systems)
        allow_many()
        self.undo = Undo(self.systems)
        self.history = History(time.monotonic)
        served = [catalog.system(name) for name in target.served]
        self.known = known_events(served)
        self._runner = asyncio.Runner()
        self._http = self._runner.run(_session())
        caller = Caller(target, self.history, self._http)
        dialer = Dialer(target, served, self.history)

        def person(name: str, identity: Identity) -> Person:
            return Person(name, identity, caller, dialer)

        self.people = People(target, self.systems, person, seed)
        calls = (operation for system in self.systems for operation in system.operations)
        self.operations: Mapping[str, Operation] = {operation.id: operation for operation in calls}
        self.disturbances = Disturbances()
        self.unrestored: dict[Person, list[tuple[str, dict[str, Any]]]] = {}
        """What still has to be undone of whom."""
        self.occurrences: dict[str, dict[str, object]] = {}
        """What was caused for all cases that judge it, by system and call."""
        self._story: tuple[int, Story] | None = None
        self.drivers = {name: self._driver(name) for name in target.systems}
        garbage.keep()

    def _driver(self, system: str) -> Driver:
        drivers: Mapping[str, DriverOf] = layout.conformance("drivers").DRIVERS
        known = next(known for known in self.systems if known.name == system)
        return drivers.get(system, ContractDriver)(known, self.people, self.target, self.history)

    @property
    def rooms(self) -> dict[str, frozenset[str]]:
        """The rooms of everybody whose id is known."""
        return {person.name: rooms_of(person.id, person.role) for person in self.people if person.is_known}

    @property
    def story(self) -> Story:
        """The whole run so far, without what somebody else did to users of ours; read again where it has grown."""
        if self._story is None or self._story[0] != len(self.history):
            whole = self.disturbances.without(self.history)
            self._story = len(self.history), Story(whole, self.known, self.rooms, operations=self.operations)
        return self._story[1]

    def case(self, case: str, system: str | None = None, *, waits: float = 0.0) -> Case:
        """The case for one case, of this system; of the first one under test where none is named.

        `waits` is how long the case waits by its own account, in seconds.
        """
        garbage.keep_if_grown()
        return Case(self, case, next(known for known in self.systems if system in (None, known.name)), waits)

    def perform(self, acting: Coroutine[Any, Any, _T], waits: float = 0.0, *, whole: bool = False) -> _T:
        """Run to the end on the loop of the run; raises Inconclusive where that takes far longer than it `waits`.

        A signal cancels it, unless it is to be done `whole`, and is KeyboardInterrupt afterwards, whatever became of
        the cancellation.
        """
        if HEEDED.is_urgent:
            acting.close()
            raise KeyboardInterrupt
        loop = self._runner.get_loop()
        tasks: list[asyncio.Task[_T]] = []

        def cancel() -> None:
            for task in () if whole else tasks:
                task.cancel()

        with HEEDED.cancelling(lambda: loop.call_soon_threadsafe(cancel)):
            try:
                most = _HOSTILE_SECONDS if self.hostile else _CASE_SECONDS
                most += _PAYLOAD_SECONDS * self.payloads
                tasks.append(loop.create_task(_bounded(acting, most + waits)))
                return loop.run_until_complete(tasks[0])
            finally:
                HEEDED.heed()

    def left_behind(self) -> list[str]:
        """What this run leaves on the target, in words; nothing where that is as it was."""
        lasting = self.undo.left_behind(self.history, self.target)
        counts = ", ".join(f"{count} {operation}" for operation, count in sorted(lasting.items()))
        left = [f"{person.name} is as the last case left them" for person in self.unrestored]
        return [*([f"what this run did and nothing undoes, by accepted calls: {counts}"] if counts else []), *left]

    def close(self) -> None:
        """Let go of everything."""
        self.people.release()
        self._runner.run(self._http.close())
        self._runner.close()


def _require_people(target: Target, systems: Iterable[System]) -> None:
    """Raise UsageError where the profile gives nobody who could do what these systems are about."""
    for system in systems:
        has_admins = any(operation.role == ADMIN for operation in system.operations)
        target.require_people(*((ADMIN,) if has_admins else ()), system.member)


async def _session() -> aiohttp.ClientSession:
    # Node.js closes a connection that was idle for 5 seconds, just as long as a case waits for what does not come.
    return session(keepalive=1.5)


async def _bounded(acting: Coroutine[Any, Any, _T], seconds: float) -> _T:
    try:
        async with asyncio.timeout(seconds) as limit:
            return await acting
    except TimeoutError:
        if limit.expired():
            raise Inconclusive(f"the case did not end within {seconds:g} s") from None
        raise
