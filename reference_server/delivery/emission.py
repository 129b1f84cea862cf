"""One event on its way: written once for every kind of channel, however many connections are on it."""

from collections.abc import Callable
from typing import Any

import orjson


class Emission:
    """An event's name, and its argument in JSON; `framed` keeps what a transport made of them for the next reader."""

    __slots__ = ("_frames", "name", "seq", "text")

    def __init__(self, name: str, payload: Any, seq: int | None = None) -> None:
        self.name = name
        self.seq = seq
        """Its place in the journal, where it has one."""
        self.text = orjson.dumps(payload).decode()
        self._frames: dict[str, bytes] = {}

    @classmethod
    def written(cls, name: str, text: str, seq: int | None = None) -> "Emission":
        """One whose argument is JSON already."""
        emission = cls.__new__(cls)
        emission.name, emission.text, emission.seq, emission._frames = name, text, seq, {}
        return emission

    @property
    def empty(self) -> bool:
        """Whether it has no argument: null stands for none."""
        return self.text == "null"

    def framed(self, kind: str, frame: Callable[["Emission"], bytes]) -> bytes:
        """The bytes for this kind of channel, made at the first call."""
        made = self._frames.get(kind)
        if made is None:
            made = self._frames[kind] = frame(self)
        return made
