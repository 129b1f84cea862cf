"""Which fields of a refused payload are told."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from eventproof import catalog
from eventproof.catalog.schema import Schema
from eventproof.conform.accepting import Refused, _shrunk
from eventproof.variants import Edge

SCHEMA = {"type": "object", "properties": {name: {"type": "integer"} for name in "abcd"}, "required": ["a"]}
EVENT = replace(
    next(event for system in catalog.load().systems.values() for event in system.events),
    schema=SCHEMA,
    _validator=Schema(SCHEMA),
)
GOOD = {"a": 1, "b": 1}


class Server:
    """Refuses each payload in which one of these fields is above 5, and lets go after so many."""

    def __init__(self, refused: str, patience: int) -> None:
        self.good = GOOD
        self._refused = refused
        self._patience = patience

    @property
    def is_open(self) -> bool:
        return self._patience > 0

    async def refusal(self, payload: Any) -> str | None:
        self._patience -= 1
        return "no" if any(payload.get(name, 0) > 5 for name in self._refused) else None


@pytest.mark.parametrize(
    ("refused", "patience", "left"),
    [
        ("b", 9, {"a": 1, "b": 9}),
        ("c", 9, {"a": 1, "b": 1, "c": 9}),
        ("ac", 9, {"a": 1, "b": 1, "c": 9}),
        ("c", 1, {"a": 1, "b": 9, "c": 9, "d": 9}),
    ],
)
def test_all_fields_but_those_that_have_it_refused_are_put_back(refused: str, patience: int, left: Any) -> None:
    payload = dict.fromkeys("abcd", 9)
    found = asyncio.run(_shrunk(Server(refused, patience), EVENT, Refused(Edge("", payload), "no")))
    assert found.edge.payload == left
    assert found.edge.said.startswith("/" + next(name for name in left if left[name] == 9))
