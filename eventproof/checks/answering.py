"""The calls of a history, each with its answer: what a refused call asked for has no effect."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eventproof.history import Kind, Record

_OVER = (Kind.ANSWERED, Kind.UNANSWERED)


@dataclass(frozen=True, slots=True)
class Called:
    """One call; places are those among the records."""

    place: int
    record: Record
    answer: Record | None = None
    """What answered it; None where nothing did, or nobody knows which of several answers was its own."""
    is_refused: bool = False
    """Whether it was certainly refused, with a status of 400 to 499."""
    answered: int | None = None
    """The place of the answer."""

    @property
    def is_accepted(self) -> bool:
        """Whether it was certainly done: a status of 200 to 299."""
        return self.answer is not None and 200 <= _status(self.answer) < 300

    @property
    def says(self) -> Mapping[str, Any]:
        """What its answer says, by the names of our contracts; nothing where it was not accepted."""
        if self.answer is None or not self.is_accepted:
            return {}
        says: Mapping[str, Any] = self.answer.payload.get("says", {})
        return says


def calls(records: Sequence[Record]) -> tuple[Called, ...]:
    """Every call in the order of the records.

    A record tells by its number to which call an answer belongs. Where it has none, that is not known of several calls
    of one operation that one actor had under way at once: such calls were refused where all of them were.
    """
    found: dict[int, Called] = {}
    under_way: dict[tuple[str, str, int | None], tuple[list[int], list[tuple[int, Record]]]] = {}
    for place, record in enumerate(records):
        key = (record.actor, record.name, record.call)
        if record.kind is Kind.CALLED:
            found[place] = Called(place, record)
            under_way.setdefault(key, ([], []))[0].append(place)
        elif record.kind in _OVER and key in under_way:
            places, answers = under_way[key]
            answers.append((place, record))
            if len(answers) < len(places):
                continue
            all_refused = all(_is_refusal(answer) for _, answer in answers)
            answered, only = answers[0] if len(places) == 1 and answers[0][1].kind is Kind.ANSWERED else (None, None)
            for one in places:
                found[one] = Called(one, records[one], only, all_refused, answered)
            del under_way[key]
    return tuple(found.values())


def _is_refusal(record: Record) -> bool:
    return record.kind is Kind.ANSWERED and 400 <= _status(record) < 500


def _status(record: Record) -> int:
    status = record.payload.get("status") if isinstance(record.payload, dict) else None
    return status if isinstance(status, int) else 0
