"""What the server counts, for Prometheus. Gauges are read from the registries at the moment they are asked for."""

import asyncio
import resource
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from time import monotonic, thread_time
from typing import Final

from prometheus_client import CollectorRegistry, Counter, disable_created_metrics, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

Place = tuple[str, str]
"""A transport, and a channel."""
Sizes = Mapping[str, int]
_CHEAP: Final = 0.005
"""Seconds of work that anybody may ask for again and again."""
_REST: Final = 20
"""Where counting took longer, nobody counts again for so many times as long: only a part of the time goes into it."""
_STATM: Final = Path("/proc/self/statm")
_PAGE: Final = resource.getpagesize()
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


disable_created_metrics()  # type: ignore[no-untyped-call]  # it has no annotations


class Metrics:
    """The counters, and one registry of its own, so that two servers in one process do not mix.

    `clock` gives seconds that never go back, `worked` those that this thread has worked.
    """

    def __init__(self, clock: Callable[[], float] = monotonic, worked: Callable[[], float] = thread_time) -> None:
        self._clock = clock
        self._worked = worked
        self._rests_until = clock()
        self._counting: asyncio.Task[bytes] | None = None
        """What counts when the rest is over, for whoever asks by then."""
        self.registry = CollectorRegistry(auto_describe=False)
        self._sent = Counter(
            "eventproof_events_sent", "Events handed to connections.", ["event"], registry=self.registry
        )
        self._bans = Counter("eventproof_bans", "Users banned.", registry=self.registry)
        self._refusals = Counter(
            "eventproof_refusals", "Calls, connections and events refused.", ["channel", "code"], registry=self.registry
        )
        self._cut = Counter(
            "eventproof_slow_readers_cut", "Connections cut because they did not read.", registry=self.registry
        )

        self._met = Counter(
            "eventproof_limits_met",
            "Clients closed, put off or left outside as they met a limit, by its name in `serve --limits`.",
            ["limit"],
            registry=self.registry,
        )

    def sent(self, event: str, recipients: int) -> None:
        """One event went to so many connections."""
        self._sent.labels(event).inc(recipients)

    def banned(self) -> None:
        """A ban was carried out."""
        self._bans.inc()

    def refused(self, channel: str, code: str) -> None:
        """A call (`rest`), a connection (its channel), or an event on it was refused."""
        self._refusals.labels(channel, code).inc()

    def cut(self) -> None:
        """A reader was too slow."""
        self._cut.inc()

    def met(self, limit: str) -> None:
        """A client was closed, put off or left outside as it met this limit; the name is one of the table's."""
        self._met.labels(limit).inc()

    def watch(
        self,
        places: Iterable[Place],
        taken: Callable[[], Tally[Place]],
        sizes: Callable[[], Sizes],
        sockets: Callable[[], int],
    ) -> None:
        """Gauges: connections by place, the size of whatever else is kept for a connection, and open sockets."""
        self.registry.register(_Live(tuple(places), taken, sizes, sockets))

    async def text(self) -> bytes:
        """All of it in Prometheus's text format, counted after it was asked for; who asks meanwhile gets the same."""
        if self._counting is None:
            self._counting = asyncio.create_task(self._count())
        return await asyncio.shield(self._counting)

    async def _count(self) -> bytes:
        await asyncio.sleep(self._rests_until - self._clock())
        self._counting = None
        began = self._worked()
        text = generate_latest(self.registry)
        took = self._worked() - began
        self._rests_until = self._clock() + (took * _REST if took > _CHEAP else 0.0)
        return text


class _Live(Collector):
    def __init__(
        self,
        places: tuple[Place, ...],
        taken: Callable[[], Tally[Place]],
        sizes: Callable[[], Sizes],
        sockets: Callable[[], int],
    ) -> None:
        self._places = places
        self._taken = taken
        self._sizes = sizes
        self._sockets = sockets

    def collect(self) -> Iterable[Metric]:
        connections = GaugeMetricFamily(
            "eventproof_connections", "Connections of users.", labels=["transport", "channel"]
        )
        taken = self._taken()
        for place in self._places:
            connections.add_metric(place, taken[place])
        yield connections
        registered = GaugeMetricFamily("eventproof_registered", "Entries kept for connections.", labels=["registry"])
        for name, size in self._sizes().items():
            registered.add_metric([name], size)
        yield registered
        yield GaugeMetricFamily("eventproof_sockets", "Connections of every kind, HTTP too.", self._sockets())
        if (held := _resident()) is not None:
            yield GaugeMetricFamily("process_resident_memory_bytes", "Memory that this process holds.", held)


def _resident() -> int | None:
    """The bytes that the system keeps for this process; None where it does not tell.

    Not by prometheus-client's collector: it lists every open file for that, which are as many as there are connections.
    """
    try:
        return int(_STATM.read_text().split()[1]) * _PAGE
    except (OSError, LookupError, ValueError):
        return None
