"""What a check found against a contract, and what it could not judge."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from eventproof.errors import ContractViolation, Inconclusive
from eventproof.history import Record


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that should not be: in a sentence, with what was expected and what was observed.

    `record` is what shows it in the history; None where something is absent. `breaks` is what of a contract does not
    hold, as `SYSTEM/EVENT/audience`, where several cases can find the same; empty where one alone can.
    """

    sentence: str
    expected: str
    observed: str
    record: Record | None = None
    breaks: str = ""


@dataclass(frozen=True, slots=True)
class Unjudged:
    """One thing of which nobody can tell whether it should be, since the target did not say something: why."""

    sentence: str
    record: Record | None = None


def raise_for(*judged: Iterable[Finding | Unjudged]) -> None:
    """Raise ContractViolation for what was found, if anything: the first in full, the others of its group counted.

    Raises Inconclusive where nothing was found, and something could not be judged.
    """
    unjudged: list[Unjudged] = []
    for group in judged:
        together = tuple(group)
        found = [one for one in together if isinstance(one, Finding)]
        unjudged += [one for one in together if isinstance(one, Unjudged)]
        if found:
            raise ContractViolation(
                found[0].sentence + _more(found),
                expected=found[0].expected,
                observed=found[0].observed,
                record=found[0].record,
                breaks=tuple(dict.fromkeys(one.breaks for one in found)) if all(one.breaks for one in found) else (),
            )
    if unjudged:
        raise Inconclusive(unjudged[0].sentence + _more(unjudged))


def _more(alike: Sequence[Finding | Unjudged]) -> str:
    return f" (and {len(alike) - 1} more like it)" if len(alike) > 1 else ""
