"""The same awaited on each of several connections; the failure tells which of them it was missing on."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from eventproof.errors import ContractViolation

from .line import Line

__all__ = ["on_each"]

_T = TypeVar("_T")
_NAMED = 10
"""So many are named, where a crowd lacks it."""


async def on_each(lines: Sequence[Line], wait: Callable[[Line], Awaitable[_T]], did: str) -> list[_T]:
    """What `wait` gives for each line, all of them awaited at once; `did` says what a line does with it: `closed`.

    Raises ContractViolation where some lack it, and names them, and those of which nothing is known; where no one lacks
    it, what else was raised goes through as it is.
    """
    results = await asyncio.gather(*map(wait, lines), return_exceptions=True)
    lacking = [
        (line, result) for line, result in zip(lines, results, strict=True) if isinstance(result, ContractViolation)
    ]
    if lacking:
        first = lacking[0][1]
        names = _some([str(line) for line, _ in lacking], ", ")
        unknown = [
            str(line)
            for line, result in zip(lines, results, strict=True)
            if isinstance(result, BaseException) and not isinstance(result, ContractViolation)
        ]
        unsaid = f"; of {_some(unknown, ', ')} nothing is known" if unknown else ""
        raise ContractViolation(
            f"{len(lines) - len(lacking) - len(unknown)} of {len(lines)} connections {did}; {names} did not{unsaid}",
            expected=f"on each of them: {first.expected}",
            observed=_some([f"{line.name}: {missing.observed}" for line, missing in lacking], "; "),
        ) from first
    found: list[_T] = []
    for result in results:
        if isinstance(result, BaseException):
            raise result
        found.append(result)
    return found


def _some(names: Sequence[str], between: str) -> str:
    more = f"{between}and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return between.join(names[:_NAMED]) + more
