"""The same awaited on each of several connections; the failure tells which of them it was missing on."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from eventproof.errors import ContractViolation

from .line import Line

__all__ = ["on_each"]

_T = TypeVar("_T")


async def on_each(lines: Sequence[Line], wait: Callable[[Line], Awaitable[_T]], did: str) -> list[_T]:
    """What `wait` gives for each line, all of them awaited at once; `did` says what a line does with it: `closed`.

    Raises ContractViolation where some lack it, and names them; what else is raised goes through as it is.
    """
    results = await asyncio.gather(*map(wait, lines), return_exceptions=True)
    lacking: list[tuple[Line, ContractViolation]] = []
    for line, result in zip(lines, results, strict=True):
        if isinstance(result, ContractViolation):
            lacking.append((line, result))
        elif isinstance(result, BaseException):
            raise result
    if lacking:
        first = lacking[0][1]
        names = ", ".join(str(line) for line, _ in lacking)
        raise ContractViolation(
            f"{len(lines) - len(lacking)} of {len(lines)} connections {did}; {names} did not",
            expected=f"on each of them: {first.expected}",
            observed="; ".join(f"{line.name}: {missing.observed}" for line, missing in lacking),
        ) from first
    return [result for result in results if not isinstance(result, BaseException)]
