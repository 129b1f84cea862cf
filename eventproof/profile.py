"""eventproof.toml -> frozen Target. Unknown keys, wrong types and missing secrets are UsageErrors that name the key.

A profile states only where a server differs from our OpenAPI documents: every operation not mentioned in it is
taken from there. A table under `[environments.NAME]` overrides the rest of the file key by key.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from . import catalog as contracts
from . import identities, operations
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

__all__ = ["DEFAULT", "for_url", "load", "template"]

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
    if emails := variables.get("EVENTPROOF_USER_EMAILS"):
        password = variables.get("EVENTPROOF_USER_PASSWORD")
        shared = {} if password is None else {"password": password}
        given["users"] = [{"email": email.strip(), **shared} for email in emails.split(",")]
    known = catalog or contracts.load()
    values = {"base_url": url, "systems": sorted(known.systems), "identities": given}
    return _target(Table(values, source or url, variables), Path(), None, known)


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"{path}: there is no such profile; `eventproof init` writes one to fill in") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: the profile cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: this is not TOML: {error}") from None


def _merged(values: dict[str, Any], environment: str | None, path: Path) -> dict[str, Any]:
    environments = values.pop("environments", {})
    if not isinstance(environments, dict) or not all(isinstance(inner, dict) for inner in environments.values()):
        raise UsageError(f'{path}: "environments" must hold tables, such as [environments.staging]')
    for name, inner in environments.items():
        for key in inner:
            if key not in _TOP and key not in values:
                raise UsageError(f'{path}: unknown key "{key}" in [environments.{name}]{nearest(key, _TOP)}')
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


def _target(root: Table, path: Path, environment: str | None, catalog: Catalog) -> Target:
    url = _base_url(root)
    systems = _systems(root, catalog)
    rest = root.table("rest")
    admins, users = identities.read(root.table("identities"), path.parent)
    capabilities = _capabilities(root, catalog)
    calls = operations.read(root.table("operations"), systems, capabilities)
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
        openapi=_openapi(root, path.parent),
        metrics=_metrics(root.table("metrics")) if "metrics" in root else None,
        restart=_restart(root) if "restart" in root else None,
        known_failures=_known_failures(root.table("known_failures"), catalog),
        allow_load=root.flag("allow_load", False),
    )
    root.finish()
    return target


_TOP = frozenset(
    {
        "base_url",
        "systems",
        "socketio",
        "channels",
        "rest",
        "identities",
        "jwt",
        "operations",
        "capabilities",
        "budgets",
    }
    | {"other_channels", "tiers", "openapi", "metrics", "restart", "known_failures", "allow_load"}
)


def _base_url(root: Table) -> str:
    url = root.text("base_url")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        root.fail("base_url", f'must be a URL such as "http://127.0.0.1:8080", not "{url}"')
    return url.rstrip("/")


def _systems(root: Table, catalog: Catalog) -> tuple[System, ...]:
    names = root.texts("systems")
    if not names:
        root.fail("systems", f"names no system; there are {', '.join(catalog.systems)}")
    for name in names:
        if name not in catalog.systems:
            hint = nearest(name, set(catalog.systems))
            root.fail("systems", f'names "{name}", which is no system{hint}; there are {", ".join(catalog.systems)}')
    return tuple(catalog.systems[name] for name in names)


def _restart(root: Table) -> tuple[str, ...]:
    command = root.texts("restart")
    if not command:
        root.fail("restart", 'must name a program, such as ["./manage", "restart"]')
    return command


def _openapi(root: Table, folder: Path) -> str | None:
    place = root.text("openapi", None)
    return place if place is None or "://" in place else str(folder / place)


def _socketio(table: Table) -> SocketIO:
    default = SocketIO()
    path = table.text("path", default.path)
    result = SocketIO(
        path=f"/{path.strip('/')}/",
        transports=_transports(table, default.transports),
        auth=table.template("auth", default.auth),
    )
    table.finish()
    return result


def _transports(table: Table, default: tuple[Transport, ...]) -> tuple[Transport, ...]:
    names = table.texts("transports", default)
    if not names:
        table.fail("transports", f"names none; there are {', '.join(Transport)}")
    for name in names:
        if name not in set(Transport):
            table.fail(
                "transports", f'must be among {", ".join(Transport)}, not "{name}"{nearest(name, set(Transport))}'
            )
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
            result[system.name] = MainChannel(
                known_as=channel.address,
                address=entry.text("address", channel.address),
                auth=entry.template("auth", usual),
                transports=_transports(entry, socketio.transports),
            )
        entry.finish()
    return result


def _rest(table: Table, url: str) -> Rest:
    default = Rest(url)
    headers = table.template("headers", default.headers)
    if not isinstance(headers, Mapping) or not all(isinstance(value, str) for value in headers.values()):
        table.fail("headers", 'must be a table of strings, such as { Authorization = "Bearer {token}" }')
    result = Rest(
        url=table.text("url", url).rstrip("/"),
        headers=dict(headers),
        code=table.text("code", default.code),
        message=table.text("message", default.message),
        refused_with=_statuses(table, "refused_with"),
    )
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
    systems = catalog.systems.values()
    requirements = [*catalog.shared, *(line for system in systems for line in system.requirements)]
    known = {line.capability for line in requirements if line.capability}
    known |= {call.capability for system in systems for call in system.operations if call.capability}
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
    result = OtherChannel(
        kind=kind,
        address=table.text("address"),
        token=TokenPlace(table.choice("token", tuple(TokenPlace), usual)),
        parameter=table.text("parameter", "token"),
    )
    if result.token is TokenPlace.AUTH and kind is not ChannelKind.SOCKET_IO:
        table.fail("token", 'can be "auth" only where kind is "socketio"')
    table.finish()
    return result


def _tiers(table: Table, calls: Mapping[str, Call | Command]) -> tuple[Tier, ...]:
    result = []
    for name in table.names():
        entry = table.table(name)
        unlocks = entry.table("unlocks") if "unlocks" in entry else None
        result.append(Tier(name, entry.text("shown", name), _entitlement(unlocks, calls) if unlocks else None))
        entry.finish()
    return tuple(result)


def _entitlement(table: Table, calls: Mapping[str, Call | Command]) -> Entitlement:
    operation = table.text("operation")
    if operation not in calls:
        table.fail("operation", f'names "{operation}", which is no operation{nearest(operation, calls)}')
    return Entitlement(operation, {key: table.text(key) for key in table.names() if key != "operation"})


def _metrics(table: Table) -> Metrics:
    headers = table.template("headers", {})
    if not isinstance(headers, Mapping) or not all(isinstance(value, str) for value in headers.values()):
        table.fail("headers", 'must be a table of strings, such as { X-Key = "${METRICS_KEY}" }')
    result = Metrics(
        path=table.text("path", "/metrics"),
        gauges=table.texts("gauges"),
        format=MetricsFormat(table.choice("format", tuple(MetricsFormat), MetricsFormat.PROMETHEUS)),
        identity=table.choice("identity", ("anyone", "admin"), "anyone"),
        headers=dict(headers),
    )
    if not result.gauges:
        table.fail("gauges", 'names none; give those that fall back when clients leave, such as ["connections"]')
    if not result.path.startswith("/") and "://" not in result.path:
        table.fail("path", f'must begin with a slash, or be a URL, not "{result.path}"')
    table.finish()
    return result


def _known_failures(table: Table, catalog: Catalog) -> dict[str, str]:
    known = {line.id for line in catalog.shared}
    known |= {line.id for system in catalog.systems.values() for line in system.requirements}
    for key in table.names():
        if key not in known:
            raise UsageError(
                f'{table.file}: [known_failures] names "{key}", which is no requirement{nearest(key, known)}'
            )
        if not table.text(key).strip():
            table.fail(key, "must give the reason")
    return {key: table.text(key) for key in table.names()}
