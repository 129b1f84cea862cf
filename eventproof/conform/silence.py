"""Whether a system's canaries still arrive: one that is lost proves nothing, two in a row that none will."""

from eventproof.errors import Inconclusive

__all__ = ["Silence"]

_ENOUGH = 2


class Silence:
    """Counts the canaries that were lost one after another; every case that would wait for one asks first.

    `judged_by` are the requirements by which the loss of one is judged.
    """

    def __init__(self, *judged_by: str) -> None:
        self._judged_by = judged_by
        self._missed = 0
        self._why = ""

    def check(self) -> None:
        """Raise Inconclusive where nobody needs to wait for another canary in this run."""
        if self._missed >= _ENOUGH:
            why = f"{self._why}; {_ENOUGH} of them in a row were lost, and no more are sent in this run"
            raise Inconclusive(why, waits_for=self._judged_by)

    def broken(self) -> None:
        """A canary arrived."""
        self._missed = 0

    def missed(self, why: str) -> Inconclusive:
        """A canary was lost: the exception that says why."""
        self._missed, self._why = self._missed + 1, why
        return Inconclusive(why, waits_for=self._judged_by)
