"""What a contract lacks for each check, with the line to add; and what is doubtful in how its documents are written."""

from typing import Any

from eventproof.catalog import System
from eventproof.catalog.reading import Reading, Weight
from eventproof.errors import UsageError
from eventproof.report.visible import visible

__all__ = ["is_clean", "must_be_answered", "shown", "shown_text"]

Json = Any


def shown(system: System) -> Json:
    """Everything that is to be told of how a contract was read."""
    reading = _reading(system)
    return {
        "contract": system.name,
        "title": system.title,
        "read_as": list(reading.said),
        "events": len(system.events),
        "calls": sum(operation.event is None for operation in system.operations),
        "judged": reading.judged,
        "judgeable": reading.judged + len(reading.lacks),
        "remarks": [
            {
                "weight": remark.weight.value,
                "where": remark.where,
                "further": remark.further,
                "sentence": remark.sentence,
                "remedy": remark.remedy,
            }
            for remark in reading.remarks
        ],
        "lacks": [{"what": lack.what, "why": lack.why, "add": lack.line} for lack in reading.lacks],
    }


def shown_text(system: System) -> str:
    """The same for a person: what it was read as, what is doubtful, what is lacking."""
    reading, count = _reading(system), len(system.events)
    lines = [
        f"{system.name}: {system.title}, {count} event{'s' if count != 1 else ''}",
        *(f"  read as: {said}" for said in reading.said),
    ]
    for weight in (Weight.QUESTION, Weight.WARNING, Weight.NOTE):
        lines += [f"  {weight}: {remark}" for remark in reading.remarks if remark.weight is weight]
    lines.append(f"  judged: {reading.share} things that a contract of these events can promise")
    for lack in reading.lacks:
        lines += [f"  not judged: {lack.what}: {lack.why}", f"      {lack.line}"]
    return "\n".join(map(visible, lines))


def is_clean(system: System) -> bool:
    """Whether there is nothing doubtful and nothing lacking: what is asked of the contracts that are shipped."""
    reading = _reading(system)
    return not reading.lacks and all(remark.weight is Weight.NOTE for remark in reading.remarks)


def must_be_answered(system: System) -> None:
    """Raise UsageError where nobody can tell what a document means."""
    questions = [remark for remark in _reading(system).remarks if remark.weight is Weight.QUESTION]
    if questions:
        first, *others = questions
        more = f"; and {len(others)} more, which `eventproof contract lint` tells" if others else ""
        raise UsageError(f"{first}{more}")


def _reading(system: System) -> Reading:
    return system.reading or Reading()
