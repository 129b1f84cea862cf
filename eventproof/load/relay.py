"""What the processes of a swarm cause at each other's users, told by way of the master.

Whoever acts and whoever hears of it need not be in one process. So a call that concerns more than the users of its own
process is told to the others, who enter it in their ledgers as if they had made it. Its times go on the master's clock,
and each process knows how far that is from its own (`clock.py`). A cause is entered earlier by what may be wrong with
that: so no receipt seems to come before its cause, and a latency across processes is never shorter than it was.
"""

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Mapping
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from eventproof.catalog import Cause, of_user
from eventproof.redaction import names_a_secret

from .call_effects import CallEffects
from .clock import Clock, RoundTrip
from .greenlets import sleep
from .messages import CAUSE, CLOCK, POINT

if TYPE_CHECKING:
    from .generator import Generator

__all__ = ["Relay"]

_AT_FIRST, _QUICKLY, _SLOWLY = 10, 0.05, 2.0
"""So many round trips in a row, so many seconds apart; and then."""
_ENOUGH: Final = 5
"""By so many round trips a clock is known: one alone may have met a process that was just busy."""
_MOST_WAITING: Final = 10_000
_MOST_KNOWN: Final = 100_000
_OWN: Final = of_user("")
_PLAIN = (str, int, float, bool, type(None))


class Relay:
    """That of one process, number `index`. `send` gives the master a message of a kind."""

    def __init__(self, index: int, send: Callable[[str, Any], object]) -> None:
        self.clock = Clock()
        self.worst = 0.0
        """The highest uncertainty of a cause that was entered here."""
        self._index = index
        self._send = send
        self._generators: Mapping[str, Generator] = {}
        self._reached: dict[str, set[str]] = {}
        """By point of the end: the systems that are there in this process."""
        self._reached_by_all: set[str] = set()
        self._waiting: deque[tuple[Callable[..., object], tuple[Any, ...]]] = deque()
        """What is told and heard before the master's clock is known."""
        self._known: set[Hashable] = set()
        """What the others' causes were about."""

    def serve(self, generators: Iterable["Generator"]) -> None:
        """These are the generators of this process, one a system; only where a ledger has patience is anything told."""
        self._generators = {generator.system.name: generator for generator in generators if generator.patience}
        for generator in self._generators.values():
            generator.relay = self

    def compare_clocks(self) -> None:
        """Ask the master what time it is, again and again."""
        for number in range(2**63):
            self._send(CLOCK, {"sent": monotonic()})
            sleep(_QUICKLY if number < _AT_FIRST else _SLOWLY)

    def told_time(self, answer: Mapping[str, float]) -> None:
        """The master's answer; what waited for it is done."""
        self.clock.enter(RoundTrip(**answer, returned=monotonic()))
        while self._waiting and len(self.clock) >= _ENOUGH:
            function, arguments = self._waiting.popleft()
            function(*arguments)

    def note(self) -> str:
        """What a reader must know of the clock here; empty where it is the master's."""
        offset = self.clock.offset(monotonic())
        if offset is None or not self.worst or abs(offset.seconds) <= offset.uncertainty:
            return ""
        ahead = "behind" if offset.seconds > 0 else "ahead of"
        return (
            f"the clock of worker {self._index + 1} is {abs(offset.seconds):.6f} s {ahead} the master's, give or take "
            f"{offset.uncertainty * 1e3:.3f} ms; what crosses between processes is corrected by that"
        )

    def knows(self, subject: Hashable) -> bool:
        """Whether another process told of something about that."""
        return str(subject) in self._known

    def tell(self, effects: CallEffects, what: str, times: Mapping[str, float], **more: Any) -> None:
        """Tell the others of a call made here, where it concerns them. `times` are by the clock of this process."""
        generator = effects.generator
        if generator.system.name in self._generators and _concerns_others(effects):
            self._once_known(self._tell, effects, what, times, more)

    def hear(self, message: Mapping[str, Any]) -> None:
        """Enter what another process caused."""
        self._once_known(self._hear, message)

    def reaches(self, point: str, system: str) -> bool:
        """The part of a system here is at this point of its end; whether all processes are."""
        reached = self._reached.setdefault(point, set())
        if system in self._generators and system not in reached:
            reached.add(system)
            if reached == self._generators.keys():
                self._send(POINT, {"point": point})
        return point in self._reached_by_all

    def all_reach(self, point: str) -> None:
        """All processes are at this point of the end."""
        self._reached_by_all.add(point)

    def _once_known(self, function: Callable[..., object], *arguments: Any) -> None:
        if len(self.clock) >= _ENOUGH and not self._waiting:
            function(*arguments)
        elif len(self._waiting) < _MOST_WAITING:
            self._waiting.append((function, arguments))
        else:
            for generator in self._generators.values():
                generator.books.count("overflowed")

    def _tell(self, effects: CallEffects, what: str, times: Mapping[str, float], more: Mapping[str, Any]) -> None:
        offset = self.clock.offset(monotonic())
        assert offset is not None  # noqa: S101 - it is known once
        cause = effects.cause
        message = {
            "system": effects.generator.system.name,
            "what": what,
            "name": f"{effects.name} of worker {self._index + 1}",
            "operation": cause.operation,
            "caller": cause.caller,
            "parameters": _told(cause.parameters),
            "says": _told(cause.says),
            "of_thing": _told(cause.of_thing),
            "times": {name: at + offset.seconds for name, at in times.items()},
            "uncertainty": offset.uncertainty,
            "more": {name: list(value) if name == "also" else value for name, value in more.items()},
        }
        self._send(CAUSE, message)

    def _hear(self, message: Mapping[str, Any]) -> None:
        generator, offset = self._generators.get(message["system"]), self.clock.offset(monotonic())
        if generator is None or offset is None:
            return
        cause = Cause(
            message["operation"], message["parameters"], message["caller"], message["says"], message["of_thing"]
        )
        effects = CallEffects(generator, cause, message["name"], is_of_others=True)
        for subject in effects.subjects():
            if len(self._known) < _MOST_KNOWN:
                self._known.add(subject)
        uncertainty = message["uncertainty"] + offset.uncertainty
        times = {name: at - offset.seconds - uncertainty for name, at in message["times"].items()}
        match message["what"]:
            case "expect":
                self.worst = max(self.worst, uncertainty)
                effects.expect(**times, **message["more"])
            case "withdraw":
                effects.withdraw()
            case "permit":
                effects.permit()


def _concerns_others(effects: CallEffects) -> bool:
    """Whether anybody may hear of it beside those who are users of one process alone."""
    return any(not room.startswith(_OWN) for room in effects.rooms())


def _told(values: Mapping[str, Any]) -> dict[str, Any]:
    """What another process needs of these: ids and plain values, and no secrets."""
    return {
        name: value for name, value in values.items() if isinstance(value, _PLAIN) and not names_a_secret(str(name))
    }
