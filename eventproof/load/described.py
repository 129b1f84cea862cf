"""What a locustfile says of itself: its options, what it measures, what it asks for. Read, and not run.

So `eventproof swarm --list` needs neither Locust nor gevent. What is no plain value in the file is left out.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from eventproof import layout

from .grammar import GRAMMAR
from .metrics import COMMON_COUNTS, COMMON_LATENCIES
from .options import OF_USERS

__all__ = ["Description", "Pace", "Setting", "common", "described", "grammar", "text"]

_PACE = {"SPAWN_RATE": "spawn_rate", "RUN_TIME": "run_time"}
_LEFT_OUT = object()
"""Stands for what is no plain value."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One option: its name as `--option NAME=VALUE` takes it."""

    name: str
    default: Any
    about: str


@dataclass(frozen=True, slots=True)
class Pace:
    """Users a second and seconds of a run, where nobody says otherwise; a file says it by constants."""

    spawn_rate: float = 50.0
    run_time: float = 30.0

    def __str__(self) -> str:
        return f"{self.spawn_rate:g} users a second, for {self.run_time:g} s"


@dataclass(frozen=True, slots=True)
class Description:
    """One scenario, and those that it takes in."""

    name: str
    about: str
    settings: tuple[Setting, ...] = ()
    latencies: Mapping[str, str] = field(default_factory=dict)
    """Each with what it measures; the name of every event of its system is one, too."""
    counts: Mapping[str, str] = field(default_factory=dict)
    objectives: tuple[str, ...] = ()
    pace: Pace = Pace()


def common() -> Description:
    """What every scenario has."""
    settings = (Setting(_plain(name), each["default"], each["help"]) for name, each in OF_USERS.items())
    counts = {name: count.what for name, count in COMMON_COUNTS.items()}
    return Description("every scenario", "What all of them have.", tuple(settings), COMMON_LATENCIES, counts)


def described(name: str, path: Path) -> Description:
    """What the locustfile of this name says; raises SyntaxError where it is no Python, OSError where there is none."""
    tree = ast.parse(path.read_text("utf-8"))
    about = (ast.get_docstring(tree) or "").partition("\n")[0]
    found = Description(name, about)
    for part in (*_taken_in(tree, {path}), tree):
        found = _with(found, part)
    return found


def text(description: Description) -> str:
    """All of it, for a person."""
    lines = [f"{description.name}  {description.about}"]
    lines += _rows("pace", [(str(description.pace), "")])
    lines += _rows("options", ((f"{one.name}={_shown(one.default)}", one.about) for one in description.settings))
    lines += _rows("latencies", description.latencies.items())
    lines += _rows("counts", description.counts.items())
    lines += _rows("objectives", ((line, "") for line in description.objectives))
    return "\n".join(lines)


def grammar() -> str:
    """How an objective is written, for a person."""
    return "An objective\n" + "\n".join(f"  {line}".rstrip() for line in GRAMMAR.splitlines())


def _rows(title: str, rows: Any) -> Iterator[str]:
    known = list(rows)
    width = max((len(name) for name, _ in known), default=0)
    for number, (name, about) in enumerate(known):
        yield f"  {title if not number else '':<10}  {name:<{width}}  {about}".rstrip()


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _plain(name: str) -> str:
    return name.removeprefix("--")


def _taken_in(tree: ast.Module, seen: set[Path]) -> Iterator[ast.Module]:
    """The files of ours that a file is made of, each before whoever takes it in."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "loadtests":
            module = _value(node.args[0]) if node.args else None
            path = layout.LOADTESTS / f"{str(module).replace('.', '/')}.py"
            if path not in seen and path.is_file():
                seen.add(path)
                part = ast.parse(path.read_text("utf-8"))
                yield from _taken_in(part, seen)
                yield part


def _with(found: Description, tree: ast.Module) -> Description:
    """The description with what the top of a file adds to it: its constants, and its calls of the plugin."""
    for statement in tree.body:
        name, value = _constant(statement)
        if name in _PACE and isinstance(value, int | float):
            found = replace(found, pace=replace(found.pace, **{_PACE[name]: float(value)}))
        call = statement.value if isinstance(statement, ast.Expr) else None
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            continue
        if not isinstance(call.func.value, ast.Name) or call.func.value.id != "plugin":
            continue
        given = [_value(argument) for argument in call.args]
        named = {keyword.arg: _value(keyword.value) for keyword in call.keywords if keyword.arg}
        match call.func.attr, given:
            case "option", [str(name)]:
                setting = Setting(_plain(name), named.get("default"), str(named.get("help", "")))
                found = replace(found, settings=(*found.settings, setting))
            case "default", [str(name), default]:
                known = {one.name: one for one in (*common().settings, *found.settings)}
                setting = replace(known[_plain(name)], default=default)
                own = {one.name: one for one in found.settings} | {setting.name: setting}
                found = replace(found, settings=tuple(own.values()))
            case "latency", [str(name), str(what)]:
                found = replace(found, latencies={**found.latencies, name: what})
            case "count", [str(name), str(what)]:
                found = replace(found, counts={**found.counts, name: what})
            case (("objectives" | "together"), [*lines]):
                asked = (*found.objectives, *(line for line in lines if isinstance(line, str)))
                found = replace(found, objectives=tuple(dict.fromkeys(asked)))
    return found


def _constant(statement: ast.stmt) -> tuple[str, Any]:
    """The name to which a statement gives a value, and the value; no name where it is another statement."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return name, _value(value)
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            return name, _value(value)
    return "", _LEFT_OUT


def _value(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return _LEFT_OUT
