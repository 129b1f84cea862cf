"""Walks through the steps of a swarm in one process: tells the books which one it is, and sees when all are there."""

from time import monotonic
from typing import TYPE_CHECKING

from .greenlets import sleep
from .steps import Stairs, name_of
from .target_memory import TargetMemory

if TYPE_CHECKING:
    from .generator import Generator

__all__ = ["Staircase"]

_GLANCE = 0.02


class Staircase:
    """That of one process. `stairs` are those of its users."""

    def __init__(self, generator: "Generator") -> None:
        self._generator = generator

    def walk(self, stairs: Stairs) -> None:
        """Begin with the first step now, before anybody comes in, and go on from there."""
        self._generator.books.begin_step(name_of(0))
        self._generator.spawn(self._walk, stairs)

    def _walk(self, stairs: Stairs) -> None:
        generator, memory = self._generator, self._generator.one(TargetMemory)
        while (began := generator.lobby.began) is None:
            sleep(_GLANCE)
        for step in range(stairs.steps):
            if step:
                generator.books.begin_step(name_of(step))
            begins, ends = began + step * stairs.seconds, began + (step + 1) * stairs.seconds
            self._await_all(begins, ends, stairs.own(step + 1))
            generator.stopping.wait(max(ends - monotonic(), 0))
            memory.enter_step()
            if generator.stopping.is_set():
                return

    def _await_all(self, began: float, until: float, users: int) -> None:
        """Wait for so many to be connected, and enter how long that took; Locust may have given the last to others."""
        generator = self._generator
        while len(generator.connected) < (min(users, generator.entered) if generator.is_complete else users):
            if monotonic() > until or generator.stopping.is_set():
                return
            sleep(_GLANCE)
        generator.books.record("filled", monotonic() - began)
