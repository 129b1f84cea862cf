"""A library of a swarm is opened by its owner, and closed at the end; all students are told of it."""

from datetime import UTC, datetime
from functools import partial
from secrets import token_hex
from time import monotonic
from typing import Final

from eventproof import actions
from eventproof.load.actor import Actor
from eventproof.load.calls import CallAnswer, said

from .hall import hall_of
from .library import RushedLibrary

__all__ = ["opened"]

_LIBRARY_LEFT: Final = ("library of ours is still there", "libraries of ours are still there")
_ADDRESS: Final = "1 Swarm Street"


def opened(owner: Actor, seats: int) -> RushedLibrary:
    """A new library with so many seats. Raises TargetUnavailable or ContractViolation where there is none."""
    generator = owner.generator
    hall, library, called = hall_of(generator), None, monotonic()
    hall.begins_creating()
    try:
        name = f"Library {token_hex(6)} of a swarm"
        asked = {"name": name, "address": _ADDRESS, "seatCount": seats, "hourly": 50}
        says = said(generator.target.operations["createLibrary"], owner.must("createLibrary", asked))
        library_id = str(says["libraryId"])
        generator.books.changes.enter(_LIBRARY_LEFT, library_id, partial(_close, owner, library_id))
        library = RushedLibrary(library_id, _seats(owner, library_id), datetime.now(UTC))
        number = next(hall.steps)
        effects = owner.caused("createLibrary", asked, says, number)
        generator.moved(effects.cause, asked=called)
        effects.expect(at=called, called=called, step=number)
    finally:
        hall.created(library)
    return library


def _seats(owner: Actor, library_id: str) -> list[str]:
    answer = owner.must("listSeats", {"libraryId": library_id})
    places = owner.generator.target.operations["listSeats"].answers
    listed = actions.at(answer.body, places.get("seats", "/data"))
    return [str(actions.at(seat, places.get("seatId", "/id"))) for seat in listed]


def _close(owner: Actor, library_id: str) -> CallAnswer:
    answer = owner.perform("deleteLibrary", {"libraryId": library_id})
    if answer.done:
        owner.generator.books.changes.clear(_LIBRARY_LEFT, library_id)
    return answer
