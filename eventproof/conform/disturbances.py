"""What somebody else did to users of this run: recognised by how they stand, and no part of what is judged."""

from collections.abc import Iterable

from eventproof.errors import EventproofError
from eventproof.history import Kind, Record

from .person import Person
from .undoing import Undo, done_to

__all__ = ["Disturbances", "disturbed"]


async def disturbed(person: Person, records: tuple[Record, ...], undo: Undo) -> str:
    """What of a person changed that none of these calls changed, in words; empty where nothing shows.

    An event alone tells nothing: it may be a leak. So the target is asked how the person stands.
    """
    if not person.has_session or undo.ends_session(records, person):
        return ""
    try:
        me = await person.whoami()
    except EventproofError:
        return ""
    if me.status in (401, 403):
        return f"the session of {person.name} was ended, which nothing in this run did"
    if not me.is_accepted or undo.gives_tier(done_to(person, records)):
        return ""
    tier = me.says("tier")
    if tier is not None and person.tier is not None and str(tier) != person.tier:
        return f"{person.name} has the tier {tier} in place of {person.tier}, which nothing in this run gave them"
    return ""


class Disturbances:
    """Whom somebody else disturbed, and when: from one place of the history to another."""

    def __init__(self) -> None:
        self._spans: list[tuple[str, int, int]] = []

    def enter(self, actor: str, begin: int, end: int) -> None:
        """This actor was disturbed between these places."""
        self._spans.append((actor, begin, end))

    def without(self, records: Iterable[Record]) -> tuple[Record, ...]:
        """The records of a whole history, without what came to those who were disturbed then."""
        if not self._spans:
            return tuple(records)
        return tuple(record for place, record in enumerate(records) if not self._has(record, place))

    def _has(self, record: Record, place: int) -> bool:
        came = record.kind in (Kind.RECEIVED, Kind.CLOSED)
        return came and any(record.actor == actor and begin <= place < end for actor, begin, end in self._spans)
