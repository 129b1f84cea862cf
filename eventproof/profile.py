"""eventproof.toml -> frozen Target. Unknown keys, wrong types and missing secrets are UsageErrors that name the key.

A profile states only where a server differs from our OpenAPI documents: every operation not mentioned in it is
taken from there. A table under `[environments.NAME]` overrides the rest of the file key by key.
"""

import os
import shutil
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Literal

from . import catalog as contracts
from . import endpoints, identities, operations, population, profile_schema, templates, textfile, wellformed
from .catalog import ADMIN, USER, Catalog, OfSession, System
from .errors import UsageError
from .own_contracts import has_tokens
from .own_contracts import read as own_contracts_of
from .refusal import LIMITED
from .settings import Table, nearest
from .target import (
    Action,
    Budgets,
    Command,
    Entitlement,
    Metrics,
    MetricsFormat,
    Rest,
    Target,
    Tier,
)

__all__ = [
    "DEFAULT",
    "example",
    "for_url",
    "found",
    "load",
    "must_be_there",
    "opened",
    "own_contracts",
    "server",
    "template",
]

DEFAULT = Path("eventproof.toml")
"""The profile that is read where none is named."""

_FILLED_IN = (
    *('file = "credentials.ndjson"', "[jwt]", 'secret_env = "JWT_SECRET"'),
    *("[[other_channels]]", 'kind = "sse"', 'address = "/api/me/stream"', 'token = "header"'),
)
"""The lines of the template that the bundled server needs without their mark."""
_TEMPLATE = Path(__file__).with_name("profile.template.toml")


def template() -> str:
    """A commented profile to fill in, as `eventproof init` writes it; it loads as it is."""
    return _TEMPLATE.read_text(encoding="utf-8")


def example() -> str:
    """The same, filled in for `eventproof serve --seed 20 --credentials credentials.ndjson`."""
    text = template()
    for line in _FILLED_IN:
        text = text.replace(f"# {line}", line, 1)
    return text.replace('"JWT_SECRET"', '"EVENTPROOF_JWT_SECRET"', 1)


def own_contracts(
    path: str | Path, environment: str | None = None, env: Mapping[str, str] | None = None, text: str | None = None
) -> tuple[System, ...]:
    """The contracts of a profile's own, whatever else is in it; none where it has none.

    With `text` they are those of the profile that is to be written there.
    """
    path = Path(path)
    values = _merged(_parsed(path, text), environment, path)
    wanted = {key: value for key, value in values.items() if key in ("contracts", "identities", "jwt")}
    return own_contracts_of(Table(wanted, str(path), os.environ if env is None else env), path.parent, contracts.load())


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
    base_url: str | None = None,
) -> Target:
    """Read a profile; `environment` names one of its `[environments]`, `env` are the variables (ours by default).

    With a `base_url` it is about the server there, in place of its own. Raises UsageError.
    """
    path = Path(path)
    return _target(opened(path, environment, env, base_url), path, environment, catalog or contracts.load())


def opened(
    path: Path, environment: str | None = None, env: Mapping[str, str] | None = None, base_url: str | None = None
) -> Table:
    """The whole of a profile, with what one of its environments overrides, to be read key by key."""
    variables = os.environ if env is None else env
    values = _merged(_parsed(path), environment, path)
    return Table(values if base_url is None else _elsewhere(values, base_url, path), str(path), variables)


def server(root: Table, path: Path | None, environment: str | None, roles: tuple[str, ...], ids: set[str]) -> Target:
    """A target without systems: what a profile says of the server and of who may act on it.

    `roles` are those of people, `ids` those of the requirements that may be known to fail.
    """
    folder = Path() if path is None else path.parent
    url = _url(root, "base_url")
    people = identities.read(root.table("identities"), folder, roles, of_own="contracts" in root)
    return Target(
        source=root.file,
        environment=environment,
        base_url=url,
        systems=(),
        socketio=endpoints.socketio(root.table("socketio")),
        rest=_rest(root.table("rest"), url),
        admins=people.pop(ADMIN),
        users=people.pop(USER),
        others=people,
        jwt=identities.read_jwt(root.table("jwt")) if "jwt" in root else None,
        operations={},
        budgets=_budgets(root.table("budgets")),
        restart=_restart(root, folder) if "restart" in root else None,
        known_failures=_known_failures(root.table("known_failures"), ids),
        allow_load=root.flag("allow_load", False),
        attacks=root.flag("attacks", True),
        allow_hostile=root.flag("allow_hostile", False),
        folder=None if path is None else str(folder.absolute()),
    )


def for_url(
    url: str, env: Mapping[str, str] | None = None, catalog: Catalog | None = None, source: str | None = None
) -> Target:
    """The target at a bare URL, with the identities that the environment gives.

    `EVENTPROOF_CREDENTIALS` names a file of them (NDJSON, as `eventproof serve --credentials` writes it); or
    `EVENTPROOF_ADMIN_EMAIL` (or `_TOKEN`), `EVENTPROOF_ADMIN_PASSWORD`, `EVENTPROOF_USER_EMAILS` (separated by
    commas) and `EVENTPROOF_USER_PASSWORD`. The systems are those for whose members there is somebody; without anybody,
    those that any user is a member of, and `Target.require_identities` tells what is missing.
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
    name = source or wellformed.masked(url)
    whole = _target(Table(values, name, variables), None, None, known)
    roles = {system: known.system(system).member for system in whole.systems}
    there = [system for system, role in roles.items() if whole.people(role)]
    there = there or [system for system, role in roles.items() if role == USER]
    if len(there) == len(whole.systems):
        return whole
    return _target(Table({**values, "systems": there}, name, variables), None, None, known)


def _parsed(path: Path, text: str | None = None) -> dict[str, Any]:
    if text is None and not path.exists():
        raise UsageError(f"{path}: there is no such profile; `eventproof init` writes one to fill in")
    try:
        return tomllib.loads(textfile.read(path, "the profile") if text is None else text)
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
    # Whose server may be attacked is said of that server, not of another one.
    others = {key: value for key, value in values.items() if key != "allow_hostile"}
    return _overridden(others, environments[environment])


def _elsewhere(values: dict[str, Any], base_url: str, path: Path) -> dict[str, Any]:
    """The same of another server, without what is said of the profile's own."""
    for table, inner in values.items():
        if "url" in _keys(inner):
            raise UsageError(
                f"{path}: [{table}] names a server by a url of its own, so this profile cannot be taken to {base_url}: "
                "write a profile of that server, and name it in place of the URL"
            )
    of_this_server = {"restart", "allow_hostile", "allow_load"}
    return {key: value for key, value in values.items() if key not in of_this_server} | {"base_url": base_url}


def _keys(value: Any) -> Iterator[str]:
    """The keys of all tables in a value."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _keys(inner)


def _overridden(values: dict[str, Any], by: dict[str, Any]) -> dict[str, Any]:
    result = dict(values)
    for key, value in by.items():
        before = result.get(key)
        result[key] = _overridden(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return result


def _target(root: Table, path: Path | None, environment: str | None, catalog: Catalog) -> Target:
    folder = Path() if path is None else path.parent
    contracts_of_own = own_contracts_of(root, folder, catalog)
    catalog = catalog.with_own(contracts_of_own)
    base = server(root, path, environment, catalog.roles, profile_schema.requirements(catalog))
    systems = _systems(root, catalog, contracts_of_own)
    is_sessionless = bool(contracts_of_own) and not any(map(_begins_sessions, systems)) and "jwt" not in root
    if is_sessionless:
        _must_have_tokens(root, base, contracts_of_own)
    if is_sessionless and not has_tokens(root):
        base = replace(base, rest=_rest(root.table("rest"), base.base_url, bare=True))
    capabilities = _capabilities(root, catalog)
    calls = operations.read(root.table("operations"), systems, capabilities, _unlocking(root))
    for call in calls.values():
        if isinstance(call, Command):
            must_be_there(root.table("operations").table(call.operation), "command", call.arguments, folder)
    channels = endpoints.of_systems(root.table("channels"), systems, base.socketio, base.rest, catalog)
    target = replace(
        base,
        systems=tuple(system.name for system in systems),
        channels=channels,
        webhook_secret=_webhook_secret(root.table("webhooks")) if "webhooks" in root else None,
        operations=calls,
        capabilities=capabilities,
        other_channels=endpoints.others(
            root.tables("other_channels"), systems, channels.values(), base.socketio, base.rest
        )
        if "other_channels" in root
        else None,
        tiers=_tiers(root.table("tiers"), calls) if "tiers" in root else _usual_tiers(systems),
        openapi=_openapi(root, folder),
        metrics=_metrics(root.table("metrics")) if "metrics" in root else None,
        own=contracts_of_own,
        population=population.read(root.table("traffic"), [system.name for system in systems], calls, _numbers(base)),
        is_sessionless=is_sessionless,
    )
    root.table("session")  # is read where the pack of that name is asked for
    root.finish()
    return target


def _numbers(base: Target) -> dict[str, int]:
    """How many people there are of each role."""
    return {role: len(base.people(role)) for role in (ADMIN, USER, *base.others)}


def _url(table: Table, key: str, default: str | None = None) -> str:
    url = table.text(key) if default is None else table.text(key, default)
    table.check(key, wellformed.url(url))
    return url.rstrip("/")


def _begins_sessions(system: System) -> bool:
    return any(operation.session is OfSession.BEGINS for operation in system.operations)


def _must_have_tokens(root: Table, base: Target, of_own: Sequence[System]) -> None:
    """Raise UsageError where somebody has a password, and nothing tells which call takes it."""
    everybody = (*base.admins, *base.users, *(one for people in base.others.values() for one in people))
    locked = next((one for one in everybody if one.token is None and one.password is not None), None)
    calls = [(system.name, call.id) for system in of_own for call in system.operations if call.event is None]
    if locked is None:
        return
    name, first = calls[0] if calls else (of_own[0].name, "CALL")
    others = f" (there are {', '.join(call for _, call in calls)})" if len(calls) > 1 else ""
    root.table("identities").fail(
        "password",
        f"of {locked.name} is of no use, as no call begins a session: say which one{others}, such as "
        f'[contracts.{name}.calls.{first}] session = "begins", answers = {{ token = "/token" }}; or give a token',
    )


def _systems(root: Table, catalog: Catalog, of_own: Iterable[System]) -> tuple[System, ...]:
    given = tuple(system.name for system in of_own)
    if not given and "systems" not in root and "session" in root:
        root.fail("systems", "is missing: [session] alone is checked with `eventproof check --pack session`")
    names = root.texts("systems", given) if given else root.texts("systems")
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
    must_be_there(root, "restart", command, folder)
    return command


def must_be_there(table: Table, key: str, command: tuple[str, ...], folder: Path) -> None:
    """Raise UsageError where a program cannot be run.

    One with a slash in its name is relative to the profile's folder, any other one is on the PATH.
    """
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


def _rest(table: Table, url: str, *, bare: bool = False) -> Rest:
    """With `bare`, nobody has a token that the calls could carry."""
    default = Rest(url, {}) if bare else Rest(url)
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


def _webhook_secret(table: Table) -> str:
    secret = table.secret("secret")
    if secret is None:
        table.fail("secret_env", "is missing: name the variable that holds the secret with which webhooks are signed")
    table.finish()
    return secret


def _budgets(table: Table) -> Budgets:
    """What a field of `Budgets` has as its default tells how it is written: a whole number, or a duration."""
    result = Budgets(**{limit.name: _limit(table, limit.name, limit.default) for limit in fields(Budgets)})
    table.finish()
    return result


def _limit(table: Table, name: str, default: Any) -> Any:
    return table.number(name, default) if isinstance(default, int) else table.duration(name, default)


def _usual_tiers(systems: Iterable[System]) -> tuple[Tier, ...]:
    """Those of the contracts: of the first system that has some."""
    described = next((system.openapi["x-tiers"] for system in systems if "x-tiers" in system.openapi), ())
    return tuple(
        Tier(entry["name"], entry["shown"], _usual_entitlement(entry["unlocks"]) if "unlocks" in entry else None)
        for entry in described
    )


def _usual_entitlement(entry: Mapping[str, str]) -> Entitlement:
    return Entitlement(entry["operation"], {name: value for name, value in entry.items() if name != "operation"})


def _tiers(table: Table, calls: Mapping[str, Action]) -> tuple[Tier, ...]:
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


def _entitlement(table: Table, calls: Mapping[str, Action]) -> Entitlement:
    operation = table.text("operation")
    if operation not in calls:
        table.fail("operation", f'names "{operation}", which is no operation{nearest(operation, calls)}')
    return Entitlement(operation, {key: table.text(key) for key in table.names() if key != "operation"})


def _metrics(table: Table) -> Metrics:
    path, gauges = table.text("path", "/metrics"), table.texts("gauges")
    table.check("path", wellformed.url(path.partition("?")[0]) if "://" in path else wellformed.path(path, query=True))
    if not gauges:
        table.fail("gauges", 'names none; list what falls back when clients leave, such as ["connections"]')
    table.check("gauges", wellformed.repeated(gauges))
    result = Metrics(
        path=path,
        gauges=gauges,
        format=MetricsFormat(table.choice("format", tuple(MetricsFormat), MetricsFormat.PROMETHEUS)),
        identity=table.choice("identity", ("anyone", "admin"), "anyone"),
        headers=table.headers("headers", {}),
        memory=table.text("memory", None),
    )
    table.finish()
    return result


def _known_failures(table: Table, ids: set[str]) -> dict[str, str]:
    for key in table.names():
        if key not in ids:
            raise UsageError(
                f'{table.file}: [known_failures] names "{key}", which is no requirement{nearest(key, ids)}'
            )
        if not table.text(key).strip():
            table.fail(key, "must give the reason")
    return {key: table.text(key) for key in table.names()}
