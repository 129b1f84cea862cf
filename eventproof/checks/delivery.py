"""Did everyone receive what was for them, and once?"""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping

from eventproof.history import Kind, Record

from .content import content
from .finding import Finding, Unjudged
from .story import Caused, Presence, Story


def undelivered(
    story: Story, within: float, name: str | None = None, special: Mapping[str, str] | None = None
) -> Iterator[Finding | Unjudged]:
    """What an accepted call caused, and did not come to a connection of its audience `within` so many seconds.

    The connection had to be there when the call was made, and to stay: one that we left before that time is not
    judged, one that the server ended is. Each receipt is that of one call, the earliest that it may be of. `special`
    says what is special about a connection, for the sentence.
    """
    receipts = _Receipts(story)
    for caused, due, meant in _owed(story, within, name):
        came = {line: receipts.take(line, caused) for line in meant}
        late = [line for line in meant if (at := came[line]) is not None and at > due]
        missing = [line for line in meant if came[line] is None and _had_time(line, story, due)]
        if late or missing:
            yield _finding(caused, meant, missing, late, within, special or {})
        if untold := caused.effect.audience.untold:
            why = story.unsaid(caused, [name for room in untold for name in room.names])
            yield Unjudged(f"nobody can tell who had to hear `{caused.effect.event.name}`: {why}", caused.call.record)


def is_owed(story: Story, name: str) -> bool:
    """Whether anybody had to hear of this event at all: else that nothing is missing proves nothing."""
    return any(meant for _, _, meant in _owed(story, 0.0, name))


def _owed(story: Story, within: float, name: str | None) -> Iterator[tuple[Caused, float, list[Presence]]]:
    """What had to come, by when, and on which connections."""
    for caused in story.caused(name):
        call = caused.call
        if caused.effect.is_certain and call.is_accepted and call.answer and call.place >= story.settled:
            yield caused, call.answer.at + within, [line for line in story.lines if story.is_meant(line, caused)]


def _had_time(line: Presence, story: Story, due: float) -> bool:
    if line.ended_by_peer:
        return True
    end = len(story.records) - 1 if line.ended is None else line.ended
    return story.records[end].at >= due


def _finding(
    caused: Caused,
    meant: list[Presence],
    missing: list[Presence],
    late: list[Presence],
    within: float,
    special: Mapping[str, str],
) -> Finding:
    def named(lines: list[Presence]) -> str:
        return ", ".join(
            f"{line.connection} ({special[line.connection]})" if line.connection in special else line.connection
            for line in lines
        )

    event, about = caused.effect.event.name, f" about {caused.effect.subject}" if caused.effect.subject else ""
    heard = len(meant) - len(missing)
    said = [f"{named(missing)} did not"] if missing else []
    said += [f"{named(late)} more than {within:g} s after the answer"] if late else []
    after = f"`{event}`{about} after {caused.call.record.name}"
    return Finding(
        f"{heard} of {len(meant)} connections heard {after}; {'; '.join(said)}",
        expected=f"on each of them: one `{event}` within {within:g} s",
        observed="none" if missing else "it came late",
        record=caused.call.record,
    )


class _Receipts:
    """The receipts of each connection that no call has taken yet."""

    def __init__(self, story: Story) -> None:
        self._left: dict[tuple[str, str], deque[tuple[int, Record]]] = {}
        for place, record, _ in story.received:
            self._left.setdefault((record.connection, record.name), deque()).append((place, record))

    def take(self, line: Presence, caused: Caused) -> float | None:
        """When the first of them came that may be of this call; it is taken. None where there is none."""
        effect = caused.effect
        left = self._left.get((line.connection, effect.event.name), deque())
        for found in left:
            place, record = found
            if place > caused.call.place and effect.may_be(record.payload) and effect.is_about(record.payload):
                left.remove(found)
                return record.at
        return None


def more_than_caused(story: Story, name: str) -> Iterator[Finding]:
    """The connections that heard the same thing of this name more often than anything caused it before.

    The same thing is the same payload, but for the envelope of its channel. A call that nobody answered may have caused
    it; of what nothing that was seen has caused, nothing is said. A connection that was opened again is another one.
    """
    openings = [(line.connection, line.opened) for line in story.lines]
    heard: dict[tuple[str, int, str], list[tuple[int, Record]]] = {}
    for place, record, event in story.received:
        if record.name == name:
            opened = sum(connection == record.connection and begun < place for connection, begun in openings)
            this = (record.connection, opened, content(event, record.payload)[1])
            heard.setdefault(this, []).append((place, record))
    for receipts in (each for each in heard.values() if len(each) > 1):
        place, last = receipts[-1]
        causes = sum(
            caused.call.place < place and caused.effect.may_be(last.payload) and caused.effect.is_about(last.payload)
            for caused in story.caused(name)
        )
        if 0 < causes < len(receipts):
            yield Finding(
                f"{last.connection} received the same `{name}` more often than anything caused it",
                expected=f"it {causes} times at most: so often was something done before that may cause it",
                observed=f"{len(receipts)} times",
                record=receipts[causes][1],
            )


def duplicated(records: Iterable[Record], name: str, connections: Iterable[str], allowed: int = 1) -> Iterator[Finding]:
    """The connections that received an event more than `allowed` times."""
    received = Counter(record.connection for record in records if record.kind is Kind.RECEIVED and record.name == name)
    for connection in connections:
        if received[connection] > allowed:
            yield Finding(
                f"{connection} received `{name}` {received[connection]} times",
                expected=f"{allowed} at most",
                observed=str(received[connection]),
            )
