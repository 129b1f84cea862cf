"""Requirements and objectives beside each other: what held and does not any more, and what holds now."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from eventproof.report.records import Run
from eventproof.verdict import Verdict, gravest

from .comparison import Change, Finding, JudgedLine, Side, Standing

__all__ = ["objectives", "requirements"]

_HELD: Final[Mapping[Verdict, int]] = {
    Verdict.PASS: 0,
    Verdict.WARN: 1,
    Verdict.NOT_TESTABLE: 2,
    Verdict.FAIL: 2,
}
"""How far it is from holding; of all others that is not known."""
_FIGURE: Final = re.compile(r"\S*\d\S*")
"""A word that may be another one in each run: a number, a time, an id."""

Said = tuple[str, str, Verdict, str]
"""A name, what that is about, its verdict, and what is said of that."""


def requirements(sides: Sequence[Side]) -> tuple[JudgedLine, ...]:
    """Every requirement that a run was asked for, in the order of the sides."""
    return _lines(sides, _requirements)


def objectives(sides: Sequence[Side]) -> tuple[JudgedLine, ...]:
    """Every objective."""
    return _lines(sides, _objectives)


def _requirements(run: Run) -> Iterable[Said]:
    return ((one.id, one.sentence, one.verdict, one.reason) for one in run.requirements if one.selected)


def _objectives(run: Run) -> Iterable[Said]:
    return ((one.expression, "", one.verdict, one.observed) for one in run.objectives)


def _lines(sides: Sequence[Side], said_of: Callable[[Run], Iterable[Said]]) -> tuple[JudgedLine, ...]:
    about: dict[str, str] = {}
    by_side: list[dict[str, list[tuple[Verdict, str]]]] = []
    for side in sides:
        found: dict[str, list[tuple[Verdict, str]]] = {}
        for run in side.runs:
            for name, sentence, verdict, said in said_of(run):
                about.setdefault(name, sentence)
                found.setdefault(name, []).append((verdict, said))
        by_side.append(found)
    return tuple(_line(name, sentence, [found.get(name, []) for found in by_side]) for name, sentence in about.items())


def _line(name: str, sentence: str, said: Sequence[Sequence[tuple[Verdict, str]]]) -> JudgedLine:
    standings = tuple(map(_standing, said))
    changes = tuple(_became(standings[0], other) for other in standings[1:])
    return JudgedLine(name, sentence, standings, changes)


def _standing(said: Sequence[tuple[Verdict, str]]) -> Standing | None:
    """What a side says of it: the gravest of its runs."""
    if not said:
        return None
    verdict = gravest(verdict for verdict, _ in said)
    telling = [words for one, words in said if one is verdict]
    return Standing(verdict, len(telling), len(said), telling[0])


def _became(before: Standing | None, after: Standing | None) -> Finding:
    if before is None or after is None:
        return Finding(Change.SAME) if before is after else Finding(Change.DIFFERENT, "on one side alone")
    if Verdict.NOT_APPLICABLE in (before.verdict, after.verdict):
        return _claimed(before, after)
    was, is_now = _HELD.get(before.verdict), _HELD.get(after.verdict)
    if was is None or is_now is None:
        return _known(before, after)
    if was != is_now:
        return Finding(Change.WORSE if is_now > was else Change.BETTER)
    if before.verdict is not after.verdict or (was and _words(before) != _words(after)):
        return Finding(Change.DIFFERENT, "for another reason")
    if _share(before) != _share(after):
        return Finding(Change.DIFFERENT, "in another share of the runs")
    return Finding(Change.SAME)


def _claimed(before: Standing, after: Standing) -> Finding:
    if before.verdict is after.verdict:
        return Finding(Change.SAME)
    if after.verdict is Verdict.NOT_APPLICABLE:
        return Finding(Change.UNKNOWN, "it is claimed no more, so nothing is proved of it")
    return Finding(Change.DIFFERENT, "it was not claimed before")


def _known(before: Standing, after: Standing) -> Finding:
    """What became of it, where one of both neither holds nor does not."""
    if after.verdict is Verdict.PASS:
        return Finding(Change.BETTER)
    if before.verdict is Verdict.PASS or before.verdict is Verdict.WARN:
        return Finding(Change.UNKNOWN, "it was known before, and is not now")
    if after.verdict in _HELD:
        return Finding(Change.UNKNOWN, "what it was before is not known")
    if before.verdict in _HELD:
        return Finding(Change.DIFFERENT, "it did not hold, and is not known now")
    return Finding(Change.SAME)


def _words(standing: Standing) -> str:
    return _FIGURE.sub("", standing.said)


def _share(standing: Standing) -> tuple[bool, float]:
    """Of a single run nobody says in how many."""
    return (standing.runs < standing.of, standing.runs / standing.of)
