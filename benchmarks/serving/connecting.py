"""A crowd that connects: what each takes of the server's memory, and how many come in a second."""

from collections.abc import Iterator

from .figures import Figure, Row, rate_rows
from .stage import Effort, Sizes, Stage

__all__ = ["connecting", "connecting_rows", "offering", "offering_rows"]


def connecting(stage: Stage) -> Iterator[Figure]:
    """A crowd comes, and is that of the stage."""
    effort, memory = _entered(stage, offers=False)
    yield Figure("memory", memory, effort.client)
    yield from effort.rates("connects", stage.sizes.crowd)


def connecting_rows(sizes: Sizes) -> list[Row]:
    """What that gives."""
    return [
        Row("memory", f"kB a connection, {sizes.crowd:,} idle", digits=1),
        *rate_rows("connects", "connects/s with authentication, 64 at a time"),
    ]


def offering(stage: Stage) -> Iterator[Figure]:
    """A crowd comes that offers to compress."""
    effort, memory = _entered(stage, offers=True)
    yield Figure("memory-deflate", memory, effort.client)


def offering_rows(sizes: Sizes) -> list[Row]:
    """What that gives."""
    return [Row("memory-deflate", f"kB a connection that offers compression, {sizes.crowd:,} idle", digits=1)]


def _entered(stage: Stage, *, offers: bool) -> tuple[Effort, float]:
    """What it took to let the crowd in, and the kB that each of them takes once all is quiet."""
    stage.warm_up()
    before, effort = stage.process.memory, Effort(stage.process)
    stage.crowd = stage.enter(stage.sizes.crowd, offers=offers)
    effort.end()
    stage.client.rest(stage.sizes.settle)
    return effort, (stage.process.memory - before) / len(stage.crowd) / 1024
