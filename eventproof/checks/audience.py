"""Did anyone receive what was not for them?

An event is for the rooms that its `x-audience` names, filled by a call that triggers it, by the fields of its payload,
and, where nothing else names the user, by the caller. So a receipt is lawful only where such a call came before it,
which was not refused, and one of those rooms is the receiver's, or its connection's, at that moment. Where the payload
is about something that calls of the history were about (`x-correlate`), one of these has caused it: nobody hears of
another's things. An event for the one connection that caused it is not judged here, since no call tells which that was;
nor is one for everyone, which leaks to nobody.

What neither the call nor the payload tells is nobody's fault: where a receiver may be in a room that is not told, or
may have joined one by a call that does not tell which, nothing is proved either way.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from eventproof.catalog import Audience, Event, is_of_role
from eventproof.history import Kind, Record

from .finding import Finding, Unjudged
from .story import Caused, Story

_ONE = "connection"
_FOR_ANYBODY = frozenset({_ONE, "everyone"})


def leaked(story: Story, name: str | None = None) -> Iterator[Finding | Unjudged]:
    """What was received by someone outside its audience; of one event, where it is named.

    What had settled before the story makes nothing lawful for one user or one room, unless it was about the same thing.
    """
    causes: dict[Event, _Causes] = {}
    for caused in story.caused(name):
        if not _is_over(caused, story):
            causes.setdefault(caused.effect.event, _Causes()).enter(caused)
    for place, record in enumerate(story.records):
        is_judged = record.kind is Kind.RECEIVED and place >= story.settled
        event = story.known.get((record.channel, record.name)) if is_judged else None
        if event is None or not event.audience or name not in (None, event.name):
            continue
        if _FOR_ANYBODY & set(event.audience):
            if event.audience == (_ONE,) and (finding := _not_of_theirs(event, causes.get(event), place, record)):
                yield finding
            continue
        lawful = tuple(_lawful(event, causes.get(event), place, record))
        if not any(story.may_hear(record, audience.rooms, since, place) for since, audience, _ in lawful):
            yield _unlawful(story, event, record, place, lawful)


def _not_of_theirs(event: Event, causes: "_Causes | None", place: int, receipt: Record) -> Finding | None:
    """What came to a connection that did not cause it, where all that may have was sent on known ones."""
    made = (
        [caused for caused in causes.of(event.subject(receipt.payload)) if caused.call.place < place] if causes else []
    )
    connections = {caused.call.record.connection for caused in made if caused.effect.may_be(receipt.payload)}
    if not connections or "" in connections or receipt.connection in connections:
        return None
    return Finding(
        f"{receipt.actor} received `{receipt.name}`, which is for the connection that caused it",
        expected=f"only {', '.join(sorted(connections))} to receive it",
        observed=f"{receipt.connection} received it",
        record=receipt,
        breaks=_broken(event),
    )


def _unlawful(
    story: Story, event: Event, record: Record, place: int, lawful: "tuple[_Lawful, ...]"
) -> Finding | Unjudged:
    for _, audience, caused in lawful:
        if doubt := story.doubt(record, caused, audience, place):
            return Unjudged(f"nobody can tell whether `{record.name}` was for {record.actor}: {doubt}", record)
    meant = frozenset[str]().union(*(audience.rooms for _, audience, _ in lawful))
    return Finding(
        f"{record.actor} received `{record.name}`, which is not for them",
        expected=f"only {', '.join(sorted(meant)) or 'nobody'} to receive it",
        observed=f"{record.connection or record.actor} received it",
        record=record,
        breaks=_broken(event),
    )


def _broken(event: Event) -> str:
    return f"{event.system}/{event.name}/audience"


def _is_over(caused: Caused, story: Story) -> bool:
    is_for_all_of_a_role = all(map(is_of_role, caused.effect.event.audience))
    return caused.call.place < story.settled and caused.effect.subject is None and not is_for_all_of_a_role


@dataclass(slots=True)
class _Causes:
    """What may have caused one event, by what it is about."""

    about: dict[str, list[Caused]] = field(default_factory=dict)
    about_anything: list[Caused] = field(default_factory=list)
    """What no id ties to its cause, and calls of which nobody knows yet what they are about."""

    def enter(self, caused: Caused) -> None:
        subject = caused.effect.subject
        (self.about_anything if subject is None else self.about.setdefault(subject, [])).append(caused)

    def of(self, subject: str | int | None) -> Iterator[Caused]:
        """Those that an event about this may have; all, where it is about nothing that any of them is about."""
        if subject is not None and (own := self.about.get(str(subject))):
            yield from own
        else:
            for those in self.about.values():
                yield from those
        yield from self.about_anything


class _Lawful(NamedTuple):
    """Who may have received something since a place among the records."""

    since: int
    audience: Audience
    caused: Caused | None
    """By what; None where no call causes it."""


def _lawful(event: Event, causes: _Causes | None, place: int, receipt: Record) -> Iterator[_Lawful]:
    """By each call that may have caused it; one that names something else did not."""
    if not event.triggers:
        yield _Lawful(place, event.lawful_after(None, event.fields(receipt.payload)), None)
    for caused in causes.of(event.subject(receipt.payload)) if causes else ():
        if caused.call.place < place and caused.effect.may_be(receipt.payload):
            yield _Lawful(caused.call.place, caused.effect.lawful(receipt.payload), caused)
