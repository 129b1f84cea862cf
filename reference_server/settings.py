"""What the server is told: options before the configuration file, the file before the environment, then defaults."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, TypeVar

from eventproof.errors import UsageError

from . import descriptors
from .limits import LIMITS, Limit, Limits, Unit

T = TypeVar("T")

DATABASE_VARIABLE: Final = "EVENTPROOF_DATABASE_URL"
DEFAULT_DATABASE: Final = "sqlite:///eventproof-data/server.db"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that decides how the server runs; sizes in bytes, times in seconds."""

    host: str = "127.0.0.1"
    port: int = 8080
    database_url: str = DEFAULT_DATABASE
    systems: tuple[str, ...] = ()
    """Empty for all."""
    allowed_origins: tuple[str, ...] = (
        "http://localhost:3000",
        "http://localhost:5173",
        "https://studyspot-librarys.vercel.app",
        "https://studyspot-student.vercel.app",
    )
    """The origins of web pages that may use the server, beside its own; those of the portals unless told otherwise."""
    log_level: str = "info"
    token_lifetime: float = 24 * 3600.0
    stop_timeout: float = 3.0
    fault: str = ""
    test_controls: bool = False
    """Serve the operations that only tests need."""
    screens: bool = False
    """Serve the page that shows the systems to a browser."""
    limits: Limits = field(default_factory=Limits)


def load(options: Mapping[str, Any], file: Path | None) -> Settings:
    """The settings; `options` are those of the command line that were given. Raises UsageError."""
    settings = Settings()
    if DATABASE_VARIABLE in os.environ:
        settings = replace(settings, database_url=os.environ[DATABASE_VARIABLE])
    if file is not None:
        settings = _overlaid(settings, _read(file), str(file))
    return _overlaid(settings, options, "the command line")


def fitted(limits: Limits) -> Limits:
    """The limits as they hold in this process: where it may open fewer files, there are fewer connections.

    Those who have not logged in never have all of them.
    """
    most = min(limits.max_connections, descriptors.room())
    return replace(limits, max_connections=most, max_strangers=min(limits.max_strangers, max(1, most - 1)))


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as failure:
        raise UsageError(f"the configuration {file} cannot be read: {failure.strerror}") from failure
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise UsageError(f"the configuration {file} is not valid TOML: {wrong}") from wrong


def _overlaid(settings: Settings, values: Mapping[str, Any], source: str) -> Settings:
    """The settings with these values; a table in `limits` holds for the system of its name."""
    given = values.get("limits", {})
    if not isinstance(given, dict):
        raise UsageError(f"{source}: limits must be a table")
    place = f"{source}, limits"
    changed = replace(settings, **_checked(settings, _without(values, "limits"), source))
    systems = {name: value for name, value in given.items() if isinstance(value, dict)}
    limits = replace(changed.limits, **_limits(_without(given, *systems), place))
    by_system = {name: _of_system(value, f"{place}, {name}") for name, value in systems.items()}
    return replace(changed, limits=replace(limits, by_system={**limits.by_system, **by_system}))


def _without(values: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names}


def _of_system(given: Mapping[str, Any], source: str) -> Mapping[str, Any]:
    checked = _limits(given, source)
    shared = {name for name in checked if not LIMITS[name].by_system}
    if shared:
        raise UsageError(f"{source}: {min(shared)} holds for the whole server: set it in limits")
    return checked


def _limits(given: Mapping[str, Any], source: str) -> dict[str, Any]:
    """These limits, each as the table wants it."""
    return {name: _limit(_known(name, LIMITS, source), value, source) for name, value in given.items()}


def _limit(line: Limit, value: Any, source: str) -> float:
    if not line.takes(value):
        raise UsageError(f"{source}: {line.name} must be {line.wants()}, not {value!r}")
    room = descriptors.room()
    if line.name == "max_connections" and value > room:
        raise UsageError(
            f"{source}: {line.name} may be {room} at most here, where the process may open {descriptors.most()} files "
            f"(raise that with `ulimit -n`), not {value!r}"
        )
    number: float = value
    return number if line.unit is not Unit.SECONDS else float(number)


def _checked(target: Any, values: Mapping[str, Any], source: str) -> dict[str, Any]:
    known = {entry.name: getattr(target, entry.name) for entry in fields(target)}
    known = {name: value for name, value in known.items() if not isinstance(value, Limits)}
    return {key: _typed(key, value, _known(key, known, source), source) for key, value in values.items()}


def _known(key: str, known: Mapping[str, T], source: str) -> T:
    """What is known by this name. Raises UsageError, which tells the nearest one."""
    if key not in known:
        near = get_close_matches(key, known, 1)
        raise UsageError(f"{source}: unknown setting {key!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
    return known[key]


_WANTED: Final[Mapping[type, str]] = {
    bool: "true or false",
    tuple: "a list of texts",
    float: "a number above 0 and below 1000000000",
    int: "a whole number, not negative",
    str: "a text",
}
_CHOICES: Final = {"log_level": ("debug", "info", "warning", "error")}


def _typed(key: str, value: Any, default: Any, source: str) -> Any:
    if key in _CHOICES and value not in _CHOICES[key]:
        raise UsageError(f"{source}: {key} must be one of {', '.join(_CHOICES[key])}, not {value!r}")
    if isinstance(default, tuple) and isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return tuple(value)
    if isinstance(default, bool) and isinstance(value, bool):
        return value
    if (
        isinstance(default, float)
        and isinstance(value, int | float)
        and not isinstance(value, bool)
        and 0 < value < 1e9
    ):
        return float(value)
    if type(default) is int and isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31:
        return value
    if isinstance(default, str) and isinstance(value, str):
        return value
    raise UsageError(f"{source}: {key} must be {_WANTED[type(default)]}, not {value!r}")
