"""`eventproof watch`: listens as people of the profile, acts in nothing, and judges what arrives as it arrives."""

import asyncio
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from eventproof import __version__
from eventproof.catalog import Catalog, System, rooms_of
from eventproof.checks import Finding, known_events
from eventproof.checks.overhearing import Heard, Judged, Listener, Overheard
from eventproof.errors import ContractViolation, EventproofError, TargetUnavailable, UsageError
from eventproof.history import History, Kind, Record
from eventproof.interruption import HEEDED
from eventproof.report import formats
from eventproof.report.records import Check, RequirementResult, Run
from eventproof.report.watching import Row, Spectator
from eventproof.target import Identity, Target
from eventproof.verdict import Level, Outcome, Verdict, outcome

from .calls import Caller
from .dialer import Dialer
from .evidence import frames_of
from .exchange import session
from .line import Line
from .person import Person
from .probe import probe

__all__ = ["KEPT", "watch"]

KEPT: Final = 100_000
"""So many records of the history are kept at least, the latest, and never more than twice as many."""
_LETTERS: Final = 64 * 1024 * 1024
"""Letters of frames that are kept at most: events may be long."""
_GLANCE: Final = 0.1
_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 30.0
"""Seconds until a connection that ended is opened again: longer each time that it fails."""
_SENTENCES: Final = {
    Judged.SCOPE: "`{0}` is an event of the channel {1}.",
    Judged.SCHEMA: "Every `{0}` on {1} fits its schema.",
    Judged.AUDIENCE: "`{0}` on {1} reaches those alone whom it is for, as far as its payload tells who they are.",
    Judged.ORDER: "`{0}` on {1} comes to all connections in one order.",
}


class Recent(History):
    """A history that forgets its oldest records: a watch may last for days."""

    _dropped = _letters = 0

    def add(self, *arguments: object, **named: object) -> Record:
        """As of any history."""
        record = super().add(*arguments, **named)  # type: ignore[arg-type]  # the same arguments
        self._letters += _length(record)
        if len(self._records) > 2 * KEPT or self._letters > _LETTERS:
            half = len(self._records) // 2
            self._letters -= sum(map(_length, self._records[:half]))
            self._dropped += half
            del self._records[:half]
        return record

    def __len__(self) -> int:
        return self._dropped + len(self._records)

    def since(self, mark: int) -> tuple[Record, ...]:
        """The records after the first `mark` ones that are not forgotten."""
        return super().since(max(0, mark - self._dropped))


def _length(record: Record) -> int:
    return len(record.payload) if isinstance(record.payload, str) else 0


@dataclass(slots=True)
class _Seat:
    """One connection that is to be there, and is opened again when it ends."""

    person: Person
    system: str
    channel: str
    line: Line | None = None
    pause: float = _FIRST_PAUSE
    due: float = 0.0
    ended: int = 0
    why: str = ""

    def is_empty(self, now: float) -> bool:
        """Whether its connection has ended, or is to be opened now."""
        return now >= self.due if self.line is None else not self.line.is_open

    def __str__(self) -> str:
        return f"{self.person.name} on {self.channel} of {self.system}"


def watch(
    target: Target,
    *,
    people: int = 1,
    seconds: float | None = None,
    results: Path | None = None,
    command: str = "eventproof watch",
    spectator: Spectator,
    catalog: Catalog | None = None,
) -> Run:
    """Listen as `people` of each role, until a signal or for so many seconds; what came is judged, and written.

    Raises TargetUnavailable where nobody can be let in, UsageError where the profile gives nobody.
    """
    known = catalog or target.catalog
    probe(target, known)
    watching = _Watch(target, [known.system(name) for name in target.systems], people, spectator)
    asyncio.run(watching.go(seconds))
    run = watching.result(command)
    if results is not None:
        formats.write_all(run, watching.history, results)
    return run


class _Watch:
    def __init__(self, target: Target, systems: list[System], people: int, spectator: Spectator) -> None:
        self.history = Recent(time.monotonic)
        self._target, self._systems, self._most, self._spectator = target, systems, people, spectator
        self._overheard = Overheard({}, {})
        self._seats: list[_Seat] = []
        self._kept_out: dict[str, str] = {}
        """Who could not be let in, and why."""
        self._returning: dict[str, asyncio.Task[None]] = {}
        """What is under way for whom: one seat after the other, so that each logs in once."""
        self._started, self._began = datetime.now(UTC), time.monotonic()
        self._mark = 0

    async def go(self, seconds: float | None) -> None:
        """Listen until the time is over or a signal comes."""
        over = asyncio.Event()
        loop = asyncio.get_running_loop()
        async with session() as http:
            with HEEDED.cancelling(lambda: loop.call_soon_threadsafe(over.set)):
                await self._sit_down(Caller(self._target, self.history, http))
                try:
                    await self._listen(over, seconds)
                finally:
                    for task in self._returning.values():
                        task.cancel()
                    await asyncio.gather(*self._returning.values(), return_exceptions=True)
                    self._take()
                    for seat in self._seats:
                        if seat.line is not None:
                            await seat.line.close()

    async def _sit_down(self, caller: Caller) -> None:
        dialer = Dialer(self._target, self._systems, self.history)
        chosen = list(self._chosen())
        if not chosen:
            raise UsageError(f"{self._target.source} gives nobody to listen as: list them under [identities]")
        everybody = [Person(name, identity, caller, dialer) for name, identity in chosen]
        first: EventproofError | None = None
        for person in everybody:
            try:
                await person.session()
            except EventproofError as failed:
                first = first or failed
                self._kept_out[person.name] = str(failed)
                continue
            self._seats += self._seats_of(person)
        if not self._seats:
            raise first or UsageError(f"{self._target.source} gives nobody for whom a channel is")
        listeners = {person.name: Listener(rooms_of(person.id, person.role)) for person in everybody if person.is_known}
        self._overheard = Overheard(known_events(self._systems), listeners)
        await asyncio.gather(*map(self._open, self._seats))
        if all(seat.line is None for seat in self._seats):
            raise TargetUnavailable(f"no connection could be opened: {self._seats[0].why}")

    def _chosen(self) -> Iterator[tuple[str, Identity]]:
        roles = {"admin": self._target.admins, "user": self._target.users, **self._target.others}
        for role, identities in roles.items():
            for number, identity in enumerate(identities[: self._most], 1):
                yield f"{role}-{number}", identity

    def _seats_of(self, person: Person) -> Iterator[_Seat]:
        """Every channel that is for this person and needs no parameter."""
        for system in self._systems:
            for channel in system.channels:
                is_there = (system.name, channel.name) in self._target.channels and not channel.parameters
                if is_there and person.role in (channel.roles or (person.role,)):
                    yield _Seat(person, system.name, channel.name)

    async def _open(self, seat: _Seat) -> None:
        try:
            await seat.person.fresh_session()
            seat.line = await seat.person.connect(system=seat.system, channel=seat.channel)
        except EventproofError as failed:
            seat.line, seat.why = None, str(failed)
            seat.due, seat.pause = time.monotonic() + seat.pause, min(2 * seat.pause, _LONGEST_PAUSE)
        else:
            seat.pause = _FIRST_PAUSE
        finally:
            seat.person.lines.clear()  # the seats have them, and a watch may last for days

    async def _listen(self, over: asyncio.Event, seconds: float | None) -> None:
        until = None if seconds is None else time.monotonic() + seconds
        while not over.is_set() and (until is None or time.monotonic() < until):
            self._take()
            self._look_after()
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), _GLANCE)

    def _look_after(self) -> None:
        """Whoever has an empty seat comes back, while the others are listened to."""
        for seat in self._seats:
            name = seat.person.name
            if name in self._returning and self._returning[name].done():
                self._returning.pop(name).result()
            if name not in self._returning and seat.is_empty(time.monotonic()):
                self._returning[name] = asyncio.create_task(self._return_to(seat))

    async def _return_to(self, seat: _Seat) -> None:
        if seat.line is None:
            await self._open(seat)
            return
        ended, seat.line, seat.due = seat.line, None, time.monotonic() + seat.pause
        closed = ended.closed
        seat.ended, seat.why = seat.ended + 1, "its namespace was left" if closed is None else closed.reason
        await ended.close()

    def _take(self) -> None:
        records, self._mark = self.history.since(self._mark), len(self.history)
        findings = [finding for record in records for finding in self._overheard.take(record)]
        if findings or any(record.kind is Kind.RECEIVED for record in records):
            self._spectator.heard(tuple(map(_row, self._overheard.account.values())), findings)

    def result(self, command: str) -> Run:
        """What came of it."""
        records = tuple(self.history)
        lines = tuple(line for heard in self._overheard.account.values() for line in self._lines(heard, records))
        return Run(
            kind="watch",
            target=self._target.base_url,
            systems=self._target.systems,
            started=self._started.isoformat(timespec="seconds").replace("+00:00", "Z"),
            seconds=time.monotonic() - self._began,
            seed=0,
            tool=f"eventproof {__version__}",
            outcome=outcome(line.verdict for line in lines) if lines else Outcome.INVALID,
            command=command,
            requirements=lines,
            notes=tuple(self._notes(lines)),
        )

    def _lines(self, heard: Heard, records: tuple[Record, ...]) -> Iterator[RequirementResult]:
        system = self._owner(heard)
        for judged in Judged:
            if not heard.judged[judged]:
                continue
            verdict = Verdict.FAIL if heard.wrong[judged] else Verdict.PASS
            first: Finding | None = next(iter(heard.findings.get(judged, ())), None)
            told = f"{heard.judged[judged]} of {heard.count} judged, {heard.wrong[judged]} wrong"
            reason = f"{first.sentence} ({told})" if first else ""
            name = f"{system.prefix}/{heard.name}/{judged}"
            is_kept = first is not None and first.record is not None and first.record.at >= records[0].at
            check = Check(
                name=f"{heard.channel} {heard.name} {judged}",
                requirements=(name,),
                verdict=verdict,
                seconds=0.0,
                reason=reason or told,
                expected=first.expected if first else "",
                observed=first.observed if first else "",
                frames=frames_of((), _as_error(first), records) if first and is_kept else (),
            )
            yield RequirementResult(
                id=name,
                system=system.name,
                level=Level.MUST,
                sentence=_SENTENCES[judged].format(heard.name, heard.channel),
                source=heard.event.schema_path.name if heard.event else f"the contract of {system.name}",
                verdict=verdict,
                reason=reason,
                checks=(check,),
            )

    def _owner(self, heard: Heard) -> System:
        """The system of the event; for one that none has, the one whose channel it came on."""
        if heard.event is not None:
            return next(system for system in self._systems if system.name == heard.event.system)
        there = (system for system in self._systems if heard.channel in {known.address for known in system.channels})
        return next(there, self._systems[0])

    def _notes(self, lines: Iterable[RequirementResult]) -> Iterator[str]:
        if not tuple(lines):
            yield "nothing was heard, so nothing is shown: let it listen for longer, or while something happens"
        for name, why in self._kept_out.items():
            yield f"{name} was not let in, and did not listen: {why}"
        for seat in self._seats:
            if seat.ended:
                times = "once" if seat.ended == 1 else f"{seat.ended} times"
                yield f"{seat} was ended {times} by the server, and opened again: {seat.why}"
            elif seat.line is None:
                yield f"{seat} could not listen: {seat.why}"
        unjudged = sorted(
            heard.name
            for heard in self._overheard.account.values()
            if heard.event and not heard.is_for_anybody and not heard.judged[Judged.AUDIENCE]
        )
        if unjudged:
            yield f"whom these were for a listener cannot tell: {', '.join(dict.fromkeys(unjudged))}"
        kept = sum(1 for _ in self.history)
        if kept < len(self.history):
            yield f"history.ndjson has the last {kept} records of {len(self.history)}"


def _as_error(finding: Finding) -> Exception:
    return ContractViolation(finding.sentence, record=finding.record)


def _row(heard: Heard) -> Row:
    return Row(
        heard.event.system if heard.event else "no contract",
        heard.channel,
        heard.name,
        heard.count,
        {judged.value: heard.wrong[judged] for judged in Judged},
        heard.judged[Judged.AUDIENCE],
    )
