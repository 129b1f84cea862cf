"""One event on its way: written once for every kind of door, however many stand behind it."""

from collections.abc import Callable
from typing import Any

import orjson


class Emission:
    """An event's name and argument; `framed` keeps what a transport made of them for the next recipient."""

    __slots__ = ("_frames", "name", "payload")

    def __init__(self, name: str, payload: Any) -> None:
        self.name = name
        self.payload = payload
        self._frames: dict[str, bytes] = {}

    @property
    def text(self) -> str:
        """The argument in JSON."""
        return orjson.dumps(self.payload).decode()

    def framed(self, door: str, frame: Callable[["Emission"], bytes]) -> bytes:
        """The bytes for this kind of door, made at the first call."""
        made = self._frames.get(door)
        if made is None:
            made = self._frames[door] = frame(self)
        return made
