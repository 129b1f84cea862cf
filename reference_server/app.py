"""The composition root: services, systems and transports put together into one aiohttp application."""

import time
from collections.abc import Callable, Mapping
from typing import Final

from aiohttp import web

from eventproof.catalog import Channel, Wire
from eventproof.errors import UsageError

from .accounts.tables import Accounts
from .conduct import Conduct
from .delivery.admission import Admission
from .delivery.channels import Channels
from .delivery.connections import Connections
from .delivery.courier import Courier
from .delivery.emit import Delivery
from .delivery.incoming import Incoming
from .delivery.journal import Journal
from .garbage import Garbage
from .metrics import CONTENT_TYPE, Metrics
from .passwords import Passwords
from .refusals import contracts
from .services import Services
from .settings import Settings
from .store.database import Store
from .systems.plan_sync import handlers as plan_sync
from .systems.served import Served
from .systems.shield import handlers as shield
from .systems.user_state import handlers as user_state
from .tokens import Tokens, secret_for
from .transport.doors import stream, websocket
from .transport.http import json_response
from .transport.limits import Limits
from .transport.rest import Rest
from .transport.socketio import SocketServer

SYSTEMS: Final[Mapping[str, Callable[[Services], Served]]] = {
    "user-state": user_state.served,
    "shield": shield.served,
    "plan-sync": plan_sync.served,
}
"""What serves a system, one line a system; its channels follow from its contract."""

TRANSPORTS: Final[Mapping[Wire, tuple[str, ...]]] = {
    Wire.SOCKET_IO: ("websocket", "polling"),
    Wire.SSE: ("sse",),
    Wire.WEBSOCKET: ("websocket",),
}
"""What a channel of each wire runs over."""

SOCKET_IO_PATH: Final = "/socket.io/"


def services(settings: Settings, store: Store, conduct: Conduct) -> Services:
    """Everything that the systems stand on."""
    accounts, connections, metrics = Accounts(store), Connections(Garbage().left), Metrics()
    channels, limits = Channels(), settings.limits
    journal = Journal(store, limits)
    courier = Courier(store, journal, connections, channels, metrics, conduct, limits, time.time)
    tokens = Tokens(secret_for(store.path), settings.token_lifetime, time.time)
    return Services(
        store=store,
        accounts=accounts,
        passwords=Passwords(),
        tokens=tokens,
        connections=connections,
        admission=Admission(tokens, accounts, connections, metrics, conduct, channels, limits.max_connections),
        channels=channels,
        delivery=Delivery(connections, channels, metrics, conduct),
        courier=courier,
        journal=journal,
        incoming=Incoming(channels, connections, courier, conduct, limits),
        metrics=metrics,
        conduct=conduct,
        test_controls=settings.test_controls,
    )


def application(settings: Settings, made: Services) -> web.Application:
    """The application that serves these settings' systems."""
    rest = Rest(made.admission, made.metrics, made.conduct, settings.limits)
    app = web.Application(middlewares=[rest.border])
    for name in chosen(settings):
        system, served = contracts().system(name), SYSTEMS[name](made)
        rest.mount(app, system, served.operations)
        made.channels.add(system, served.manners)
    channels = list(made.channels)
    sockets = _mount_channels(app, channels, made, settings.limits)
    _mount_probes(app, channels, made, sockets)

    async def say_goodbye(_: web.Application) -> None:
        # No DISCONNECT: to clients it means "do not come back", and they should, to the next server.
        sockets.eio.close_all("going away")
        for connection in made.connections:
            connection.link.close("going away")

    async def let_go(_: web.Application) -> None:
        made.passwords.close()

    app.on_shutdown.append(say_goodbye)
    app.on_cleanup.append(let_go)
    return app


def chosen(settings: Settings) -> tuple[str, ...]:
    """The systems to serve. Raises UsageError where one is unknown."""
    for name in settings.systems:
        if name not in SYSTEMS:
            raise UsageError(f"there is no system {name!r}: choose from {', '.join(SYSTEMS)}")
    return settings.systems or tuple(SYSTEMS)


def _mount_channels(app: web.Application, channels: list[Channel], made: Services, limits: Limits) -> SocketServer:
    namespaces = dict.fromkeys(channel.address for channel in channels if channel.wire is Wire.SOCKET_IO)
    sockets = SocketServer(namespaces, made, limits)
    app.router.add_route("*", SOCKET_IO_PATH, sockets.eio.handle_request)
    for channel in channels:
        if channel.wire is Wire.SSE:
            app.router.add_route("GET", channel.address, stream(channel, made, limits))
        elif channel.wire is Wire.WEBSOCKET:
            app.router.add_route("GET", channel.address, websocket(channel.address, made, limits))
    return sockets


def _mount_probes(app: web.Application, channels: list[Channel], made: Services, sockets: SocketServer) -> None:
    made.metrics.watch(
        [(transport, channel.address) for channel in channels for transport in TRANSPORTS[channel.wire]],
        made.connections.places,
        lambda: {
            "connections": len(made.connections),
            "rooms": made.connections.rooms,
            **made.courier.sizes(),
            **sockets.sizes(),
        },
    )

    async def healthz(_: web.Request) -> web.Response:
        await made.accounts.find("")
        return json_response(200, {"status": "ok"})

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=made.metrics.text(), headers={"Content-Type": CONTENT_TYPE})

    app.router.add_route("GET", "/healthz", healthz)
    app.router.add_route("GET", "/metrics", metrics)
