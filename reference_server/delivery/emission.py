"""One event on its way: its argument is written as JSON once, and framed once for every kind of door."""

from collections.abc import Callable
from typing import Any

import orjson


class Emission:
    """An event's name and argument; `framed` keeps what a transport made of them for the next recipient."""

    __slots__ = ("_frames", "name", "payload", "text")

    def __init__(self, name: str, payload: Any) -> None:
        self.name = name
        self.payload = payload
        self.text = orjson.dumps(payload).decode()
        self._frames: dict[str, bytes] = {}

    def framed(self, door: str, frame: Callable[["Emission"], bytes]) -> bytes:
        """The bytes for this kind of door, made at the first call."""
        made = self._frames.get(door)
        if made is None:
            made = self._frames[door] = frame(self)
        return made
