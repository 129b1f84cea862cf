"""Which calls were refused: what a refused call asked for has no effect, so nothing follows from it."""

from collections.abc import Sequence

from eventproof.history import Kind, Record

_OVER = (Kind.ANSWERED, Kind.UNANSWERED)


def refused(records: Sequence[Record]) -> frozenset[int]:
    """The places in the records of the calls that were certainly refused, with a status of 400 to 499.

    A record tells by its number to which call an answer belongs. Where it has none, that is not known of several calls
    of one operation that one actor had under way at once: such calls were refused where all of them were.
    """
    found: set[int] = set()
    under_way: dict[tuple[str, str, int | None], tuple[list[int], list[Record]]] = {}
    for index, record in enumerate(records):
        key = (record.actor, record.name, record.call)
        if record.kind is Kind.CALLED:
            under_way.setdefault(key, ([], []))[0].append(index)
        elif record.kind in _OVER and key in under_way:
            calls, answers = under_way[key]
            answers.append(record)
            if len(answers) == len(calls):
                if all(map(_is_refusal, answers)):
                    found.update(calls)
                del under_way[key]
    return frozenset(found)


def _is_refusal(record: Record) -> bool:
    status = record.payload.get("status") if isinstance(record.payload, dict) else None
    return record.kind is Kind.ANSWERED and isinstance(status, int) and 400 <= status < 500
