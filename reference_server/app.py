"""The composition root: services, systems and transports put together into one application."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from eventproof.catalog import Channel, Wire
from eventproof.errors import UsageError

from .accounts.tables import Accounts
from .alarms import Alarms
from .attempts import Attempts
from .clocks import Clock, Steady
from .delivery.admission import Admission
from .delivery.channels import Channels
from .delivery.conduct import Conduct
from .delivery.connections import Connections
from .delivery.courier import Courier
from .delivery.eviction import Eviction
from .delivery.incoming import Incoming
from .delivery.journal import Journal
from .delivery.slow_readers import SlowReaders
from .health import Health
from .metrics import CONTENT_TYPE, Metrics
from .passwords import Passwords
from .places import Places
from .reasons import Reason
from .refusals import contracts
from .services import Services
from .settings import Settings
from .store.database import Store
from .systems.marketplace import handlers as marketplace
from .systems.plan_sync import handlers as plan_sync
from .systems.served import Served
from .systems.shield import handlers as shield
from .systems.studyspot import handlers as studyspot
from .systems.user_state import handlers as user_state
from .tokens import Tokens, secret_for
from .transport import screens
from .transport.allowance import Fairness
from .transport.front import Front
from .transport.http import Handler, Request
from .transport.lines import Lines
from .transport.origins import Origins
from .transport.paths import ANY, READING, Paths
from .transport.reply import Reply, json_response
from .transport.rest import Rest
from .transport.routes import stream, websocket
from .transport.socketio import SocketServer

SYSTEMS: Final[Mapping[str, Callable[[Services], Served]]] = {
    "user-state": user_state.served,
    "shield": shield.served,
    "plan-sync": plan_sync.served,
    "studyspot": studyspot.served,
    "marketplace": marketplace.served,
}
"""What serves a system, one line a system; its channels follow from its contract."""

TRANSPORTS: Final[Mapping[Wire, tuple[str, ...]]] = {
    Wire.SOCKET_IO: ("websocket", "polling"),
    Wire.SSE: ("sse",),
    Wire.WEBSOCKET: ("websocket",),
}
"""What a channel of each wire runs over."""

SOCKET_IO_PATH: Final = "/socket.io/"


def build_services(settings: Settings, store: Store, conduct: Conduct, clock: Clock = time.time) -> Services:
    """Everything that the systems stand on; `clock` is the wall clock."""
    limits, accounts, metrics, channels = settings.limits, Accounts(store), Metrics(), Channels()
    places, alarms = Places(limits.max_connections), Alarms()
    connections = Connections(limits.max_rooms)
    journal = Journal(store, limits)
    eviction, slow_readers = Eviction(connections, conduct), SlowReaders(metrics)
    courier = Courier(
        store, journal, connections, channels, eviction, slow_readers, metrics, conduct, limits, Steady(clock)
    )
    tokens = Tokens(secret_for(store.path), settings.token_lifetime, limits.clock_leeway, clock)
    return Services(
        store=store,
        health=Health(store, time.monotonic),
        accounts=accounts,
        attempts=Attempts(limits, time.monotonic, metrics.met),
        passwords=Passwords(limits, metrics.met),
        tokens=tokens,
        connections=connections,
        admission=Admission(tokens, accounts, connections, conduct, channels, places, alarms, limits.call_timeout),
        channels=channels,
        courier=courier,
        eviction=eviction,
        slow_readers=slow_readers,
        journal=journal,
        incoming=Incoming(channels, courier, metrics, conduct, limits),
        metrics=metrics,
        places=places,
        alarms=alarms,
        conduct=conduct,
        test_controls=settings.test_controls,
    )


@dataclass(frozen=True, slots=True)
class Application:
    """What answers requests, and what has to be ended with it."""

    handle: Handler
    _services: Services
    _sockets: SocketServer
    _lines: Lines
    _stop_timeout: float

    async def close_connections(self) -> None:
        """Close all that began as HTTP and are it no more, in time."""
        self._sockets.close_all(Reason.GOING_AWAY)
        for connection in self._services.connections:
            connection.link.close(Reason.GOING_AWAY)
        await self._lines.ended(self._stop_timeout)

    async def close_services(self) -> None:
        """End what works beside the requests; once there are none."""
        self._services.passwords.close()
        await self._services.health.close()


def application(settings: Settings, services: Services) -> Application:
    """What serves these settings' systems. Raises ContractError where two of them cannot share."""
    paths: Paths[Handler] = Paths()
    rest = Rest(services.admission, services.conduct, settings.limits)
    for name in chosen(settings):
        system, served = contracts().system(name), SYSTEMS[name](services)
        rest.mount(paths, system, served.operations)
        services.channels.add(system, served.channels)
    channels, lines = list(services.channels), Lines()
    fairness = Fairness(settings.limits, services.metrics.met)
    sockets = _mount_channels(paths, channels, services, fairness, lines)
    _mount_probes(paths, channels, services, sockets, fairness)
    if settings.screens:
        screens.mount(paths, chosen(settings))
    origins = Origins(settings.allowed_origins, SOCKET_IO_PATH, services.conduct)
    front = Front(paths, origins, services.metrics, services.conduct)
    return Application(front.handle, services, sockets, lines, settings.stop_timeout)


def chosen(settings: Settings) -> tuple[str, ...]:
    """The systems to serve. Raises UsageError where one is unknown."""
    for name in (*settings.systems, *settings.limits.by_system):
        if name not in SYSTEMS:
            raise UsageError(f"there is no system {name!r}: choose from {', '.join(SYSTEMS)}")
    return settings.systems or tuple(SYSTEMS)


def _mount_channels(
    paths: Paths[Handler], channels: list[Channel], services: Services, fairness: Fairness, lines: Lines
) -> SocketServer:
    namespaces = dict.fromkeys(channel.address for channel in channels if channel.wire is Wire.SOCKET_IO)
    sockets = SocketServer(namespaces, services, fairness, lines)

    async def connect(request: Request) -> Reply:
        if "sid" not in request.query or request.query.get("transport") == "websocket":
            services.places.check()  # Whoever opens a session or a WebSocket comes to stay.
        return await sockets.handle(request)

    paths.add(ANY, SOCKET_IO_PATH, connect)
    for channel in channels:
        if channel.wire is Wire.SSE:
            paths.add("GET", channel.address, stream(channel, services, fairness, lines))
        elif channel.wire is Wire.WEBSOCKET:
            paths.add("GET", channel.address, websocket(channel, services, fairness, lines))
    return sockets


def _mount_probes(
    paths: Paths[Handler], channels: list[Channel], services: Services, sockets: SocketServer, fairness: Fairness
) -> None:
    services.metrics.watch(
        [(transport, channel.address) for channel in channels for transport in TRANSPORTS[channel.wire]],
        services.connections.places,
        lambda: {
            **services.connections.sizes(),
            **services.courier.sizes(),
            **sockets.sizes(),
            **fairness.sizes(),
        },
        lambda: services.places.taken,
    )

    async def healthz(_: Request) -> Reply:
        problem = await services.health.problem()
        if problem is not None:
            return json_response(503, {"status": "unavailable", "reason": problem})
        return json_response(200, {"status": "ok"})

    async def metrics(_: Request) -> Reply:
        return Reply(200, await services.metrics.text(), CONTENT_TYPE)

    for method in READING:
        paths.add(method, "/healthz", healthz)
        paths.add(method, "/metrics", metrics)
