"""What a swarm changed on its target and has not changed back: taken back at the end, or told in the report."""

from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterator
from time import monotonic

from eventproof.errors import EventproofError

from .greenlets import joinall, killall, spawn

__all__ = ["Changes"]

_AT_ONCE = 16
"""How many things are changed back at once."""

Left = tuple[str, str]
"""What is left of a change, of one and of several: `user is banned`, `users are banned`."""
_Change = tuple[Left, Hashable]


class Changes:
    """Kept while a swarm acts. A change is of somebody or something, and a few words say what is left of it."""

    def __init__(self) -> None:
        self._undo: dict[_Change, Callable[[], object]] = {}
        self._for_good: Counter[str] = Counter()

    def __len__(self) -> int:
        """How many things are not as they were."""
        return len(self._undo)

    def enter(self, what: Left, whose: Hashable, undo: Callable[[], object]) -> None:
        """Something is changed, or may be: nobody knows. `undo` changes that back, and clears it where it could.

        Of a second change of the same kind the first one's `undo` stays: it is what leads back.
        """
        self._undo.setdefault((what, whose), undo)

    def clear(self, what: Left, whose: Hashable) -> None:
        """It is as before."""
        self._undo.pop((what, whose), None)

    def stays(self, call: str) -> None:
        """A call changed something, and nothing changes that back."""
        self._for_good[call] += 1

    def take_back(self, *, until: float, fault: Callable[[Exception], object]) -> None:
        """Change back all that can be by then, what came last first; `fault` is told what broke in ours."""
        due = deque(reversed(self._undo.values()))
        workers = [spawn(_work, due, fault) for _ in range(min(_AT_ONCE, len(due)))]
        joinall(workers, timeout=max(until - monotonic(), 0))
        killall(workers)

    def left(self) -> Iterator[str]:
        """What is still not as it was, in sentences."""
        for what, number in Counter(what for what, _ in self._undo).items():
            yield f"left on the target: {number} {what[number != 1]}, or may be"
        if self._for_good:
            made = ", ".join(f"{call} ({number})" for call, number in sorted(self._for_good.items()))
            yield f"left on the target, as no call takes it back: what was done by {made}"


def _work(due: deque[Callable[[], object]], fault: Callable[[Exception], object]) -> None:
    while due:
        try:
            due.popleft()()
        except EventproofError:
            continue  # It stays among what is left.
        except Exception as error:
            fault(error)
