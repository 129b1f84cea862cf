"""The channels of a target: `[socketio]`, `[channels]` and `[[other_channels]]` of a profile -> `Endpoint`s.

A channel is as its system's contract has it, where the profile does not say otherwise.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from . import templates, wellformed
from .catalog import Catalog, Channel, System, Wire
from .errors import UsageError
from .settings import Table, nearest
from .target import CARRIED, Endpoint, Rest, SocketIO, Transport

__all__ = ["of_systems", "others", "socketio", "undocumented"]

_KINDS: Final = {"socketio": Wire.SOCKET_IO, "sse": Wire.SSE, "websocket": Wire.WEBSOCKET}


def socketio(table: Table) -> SocketIO:
    """What all connections of Socket.IO have in common."""
    default = SocketIO()
    auth, headers, query = _presented(table, default.auth, default.headers, default.query)
    result = SocketIO(_socketio_path(table, default.path), _transports(table, default.transports), auth, headers, query)
    table.finish()
    return result


def _socketio_path(table: Table, default: str) -> str:
    """With a slash at its end, as the clients of Socket.IO have it, unless `trailing_slash` is false."""
    path = table.text("path", default)
    plain = f"/{path.strip('/')}"
    if "?" in path:
        table.fail("path", f'has a query, which goes under query = {{ name = "value" }}, not into "{path}"')
    if path and plain == "/":
        table.fail("path", 'must be a path such as "/socket.io/", not "/": a namespace goes under [channels]')
    table.check("path", wellformed.path(plain if path else path))
    if "{" in path:
        table.fail("path", f'cannot have {{names}} in it, as "{path}" has')
    return plain + "/" if table.flag("trailing_slash", True) else plain


def _presented(
    table: Table, auth: Any, headers: Mapping[str, str], query: Mapping[str, str]
) -> tuple[Any, dict[str, str], dict[str, str]]:
    """What a connection presents: in CONNECT, in the headers of its requests, in their query."""
    found = table.template("auth", auth)
    result = found, table.headers("headers", headers), table.strings("query", query, '{ tenant = "acme" }')
    for name in result[1]:
        if name.lower() in _OUR_OWN:
            table.fail("headers", f'cannot set "{name}", which every connection sets for itself')
    for name in result[2]:
        if name.lower() in _OUR_QUERY:
            table.fail("query", f'cannot set "{name}", which the protocol sets for itself')
    for key, value in zip(("auth", "headers", "query"), result, strict=True):
        table.check(key, templates.unknown(value, {"token"}))
    return result


_OUR_OWN = frozenset(
    {"host", "connection", "upgrade", "content-length", "transfer-encoding", "sec-websocket-key"}
    | {"sec-websocket-version", "sec-websocket-extensions", "sec-websocket-protocol", "sec-websocket-accept"}
)
_OUR_QUERY = frozenset({"eio", "transport", "sid"})


def _transports(table: Table, default: tuple[Transport, ...]) -> tuple[Transport, ...]:
    names, known = table.texts("transports", default), CARRIED[Wire.SOCKET_IO]
    if not names:
        table.fail("transports", f"names none; there are {', '.join(known)}")
    for name in names:
        if name not in known:
            table.fail("transports", f'must be among {", ".join(known)}, not "{name}"{nearest(name, set(known))}')
    table.check("transports", wellformed.repeated(names))
    return tuple(map(Transport, names))


def of_systems(
    table: Table, systems: Iterable[System], socketio: SocketIO, rest: Rest, catalog: Catalog
) -> dict[tuple[str, str], Endpoint]:
    """The channels of each system, by its name and theirs, as its contract has them or as `[channels]` says.

    `[channels.SYSTEM]` is the main one, the first of its contract; `[channels.SYSTEM.NAME]` is a further one, and with
    `NAME = false` the target has none. One that is only a further way to what the main one carries is there where the
    profile names it.
    """
    for name in table.names():
        if name not in catalog.systems:
            hint = nearest(name, catalog.systems)
            raise UsageError(f'{table.file}: [channels] names "{name}", which is no system{hint}')
    result = {}
    for system in systems:
        entry = table.table(system.name)
        main, *further = system.channels
        result[system.name, main.name] = _one(entry, main, socketio, rest)
        for channel in further:
            if not entry.denies(channel.name) and (channel.name in entry or _has_its_own(channel, system)):
                own = entry.table(channel.name)
                result[system.name, channel.name] = _one(own, channel, socketio, rest)
                own.finish()
        entry.finish()
    return result


def undocumented(table: Table, name: str, socketio: SocketIO, rest: Rest) -> tuple[Channel, Endpoint]:
    """A channel that no document describes, as the profile gives it.

    Where the query presents the token, the headers of `[rest]` do not present it as well.
    """
    wire = _KINDS[table.choice("kind", tuple(_KINDS))]
    address = table.text("address", "/") if wire is Wire.SOCKET_IO else table.text("address")
    if templates.PLACEHOLDER.search(address):
        shown = 'query = { token = "{token}" }, by the name of your parameter'
        table.fail("address", f"must be an address as it is, without {{names}}; a token in it is written as {shown}")
    in_query = "token" in templates.names(table.template("query", {}))
    channel = Channel(name, wire, address)
    endpoint = _one(table, channel, socketio, replace(rest, headers={}) if in_query else rest)
    if not endpoint.presents_token:
        table.fail(
            "headers", f"and all else that the channel {name} is asked with lack {{token}}: whose session is it?"
        )
    table.finish()
    return channel, endpoint


def _has_its_own(channel: Channel, system: System) -> bool:
    """Whether a further channel is about one thing, or carries what the main one does not."""
    alone = (event for event in system.events if system.channels[0] not in event.channels)
    return bool(channel.parameters) or any(channel in event.channels for event in alone)


def _one(entry: Table, channel: Channel, socketio: SocketIO, rest: Rest) -> Endpoint:
    """What `[socketio]` says of CONNECT is for the channels whose contract asks for nothing else than a token."""
    address = entry.text("address", channel.address)
    entry.check("address", templates.unknown(address, set(channel.parameters)))
    if channel.wire is Wire.SOCKET_IO:
        usual = socketio.auth if channel.auth == SocketIO().auth else channel.auth
        if not entry.denies("name_at") and "name_at" in entry:
            entry.fail("name_at", "is for streams and native WebSockets: an event of Socket.IO has its name beside it")
        entry.check("address", wellformed.namespace(address))
        auth, headers, query = _presented(entry, usual, socketio.headers, socketio.query)
        transports = _transports(entry, socketio.transports)
        return Endpoint(channel.wire, channel.address, address, transports, auth, headers, query)
    for key in ("auth", "transports"):
        if not entry.denies(key) and key in entry:
            entry.fail(key, f"is for Socket.IO, and the channel {channel.name} is none")
    entry.check("address", wellformed.path(address, query=True))
    _, headers, query = _presented(entry, None, rest.headers, {})
    name_at = _name_at(entry, channel.name_at)
    return Endpoint(channel.wire, channel.address, address, CARRIED[channel.wire], None, headers, query, name_at)


def _name_at(table: Table, default: str | None) -> str | None:
    """A JSON pointer into the message; `name_at = false`: the name is where the wire has it."""
    if table.denies("name_at") or ("name_at" not in table and default is None):
        return None
    place = table.text("name_at", default)
    table.check("name_at", wellformed.pointer(place))
    return place


def others(
    tables: Iterable[Table], systems: Iterable[System], known: Iterable[Endpoint], socketio: SocketIO, rest: Rest
) -> tuple[Endpoint, ...]:
    """The further channels of the same sessions; `known` are the channels of the systems."""
    contracts, there = tuple(systems), tuple(known)
    return tuple(_other(table, contracts, there, socketio, rest) for table in tables)


def _other(
    table: Table, systems: tuple[System, ...], known: tuple[Endpoint, ...], socketio: SocketIO, rest: Rest
) -> Endpoint:
    wire = _KINDS[table.choice("kind", tuple(_KINDS))]
    address = table.text("address")
    table.check("address", _misplaced(wire, address))
    usual = "auth" if wire is Wire.SOCKET_IO else "header"
    token = table.choice("token", ("auth", "header", "query"), usual)
    parameter = table.text("parameter", "token")
    if token == "auth" and wire is not Wire.SOCKET_IO:
        table.fail("token", 'can be "auth" only where kind is "socketio"')
    if not parameter.strip():
        table.fail("parameter", "is empty")
    table.finish()
    there = next((one for one in known if (one.wire, one.address) == (wire, address)), None)
    shared = there or (socketio if wire is Wire.SOCKET_IO else None)
    channel = _known(wire, address, systems)
    return Endpoint(
        wire=wire,
        known_as=there.known_as if there else channel.address if channel else address,
        address=address,
        transports=shared.transports if shared else CARRIED[wire],
        auth=shared.auth if shared and token == "auth" else None,
        headers={**(shared.headers if shared else {}), **(rest.headers if token == "header" else {})},
        query={**(shared.query if shared else {}), **({parameter: "{token}"} if token == "query" else {})},
        name_at=channel.name_at if channel else None,
    )


def _misplaced(wire: Wire, address: str) -> str:
    return wellformed.namespace(address) if wire is Wire.SOCKET_IO else wellformed.path(address, query=True)


def _known(wire: Wire, address: str, systems: tuple[System, ...]) -> Channel | None:
    """The channel of the catalogue that this is: the one at its address, or the first further one of its wire."""
    first = [system.channels[0] for system in systems]
    further = [known for system in systems for known in system.channels[1:]]
    alike = [known for known in (*further, *first) if known.wire is wire]
    return next((known for known in alike if known.address == address), alike[0] if alike else None)
