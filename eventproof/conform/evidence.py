"""What is shown of a case that did not simply pass: what was expected and observed, and the frames around it."""

import json
from collections.abc import Iterable, Iterator, Sequence

from eventproof.errors import ContractViolation
from eventproof.history import Kind, Record
from eventproof.redaction import redacted, redacted_text
from eventproof.report.records import Check, Frame
from eventproof.report.visible import sentence

__all__ = ["frames_of", "shown", "told"]

_MOST = 60
_AFTER = 15
"""So many of them come after what was found, where there are more."""
_LONGEST = 400
_TELLS = {Kind.RECEIVED: Kind.FRAME_IN, Kind.SENT: Kind.FRAME_OUT}
"""What tells in words what the frame before it was."""
_HEARTBEATS = frozenset({"2", "3", "2probe", "3probe", "6"})


def frames_of(records: Sequence[Record], error: BaseException | None, whole: Iterable[Record]) -> tuple[Frame, ...]:
    """The records around what a case found, as lines, without heartbeats; the last ones where it found no record.

    A frame that the record beside it tells in other words is left out. The last call before what was found is among
    them, however long ago it was.

    What it found may come from an earlier case of the run, whose `whole` history is then looked into. Times count from
    the first record of the case, or from the first one shown.
    """
    shows = _record_of(error)
    here = any(record is shows for record in records)
    known = [record for record in (records if here or shows is None else whole) if not _is_heartbeat(record)]
    doubles = {id(record) for record in _doubles(known) if record is not shows}
    telling = [record for record in known if id(record) not in doubles]
    place = next((place for place, record in enumerate(telling) if record is shows), len(telling) - 1)
    begin = max(0, min(place + _AFTER, len(telling)) - _MOST)
    chosen = telling[begin : begin + _MOST]
    call = next((record for record in reversed(telling[: place + 1]) if record.kind is Kind.CALLED), None)
    if call is not None and not any(record is call for record in chosen):
        chosen = [call, *chosen[1:]]
    began = records[0].at if here and records else chosen[0].at if chosen else 0.0
    return tuple(
        Frame(
            at=record.at - began,
            actor=record.connection or record.actor,
            kind=record.kind.value,
            text=_text(record),
            marked=record is shows,
        )
        for record in chosen
    )


def _doubles(records: Iterable[Record]) -> Iterator[Record]:
    """The frames that are told again: as what was received right after them, or was sent right before or after."""
    last: dict[str, Record] = {}
    for record in records:
        before = last.get(record.connection)
        if before is not None:
            if record.kind in _TELLS and before.kind is _TELLS[record.kind]:
                yield before
            elif before.kind is Kind.SENT and record.kind is Kind.FRAME_OUT:
                yield record
        last[record.connection] = record


def _record_of(error: BaseException | None) -> Record | None:
    """What shows a failure in the history: of what was raised, or of what caused that."""
    while error is not None:
        if isinstance(error, ContractViolation) and isinstance(error.record, Record):
            return error.record
        error = error.__cause__
    return None


def told(error: BaseException) -> tuple[str, str, str]:
    """What an exception says: the reason in a sentence, what was expected, what was observed."""
    if isinstance(error, ContractViolation):
        return redacted_text(str(error)), redacted_text(error.expected), redacted_text(error.observed)
    text = str(error) or type(error).__name__
    if isinstance(error, AssertionError):
        first, _, rest = text.partition("\n")
        return redacted_text(first), "", redacted_text(rest)[:_LONGEST]
    return redacted_text(text), "", ""


def shown(check: Check, sentences: Iterable[str]) -> str:
    """A case that did not pass, as lines for a terminal; what came from the target moves no cursor there."""
    lines = [f"{check.verdict}: {check.name}", *(f"  {sentence}" for sentence in sentences), f"  {check.reason}"]
    if check.expected:
        lines.append(f"  expected: {check.expected}")
    if check.observed:
        lines.append(f"  observed: {check.observed}")
    lines += [f"  {frame.at:8.3f} s  {frame.actor:<22} {frame.kind:<9} {frame.told}" for frame in check.frames]
    if check.repeat:
        lines.append(f"  repeat: {check.repeat}")
    return "\n".join(map(sentence, lines))


def _is_heartbeat(record: Record) -> bool:
    return record.kind in (Kind.FRAME_IN, Kind.FRAME_OUT) and record.payload in _HEARTBEATS


def _text(record: Record) -> str:
    payload = record.payload
    if payload is None:
        text = ""
    else:
        shown = redacted(payload)
        text = shown if isinstance(shown, str) else json.dumps(shown, ensure_ascii=False, default=repr)
    return redacted_text(f"{record.name} {text}".strip())[:_LONGEST]
