"""eventproof.toml -> frozen Target. Unknown keys, wrong types and missing secrets are UsageErrors that name the key.

A profile states only where a server differs from our OpenAPI documents: every operation not mentioned in it is
taken from there. A table under `[environments.NAME]` overrides the rest of the file key by key.
"""

import os
import shutil
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal

from . import catalog as contracts
from . import identities, operations, profile_schema, templates, textfile, wellformed
from .catalog import Catalog, System, Wire
from .errors import UsageError
from .refusal import LIMITED
from .settings import Table, nearest
from .target import (
    Budgets,
    Call,
    ChannelKind,
    Command,
    Entitlement,
    MainChannel,
    Metrics,
    MetricsFormat,
    OtherChannel,
    Rest,
    SocketIO,
    Target,
    Tier,
    TokenPlace,
    Transport,
)

__all__ = ["DEFAULT", "for_url", "found", "load", "template"]

DEFAULT = Path("eventproof.toml")
"""The profile that is read where none is named."""

_TEMPLATE = Path(__file__).with_name("profile.template.toml")
_TIERS = (
    Tier("free", "Free"),
    Tier("basic", "Basic", Entitlement("useFeature", {"feature": "reports"})),
    Tier("premium", "Premium", Entitlement("useFeature", {"feature": "insights"})),
)


def template() -> str:
    """A commented profile to fill in, as `eventproof init` writes it; it loads as it is."""
    return _TEMPLATE.read_text(encoding="utf-8")


def found(start: Path | None = None) -> Path | None:
    """The profile that is meant where none is named: here, or in a folder above, up to the repository's root.

    Outside of a repository it is looked for in `start` (the working folder by default) alone.
    """
    here = Path.cwd() if start is None else start.absolute()
    root = next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here)
    for folder in (here, *here.parents):
        if (folder / DEFAULT).is_file():
            return Path(os.path.relpath(folder / DEFAULT))
        if folder == root:
            break
    return None


def load(
    path: str | Path = DEFAULT,
    environment: str | None = None,
    env: Mapping[str, str] | None = None,
    catalog: Catalog | None = None,
) -> Target:
    """Read a profile; `environment` names one of its `[environments]`, `env` are the variables (ours by default)."""
    path = Path(path)
    variables = os.environ if env is None else env
    root = Table(_merged(_parsed(path), environment, path), str(path), variables)
    return _target(root, path, environment, catalog or contracts.load())


def for_url(
    url: str, env: Mapping[str, str] | None = None, catalog: Catalog | None = None, source: str | None = None
) -> Target:
    """The target at a bare URL, with the identities that the environment gives.

    `EVENTPROOF_CREDENTIALS` names a file of them (NDJSON, as `eventproof serve --credentials` writes it); or
    `EVENTPROOF_ADMIN_EMAIL` (or `_TOKEN`), `EVENTPROOF_ADMIN_PASSWORD`, `EVENTPROOF_USER_EMAILS` (separated by
    commas) and `EVENTPROOF_USER_PASSWORD`. `Target.require_identities` tells what is missing.
    """
    variables = os.environ if env is None else env
    given: dict[str, Any] = {}
    if file := variables.get("EVENTPROOF_CREDENTIALS"):
        given["file"] = str(Path(file).absolute())
    admin = {
        "email": variables.get("EVENTPROOF_ADMIN_EMAIL"),
        "password": variables.get("EVENTPROOF_ADMIN_PASSWORD"),
        "token": variables.get("EVENTPROOF_ADMIN_TOKEN"),
    }
    if any(admin.values()):
        given["admins"] = [{key: value for key, value in admin.items() if value}]
    if emails := [email.strip() for email in variables.get("EVENTPROOF_USER_EMAILS", "").split(",") if email.strip()]:
        password = variables.get("EVENTPROOF_USER_PASSWORD")
        shared = {} if password is None else {"password": password}
        given["users"] = [{"email": email, **shared} for email in emails]
    known = catalog or contracts.load()
    values = {"base_url": url, "systems": sorted(known.systems), "identities": given}
    return _target(Table(values, source or wellformed.masked(url), variables), None, None, known)


def _parsed(path: Path) -> dict[str, Any]:
    if not path.exists():
        raise UsageError(f"{path}: there is no such profile; `eventproof init` writes one to fill in")
    try:
        return tomllib.loads(textfile.read(path, "the profile"))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: this is not TOML: {error}") from None
    except RecursionError:
        raise UsageError(f"{path}: the profile is nested too deep to be read") from None


def _merged(values: dict[str, Any], environment: str | None, path: Path) -> dict[str, Any]:
    environments = values.pop("environments", {})
    if not isinstance(environments, dict) or not all(isinstance(inner, dict) for inner in environments.values()):
        raise UsageError(f'{path}: "environments" must hold tables, such as [environments.staging]')
    for name, inner in environments.items():
        for key in inner:
            if key not in profile_schema.top() and key not in values:
                raise UsageError(
                    f'{path}: unknown key "{key}" in [environments.{name}]{nearest(key, profile_schema.top())}'
                )
    if environment is None:
        return values
    if environment not in environments:
        known = ", ".join(environments) or "none"
        raise UsageError(f"{path}: there is no [environments.{environment}]; the profile has {known}")
    return _overridden(values, environments[environment])


def _overridden(values: dict[str, Any], by: dict[str, Any]) -> dict[str, Any]:
    result = dict(values)
    for key, value in by.items():
        before = result.get(key)
        result[key] = _overridden(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return result


def _target(root: Table, path: Path | None, environment: str | None, catalog: Catalog) -> Target:
    folder = Path() if path is None else path.parent
    url = _url(root, "base_url")
    systems = _systems(root, catalog)
    rest = root.table("rest")
    admins, users = identities.read(root.table("identities"), folder)
    capabilities = _capabilities(root, catalog)
    calls = operations.read(root.table("operations"), systems, capabilities, _unlocking(root))
    for call in calls.values():
        if isinstance(call, Command):
            _must_be_there(root.table("operations").table(call.operation), "command", call.arguments, folder)
    socketio = _socketio(root.table("socketio"))
    target = Target(
        source=root.file,
        environment=environment,
        base_url=url,
        systems=tuple(system.name for system in systems),
        socketio=socketio,
        channels=_channels(root.table("channels"), systems, socketio, catalog),
        rest=_rest(rest, url),
        admins=admins,
        users=users,
        jwt=identities.read_jwt(root.table("jwt")) if "jwt" in root else None,
        operations=calls,
        capabilities=capabilities,
        budgets=_budgets(root.table("budgets")),
        other_channels=tuple(map(_other_channel, root.tables("other_channels"))) if "other_channels" in root else None,
        tiers=_tiers(root.table("tiers"), calls) if "tiers" in root else _TIERS,
        openapi=_openapi(root, folder),
        metrics=_metrics(root.table("metrics")) if "metrics" in root else None,
        restart=_restart(root, folder) if "restart" in root else None,
        known_failures=_known_failures(root.table("known_failures"), catalog),
        allow_load=root.flag("allow_load", False),
        folder=None if path is None else str(folder.absolute()),
    )
    root.finish()
    return target


def _url(table: Table, key: str, default: str | None = None) -> str:
    url = table.text(key) if default is None else table.text(key, default)
    table.check(key, wellformed.url(url))
    return url.rstrip("/")


def _systems(root: Table, catalog: Catalog) -> tuple[System, ...]:
    names = root.texts("systems")
    if not names:
        root.fail("systems", f"names no system; there are {', '.join(catalog.systems)}")
    for name in names:
        if name not in catalog.systems:
            hint = nearest(name, set(catalog.systems))
            root.fail("systems", f'names "{name}", which is no system{hint}; there are {", ".join(catalog.systems)}')
    root.check("systems", wellformed.repeated(names))
    return tuple(catalog.systems[name] for name in names)


def _restart(root: Table, folder: Path) -> tuple[str, ...]:
    command = root.texts("restart")
    if not command:
        root.fail("restart", 'must name a program, such as ["./manage", "restart"]')
    root.check("restart", operations.unsendable(command))
    _must_be_there(root, "restart", command, folder)
    return command


def _must_be_there(table: Table, key: str, command: tuple[str, ...], folder: Path) -> None:
    """Of a program with a slash in its name, relative to the profile's folder; else of one on the PATH."""
    program = command[0]
    if "{" in program:
        table.fail(key, f'must begin with a program as it is, without {{names}}, not "{program}"')
    if shutil.which(folder / program if "/" in program else program) is None:
        where = f"under {folder.absolute()}" if "/" in program and not program.startswith("/") else "on this machine"
        table.fail(key, f'names the program "{program}", which is not there {where}, or cannot be run')


def _openapi(root: Table, folder: Path) -> str | Literal[False] | None:
    if root.denies("openapi"):
        return False
    place = root.text("openapi", None)
    if place is None:
        return None
    if "://" not in place:
        return str(folder / place)
    root.check("openapi", wellformed.url(place.partition("?")[0]))
    return place


def _socketio(table: Table) -> SocketIO:
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
    names = table.texts("transports", default)
    if not names:
        table.fail("transports", f"names none; there are {', '.join(Transport)}")
    for name in names:
        if name not in set(Transport):
            table.fail(
                "transports", f'must be among {", ".join(Transport)}, not "{name}"{nearest(name, set(Transport))}'
            )
    table.check("transports", wellformed.repeated(names))
    return tuple(map(Transport, names))


def _channels(
    table: Table, systems: tuple[System, ...], socketio: SocketIO, catalog: Catalog
) -> dict[str, MainChannel]:
    """The main channel of each system: as its contract has it, or as `[channels.NAME]` says.

    What `[socketio]` says of CONNECT is for the channels whose contract asks for nothing else than a token.
    """
    for name in table.names():
        if name not in catalog.systems:
            hint = nearest(name, catalog.systems)
            raise UsageError(f'{table.file}: [channels] names "{name}", which is no system{hint}')
    result = {}
    for system in systems:
        channel, entry = system.channels[0], table.table(system.name)
        if channel.wire is Wire.SOCKET_IO:
            usual = socketio.auth if channel.auth == SocketIO().auth else channel.auth
            auth, headers, query = _presented(entry, usual, socketio.headers, socketio.query)
            address = entry.text("address", channel.address)
            entry.check("address", wellformed.namespace(address))
            transports = _transports(entry, socketio.transports)
            result[system.name] = MainChannel(channel.address, address, auth, transports, headers, query)
        entry.finish()
    return result


def _rest(table: Table, url: str) -> Rest:
    default = Rest(url)
    headers = table.headers("headers", default.headers)
    table.check("headers", templates.unknown(headers, {"token"}))
    code, message = table.text("code", default.code), table.text("message", default.message)
    table.check("code", wellformed.pointer(code))
    table.check("message", wellformed.pointer(message))
    result = Rest(_url(table, "url", url), headers, code, message, _statuses(table, "refused_with"))
    table.finish()
    return result


def _statuses(table: Table, key: str) -> frozenset[int]:
    statuses = table.template(key, [])
    fits = isinstance(statuses, list) and all(type(status) is int and 300 <= status < 500 for status in statuses)
    if not fits or LIMITED in statuses:
        table.fail(
            key, f"must be a list of HTTP statuses from 300 to 499 (not {LIMITED}), such as [404], not {statuses!r}"
        )
    return frozenset(statuses)


def _capabilities(root: Table, catalog: Catalog) -> frozenset[str]:
    names = root.texts("capabilities", ())
    known = profile_schema.capabilities(catalog)
    for name in names:
        if name not in known:
            root.fail("capabilities", f'claims "{name}", which is no capability{nearest(name, known)}')
    return frozenset(names)


def _budgets(table: Table) -> Budgets:
    """What a field of `Budgets` has as its default tells how it is written: a whole number, or a duration."""
    result = Budgets(**{limit.name: _limit(table, limit.name, limit.default) for limit in fields(Budgets)})
    table.finish()
    return result


def _limit(table: Table, name: str, default: Any) -> Any:
    return table.number(name, default) if isinstance(default, int) else table.duration(name, default)


def _other_channel(table: Table) -> OtherChannel:
    kind = ChannelKind(table.choice("kind", tuple(ChannelKind)))
    usual = TokenPlace.AUTH if kind is ChannelKind.SOCKET_IO else TokenPlace.HEADER
    address = table.text("address")
    is_namespace = kind is ChannelKind.SOCKET_IO
    table.check("address", wellformed.namespace(address) if is_namespace else wellformed.path(address, query=True))
    result = OtherChannel(
        kind=kind,
        address=address,
        token=TokenPlace(table.choice("token", tuple(TokenPlace), usual)),
        parameter=table.text("parameter", "token"),
    )
    if result.token is TokenPlace.AUTH and kind is not ChannelKind.SOCKET_IO:
        table.fail("token", 'can be "auth" only where kind is "socketio"')
    if not result.parameter.strip():
        table.fail("parameter", "is empty")
    table.finish()
    return result


def _tiers(table: Table, calls: Mapping[str, Call | Command]) -> tuple[Tier, ...]:
    result = []
    for name in table.names():
        entry = table.table(name)
        unlocks = entry.table("unlocks") if "unlocks" in entry else None
        result.append(Tier(name, entry.text("shown", name), _entitlement(unlocks, calls) if unlocks else None))
        entry.finish()
    for tier in result:
        if not tier.name.strip() or not tier.shown.strip():
            table.fail(tier.name, "must have a name in calls and a name that users see")
    table.check("*.shown", wellformed.repeated(tier.shown for tier in result))
    return tuple(result)


def _unlocking(root: Table) -> dict[str, frozenset[str]]:
    """The parameters that `[tiers]` give to operations of their own, by operation: templates may name them."""
    tiers = root.values.get("tiers")
    entries = (
        [tier.get("unlocks") for tier in tiers.values() if isinstance(tier, dict)] if isinstance(tiers, dict) else []
    )
    found: dict[str, frozenset[str]] = {}
    for entry in entries:
        if isinstance(entry, dict):
            name = str(entry.get("operation"))
            found[name] = found.get(name, frozenset()) | entry.keys()
    return found


def _entitlement(table: Table, calls: Mapping[str, Call | Command]) -> Entitlement:
    operation = table.text("operation")
    if operation not in calls:
        table.fail("operation", f'names "{operation}", which is no operation{nearest(operation, calls)}')
    return Entitlement(operation, {key: table.text(key) for key in table.names() if key != "operation"})


def _metrics(table: Table) -> Metrics:
    path, gauges = table.text("path", "/metrics"), table.texts("gauges")
    if "://" not in path:
        table.check("path", wellformed.path(path, query=True))
    if not gauges:
        table.fail("gauges", 'names none; list what falls back when clients leave, such as ["connections"]')
    table.check("gauges", wellformed.repeated(gauges))
    result = Metrics(
        path=path,
        gauges=gauges,
        format=MetricsFormat(table.choice("format", tuple(MetricsFormat), MetricsFormat.PROMETHEUS)),
        identity=table.choice("identity", ("anyone", "admin"), "anyone"),
        headers=table.headers("headers", {}),
    )
    table.finish()
    return result


def _known_failures(table: Table, catalog: Catalog) -> dict[str, str]:
    known = profile_schema.requirements(catalog)
    for key in table.names():
        if key not in known:
            raise UsageError(
                f'{table.file}: [known_failures] names "{key}", which is no requirement{nearest(key, known)}'
            )
        if not table.text(key).strip():
            table.fail(key, "must give the reason")
    return {key: table.text(key) for key in table.names()}
