"""A reader: how far one connection has come in the journal."""

from .emission import Emission


class Reader:
    """Of an open connection on whose channel a system replays or resumes; the numbers are places in the journal."""

    __slots__ = ("ahead", "asked", "sent", "waiting", "whole")

    def __init__(self) -> None:
        self.sent = 0
        """Everything up to here was sent to it, or is not for it."""
        self.asked: int | None = None
        """How far it had come when the last heartbeat was sent: the answer proves that all of that has arrived."""
        self.waiting: list[tuple[int, Emission]] | None = []
        """What is told while the connection is still being welcomed; None once it has been."""
        self.ahead: set[int] = set()
        """What it was welcomed with of a change that is committed and not told yet: it is not told that again."""
        self.whole = True
        """Whether it was sent all that its user may have missed: else nothing that arrives proves what came before."""
