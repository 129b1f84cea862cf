"""Somebody else on the server, who asks again and again and notes how long the longest answer took."""

import time
from math import inf
from typing import Final

from . import frames
from .client import Call, Client, Connection, Failed, Request
from .contenders import Person

__all__ = ["Witness"]

_PAUSE: Final = 0.004
_GLANCE: Final = 0.05
_PATIENCE: Final = 20.0
_ASK: Final = frames.masked('427["leave:storefront","nobody"]')


class Witness:
    """Asks by REST and by an event with an acknowledgement, each anew 4 ms after the last answer."""

    def __init__(self, client: Client, socket: Connection, call: Call, person: Person) -> None:
        self.longest = 0.0
        """The longest wait, in seconds."""
        self.late = 0.0
        """The longest that this process itself was kept from looking, in seconds: no wait is told more exactly."""
        self._client = client
        self._socket = socket
        self._call = call
        self._request = Request.of("GET", "/api/me", person.token)
        self._asked: dict[Connection, float] = {}
        """When each was asked what it has not answered."""
        self._next: dict[Connection, float] = {socket: 0.0, call.connection: 0.0}

    def watch(self, seconds: float) -> None:
        """Ask for so long, and wait for the last answers. Raises Failed where one does not come in 20 s."""
        until = time.perf_counter() + seconds
        while (now := time.perf_counter()) < until or self._asked:
            if now < until:
                self._ask(now)
            elif now - min(self._asked.values()) > _PATIENCE:
                raise Failed(f"somebody else waited for more than {_PATIENCE:.0f} s")
            wait = min(max(0.0, self._due() - now), _GLANCE) if now < until else _GLANCE
            for connection, data in self._client.poll(wait):
                self._heard(connection, data)
            self.late = max(self.late, time.perf_counter() - now - wait)

    def _due(self) -> float:
        """When the next is to be asked; those who have been are waited for."""
        return min((at for connection, at in self._next.items() if connection not in self._asked), default=inf)

    def _ask(self, now: float) -> None:
        for connection, at in self._next.items():
            if connection not in self._asked and now >= at:
                self._asked[connection] = now
                if connection is self._socket:
                    connection.send(_ASK)
                else:
                    self._call.send(self._request)

    def _heard(self, connection: Connection, data: bytes) -> None:
        if connection not in self._next:
            return
        if not data:
            raise Failed("the server ended the connection of somebody else")
        done = connection.count(data) > 0 if connection is self._socket else self._call.answered(data)
        if done:
            now = time.perf_counter()
            self.longest = max(self.longest, now - self._asked.pop(connection))
            self._next[connection] = now + _PAUSE
