"""Whether a server takes what the schema of a client's event just takes: each such payload beside good ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from eventproof.acknowledgement import is_refusal
from eventproof.catalog import Event
from eventproof.errors import ContractViolation, Inconclusive
from eventproof.variants import Edge, differing, put_back

from .case import Case
from .client_events import arguments_of, ready_to_send, valid_of
from .line import Line
from .person import Person
from .verdicts import NotApplicable

__all__ = ["Refused", "refused_edges"]

_MOST = 3
"""Refused payloads after which no further one is tried: each may have had to be waited for."""
_MOST_FIELDS = 8
"""Fields that are put back one after the other, to see which of them have a payload refused."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A payload that was refused, and by what."""

    edge: Edge
    answer: str


async def refused_edges(case: Case, user: Person, event: Event) -> list[Refused]:
    """Those of `case.payloads` payloads at the edges of the event's schema that the server does not take.

    A good one is accepted before each connection's first and after each that is refused. Raises Inconclusive where it
    is not, NotApplicable where the schema leaves nothing to try.
    """
    speaker = _Speaker(case, user, event)
    found: list[Refused] = []
    for number in range(case.payloads):
        await speaker.reach()
        if not speaker.tried:
            raise NotApplicable(f"a `{event.name}` can say no more than its example does, but for what it names")
        if number >= len(speaker.tried) or len(found) >= _MOST:
            break
        edge = speaker.tried[number]
        answer = await speaker.refusal(edge.payload)
        if answer is not None:
            refused = Refused(edge, answer)
            found.append(refused if edge.said else await _shrunk(speaker, event, refused))
            await speaker.reach(again=True)
    return found


async def _shrunk(speaker: "_Says", event: Event, refused: Refused) -> Refused:
    """With as many fields as a good one has them as still have it refused, while the connection stands."""
    payload, answer = refused.edge.payload, refused.answer
    for name in differing(speaker.good, payload)[:_MOST_FIELDS]:
        nearer = put_back(speaker.good, payload, name)
        if nearer != speaker.good and event.is_valid(nearer) and speaker.is_open:
            again = await speaker.refusal(nearer)
            payload, answer = (payload, answer) if again is None else (nearer, again)
    left = ", ".join(f"/{name}" for name in differing(speaker.good, payload)) or "the payload"
    return Refused(Edge(f"{left}: made up from the schema", payload), answer)


class _Says(Protocol):
    """Whoever says a payload, beside a good one, and tells what refused it."""

    good: Any

    @property
    def is_open(self) -> bool:
        """Whether more can be said."""

    async def refusal(self, payload: Any) -> str | None:
        """What says that this is not taken; None where it is."""


class _Speaker:
    """A user on a connection on which a `good` one is accepted; on another one once the server has ended it.

    What is `tried` names the same things as the good one, which are those of this connection.
    """

    def __init__(self, case: Case, user: Person, event: Event) -> None:
        self._case = case
        self._user = user
        self._event = event
        self._line: Line | None = None
        self.good: Any = None
        self.tried: Sequence[Edge] = ()

    @property
    def is_open(self) -> bool:
        """Whether the connection stands."""
        return self._line is not None and self._line.is_open

    async def reach(self, *, again: bool = False) -> None:
        """Be where a good one is accepted; `again`: see that it still is. Raises Inconclusive where it is not."""
        if self.is_open and not again:
            return
        if not self.is_open:
            case = self._case
            self._line, self.good = await ready_to_send(case, self._user, self._event)
            self.tried = valid_of(case.system, self._event, self.good, case.seed, case.payloads)
        if (answer := await self.refusal(self.good)) is not None:
            after = " after another one was" if again else ""
            raise Inconclusive(
                f"a good `{self._event.name}` is refused{after}, so that another one is proves nothing: {answer}"
            )

    async def refusal(self, payload: Any) -> str | None:
        """What says that this is not taken; None where it is."""
        assert self._line is not None  # noqa: S101 - it was reached before
        mark = len(self._line.received)
        try:
            answer = await self._line.asks(self._event.name, *arguments_of(self._event, payload))
        except ContractViolation as ended:
            return str(ended)
        if answer is not None:
            return repr(answer)[:200] if is_refusal(answer) else None
        if self._line.closed is not None:
            return f"the end of the connection ({self._line.closed.reason})"
        heard = ", ".join(f"`{each.name}` {each.payload!r:.100}" for each in self._line.received[mark:][:2])
        return f"no acknowledgement{f', but {heard}' if heard else ''}"
