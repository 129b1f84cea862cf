"""Did anyone receive what was not for them?

An event is for the rooms that its `x-audience` names, filled by a call that triggers it, by the fields of its payload,
and, where nothing else names the user, by the caller. So a receipt is lawful only where such a call came before it,
which was not refused, and one of those rooms is the receiver's, or its connection's, at that moment. Where the payload
is about something that calls of the history were about (`x-correlate`), one of these has caused it: nobody hears of
another's things. An event for the one connection that caused it is not judged here, since no call tells which that was;
nor is one for everyone, which leaks to nobody.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from eventproof.catalog import Event
from eventproof.history import Kind, Record

from .finding import Finding
from .story import Caused, Story

_UNJUDGED = frozenset({"connection", "everyone"})


def leaked(story: Story, name: str | None = None) -> Iterator[Finding]:
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
        if event is None or _UNJUDGED & set(event.audience) or name not in (None, event.name):
            continue
        lawful = tuple(_lawful(event, causes.get(event), place, record))
        if not any(story.may_hear(record, rooms, since, place) for since, rooms in lawful):
            meant = frozenset[str]().union(*(rooms for _, rooms in lawful))
            yield Finding(
                f"{record.actor} received `{record.name}`, which is not for them",
                expected=f"only {', '.join(sorted(meant)) or 'nobody'} to receive it",
                observed=f"{record.connection or record.actor} received it",
                record=record,
            )


def _is_over(caused: Caused, story: Story) -> bool:
    is_for_all_of_a_role = all(term.startswith("role:") for term in caused.effect.event.audience)
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


def _lawful(event: Event, causes: _Causes | None, place: int, receipt: Record) -> Iterator[tuple[int, frozenset[str]]]:
    """The rooms of each call that may have caused it, and its place; one that names something else did not."""
    if not event.triggers:
        fields = receipt.payload if isinstance(receipt.payload, dict) else {}
        with suppress(KeyError):
            yield place, event.recipients(fields) | event.perhaps(fields)
    for caused in causes.of(event.subject(receipt.payload)) if causes else ():
        if caused.call.place < place and caused.effect.may_be(receipt.payload):
            yield caused.call.place, caused.effect.rooms_by(receipt.payload)
