"""Who and what a run is played with: the admin, the pool of users, the loop, the history they all write to."""

import asyncio
import time
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

import aiohttp

from eventproof import layout
from eventproof.catalog import Catalog
from eventproof.checks import Story, known_events
from eventproof.errors import Inconclusive
from eventproof.history import History
from eventproof.interruption import HEEDED
from eventproof.target import Identity, Target

from .calls import Caller
from .disturbances import Disturbances
from .doors import Doors
from .exchange import session
from .person import Person
from .play import Play, PlayOf
from .pool import Pool
from .share import Share
from .stage import Stage
from .undoing import Undo

__all__ = ["Troupe"]

_CASE_SECONDS = 120.0

_T = TypeVar("_T")


class Troupe:
    """All that the cases of one run share. Close it when the run is over."""

    def __init__(self, target: Target, catalog: Catalog, seed: int) -> None:
        target.require_identities()
        self.target = target
        self.seed = seed
        self.systems = tuple(catalog.system(name) for name in target.systems)
        self.undo = Undo(self.systems)
        self.history = History(time.monotonic)
        served = [catalog.system(name) for name in target.served]
        self.known = known_events(served)
        self._runner = asyncio.Runner()
        self._http = self._runner.run(_session())
        caller = Caller(target, self.history, self._http)
        doors = Doors(target, served, self.history)

        def person(name: str, identity: Identity) -> Person:
            return Person(name, identity, caller, doors)

        self.admins = [person(f"admin-{number}", identity) for number, identity in enumerate(target.admins, 1)]
        self.admin = self.admins[0]
        people = [person(f"user-{number}", identity) for number, identity in enumerate(target.users, 1)]
        for somebody in people:
            somebody.admin = self.admin
        self._people = (*self.admins, *people)
        self.share = Share(target.base_url, seed)
        self.pool = Pool(*self.share.of(people))
        self.disturbances = Disturbances()
        self.unrestored: dict[Person, list[tuple[str, dict[str, Any]]]] = {}
        """What still has to be undone of whom."""
        self.occurrences: dict[str, dict[str, object]] = {}
        """What was caused for all cases that judge it, by system and call."""
        self._story: tuple[int, Story] | None = None
        self.plays = {name: self._play(name) for name in target.systems}

    def _play(self, system: str) -> Play:
        plays: Mapping[str, PlayOf] = layout.conformance("plays").PLAYS
        return plays[system](self.admin, self.target, self.history)

    @property
    def rooms(self) -> dict[str, frozenset[str]]:
        """The rooms of everybody whose id is known."""
        return {
            person.name: frozenset({f"user:{person.id}", f"role:{person.identity.role}", "everyone"})
            for person in self._people
            if person.is_known
        }

    @property
    def story(self) -> Story:
        """The whole run so far, without what somebody else did to users of ours; read again where it has grown."""
        if self._story is None or self._story[0] != len(self.history):
            whole = self.disturbances.without(self.history)
            self._story = len(self.history), Story(whole, self.known, self.rooms)
        return self._story[1]

    def stage(self, case: str, system: str | None = None, *, waits: float = 0.0) -> Stage:
        """The stage for one case, of this system; of the first one under test where none is named.

        `waits` is how long the case waits by its own account, in seconds.
        """
        return Stage(self, case, next(known for known in self.systems if system in (None, known.name)), waits)

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
                tasks.append(loop.create_task(_bounded(acting, _CASE_SECONDS + waits)))
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
        self.share.release()
        self._runner.run(self._http.close())
        self._runner.close()


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
