"""Scenes: what is done to a server, one after the other, and which rows of the table that gives.

Each has a server of its own, which is as it was left by what came before in the scene.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from .acknowledging import acknowledging, acknowledging_rows
from .banning import banning, banning_rows
from .client import Client
from .connecting import connecting, connecting_rows, offering, offering_rows
from .contenders import People
from .figures import Figure, Row
from .process import Process
from .stage import Sizes, Stage
from .telling import room, room_rows, streams, streams_rows
from .vanishing import vanishing, vanishing_rows

__all__ = ["SCENES", "Scene", "rows"]

_SECONDS: Final = 90.0
"""For a scene."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What is done, and the rows that it gives, in their order."""

    act: Callable[[Stage], Iterator[Figure]]
    rows: Callable[[Sizes], Sequence[Row]]

    def figures(self, process: Process, people: People, sizes: Sizes) -> Iterator[Figure]:
        """Do it. Raises Failed and OSError, also behind some figures."""
        address = urlsplit(process.url)
        with Client(address.hostname or "", address.port or 0, _SECONDS) as client:
            yield from self.act(Stage(process, people, sizes, client))


def _crowd(stage: Stage) -> Iterator[Figure]:
    yield from connecting(stage)
    yield from room(stage)
    yield from vanishing(stage, "crowd")


def _crowd_rows(sizes: Sizes) -> list[Row]:
    return [*connecting_rows(sizes), *room_rows(sizes), *vanishing_rows("crowd", sizes.crowd)]


def _idle(stage: Stage) -> Iterator[Figure]:
    """The last of those who are idle are banned, and others come in their place."""
    sizes = stage.sizes
    stage.warm_up()
    for name, count in (("few", sizes.few), ("many", sizes.many)):
        stage.crowd += stage.enter(count - len(stage.crowd))
        yield from banning(stage, stage.crowd[-sizes.bans :], name)
        del stage.crowd[-sizes.bans :]
    stage.crowd += stage.enter(sizes.most - len(stage.crowd))
    yield from vanishing(stage, "most")


def _idle_rows(sizes: Sizes) -> list[Row]:
    return [
        *banning_rows("few", sizes.few),
        *banning_rows("many", sizes.many),
        *vanishing_rows("most", sizes.most),
    ]


SCENES: Final[Mapping[str, Scene]] = {
    "crowd": Scene(_crowd, _crowd_rows),
    "offering": Scene(offering, offering_rows),
    "idle": Scene(_idle, _idle_rows),
    "events": Scene(acknowledging, acknowledging_rows),
    "streams": Scene(streams, streams_rows),
}


def rows(sizes: Sizes) -> list[Row]:
    """All of them, in the order of the table."""
    return [row for scene in SCENES.values() for row in scene.rows(sizes)]
