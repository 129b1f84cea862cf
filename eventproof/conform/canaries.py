"""Canaries: an event that is caused so that what was sent before it is known to have arrived.

One that is lost proves nothing; two in a row, that none will arrive in this run.
"""

from collections.abc import Awaitable, Callable, Iterable

from eventproof.client.aio import Where
from eventproof.errors import ContractViolation, Inconclusive

from .calls import Answer
from .line import Line

__all__ = ["Canaries"]

_ENOUGH = 2


class Canaries:
    """Those of one system: `what` causes them, in words, and the event that they are.

    `judged_by` are the requirements by which the loss of one is judged.
    """

    def __init__(self, what: str, event: str, *judged_by: str) -> None:
        self._what = what
        self._event = event
        self._judged_by = judged_by
        self._missed = 0
        self._why = ""

    async def send(
        self, call: Callable[[], Awaitable[Answer]], lines: Iterable[Line], is_it: Callable[[Answer], Where]
    ) -> None:
        """Cause one by a call, and await it on each of these lines that stays open; `is_it` knows it by the answer.

        Raises Inconclusive where it cannot be caused or does not arrive, and at once where two in a row were lost.
        """
        if self._missed >= _ENOUGH:
            why = f"{self._why}; {_ENOUGH} of them in a row were lost, and no more are sent in this run"
            raise Inconclusive(why, waits_for=self._judged_by)
        answer = await call()
        if not answer.is_accepted:
            raise self._lost(f"the canary, {self._what}, cannot be caused: {answer.operation} answered {answer}")
        for line in lines:
            if line.is_open:
                await self._arrives(line, is_it(answer))

    async def _arrives(self, line: Line, is_it: Where) -> None:
        try:
            await line.hears(self._event, is_it)
        except ContractViolation as missing:
            if line.is_open:
                why = f"the canary, `{self._event}` after {self._what}, did not arrive on {line.name}: {missing}"
                raise self._lost(why) from missing
        else:
            self._missed = 0

    def _lost(self, why: str) -> Inconclusive:
        self._missed, self._why = self._missed + 1, why
        return Inconclusive(why, waits_for=self._judged_by)
