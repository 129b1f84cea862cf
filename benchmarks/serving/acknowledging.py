"""Events of clients, each of which asks for an acknowledgement, as many as the server takes."""

import time
from collections.abc import Iterator, Sequence

from . import frames
from .client import Connection, Failed
from .figures import Figure, Row, rate_rows
from .stage import PATIENCE, Effort, Sizes, Stage

__all__ = ["acknowledging", "acknowledging_rows"]


def acknowledging(stage: Stage) -> Iterator[Figure]:
    """Some events wait for their acknowledgements at any time, on one connection, and on as many."""
    stage.warm_up()
    crowd = stage.enter(stage.sizes.outstanding)
    for name, connections in (("ack-one", crowd[:1]), ("ack-many", crowd)):
        _acknowledged(stage, connections, stage.sizes.seconds / 4)
        effort = Effort(stage.process)
        count = _acknowledged(stage, connections, stage.sizes.seconds)
        yield from effort.end().rates(name, count)


def acknowledging_rows(sizes: Sizes) -> list[Row]:
    """What that gives."""
    count = sizes.outstanding
    return [
        *rate_rows("ack-one", f"event + acknowledgement, {count} outstanding on 1 connection, /s"),
        *rate_rows("ack-many", f"event + acknowledgement, 1 outstanding on each of {count} connections, /s"),
    ]


def _acknowledged(stage: Stage, connections: Sequence[Connection], seconds: float) -> int:
    """How many acknowledgements came on all of these connections together, of what was sent for so long.

    Raises Failed where the last do not come.
    """
    client, each = stage.client, stage.sizes.outstanding // len(connections)
    events = [frames.masked(f'42{100 + number}["leave:storefront","nobody"]') for number in range(each)]
    size, ring = len(events[0]), b"".join(events * 2)
    at = dict.fromkeys(connections, 0)
    for connection in connections:
        connection.send(ring[: each * size])
    until, received, waiting = time.perf_counter() + seconds, 0, each * len(connections)
    while waiting:
        asking = time.perf_counter() < until
        if not asking and time.perf_counter() > until + PATIENCE:
            raise Failed(f"{waiting} events were not acknowledged within {PATIENCE:.0f} s")
        for connection, data in client.poll(1.0):
            if not data:
                raise Failed("the server ended a connection")
            count = connection.count(data)
            received += count
            if asking and count:
                start = at[connection]
                connection.send(ring[start * size : (start + count) * size])
                at[connection] = (start + count) % each
            else:
                waiting -= count
    return received
