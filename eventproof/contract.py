"""`eventproof contract list | show NAME | validate EVENT FILE`: what the contracts say, as data and as text.

Each `*_text` function renders what the function beside it returns; the data is what `--json` prints.
"""

import dataclasses
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from . import contract_calls, contract_overlay, textfile
from .catalog import Ack, Catalog, Direction, Event, System, Wire
from .errors import UsageError
from .report.visible import visible
from .settings import nearest
from .variants import broken

__all__ = [
    "described",
    "find",
    "listing",
    "listing_text",
    "read_payload",
    "shown",
    "shown_text",
    "validated",
    "validated_text",
]

Json = dict[str, Any]


def find(catalog: Catalog, name: str) -> Event:
    """The event of this name; of a system, as `SYSTEM/NAME`, where several have one.

    Raises UsageError that says what is near, or which systems have it.
    """
    known = {
        f"{system.name}/{called}": event for system in catalog.systems.values() for called, event in _called(system)
    }
    found = [full for full in known if name in (full, full.partition("/")[2])]
    if len(found) == 1:
        return known[found[0]]
    if found:
        raise UsageError(f'several systems have an event "{name}"; say which: {", ".join(found)}')
    hint = nearest(name, {*known, *(event.name for event in known.values())})
    raise UsageError(f'there is no event "{name}"{hint}; `eventproof contract list` names all')


def _called(system: System) -> list[tuple[str, Event]]:
    """The events of a system by their names; one that another channel has under the same name is `CHANNEL/NAME`."""
    called: dict[str, Event] = {}
    for event in system.events:
        called[event.name if event.name not in called else f"{event.channels[0].name}/{event.name}"] = event
    return list(called.items())


def described(catalog: Catalog, name: str) -> tuple[Json, str]:
    """Everything that the contract says of an event or of a call: as data, and as text for a person.

    Raises UsageError that says what is near.
    """
    call = contract_calls.found(catalog, name)
    if call is not None:
        data = contract_calls.shown(*call, contract_calls.also_of(catalog, *call) if "/" not in name else ())
        return data, contract_calls.shown_text(data)
    events = {event.name for system in catalog.systems.values() for event in system.events}
    if name not in events and "/" not in name:
        hint = nearest(name, {*events, *contract_calls.names(catalog)})
        raise UsageError(f'there is no event and no call "{name}"{hint}; `eventproof contract list` names all')
    event = find(catalog, name)
    data = shown(event)
    if (said := contract_overlay.shown(catalog.system(event.system), event)) is not None:
        data["profile"] = said
    return data, shown_text(data)


def read_payload(path: str) -> Any:
    """The JSON in a file, or on standard input for `-`; UsageError where it cannot be read."""
    name = "standard input" if path == "-" else path
    text = _typed() if path == "-" else textfile.read(Path(path), "the payload")
    try:
        return json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise UsageError(f"{name} is not JSON: line {error.lineno}, column {error.colno}: {error.msg}") from None
    except ValueError as error:
        raise UsageError(f"{name} is not JSON: {error}") from None
    except RecursionError:
        raise UsageError(f"{name} is nested too deep to be read") from None


def _typed() -> str:
    try:
        text = sys.stdin.read(textfile.LIMIT + 1)
    except UnicodeDecodeError:
        raise UsageError("standard input cannot be read: it is not UTF-8 text") from None
    return textfile.decoded(text.encode("utf-8", "surrogateescape"), "standard input", "the payload")


def listing(catalog: Catalog, systems: Iterable[str] | None = None) -> list[Json]:
    """One row an event of these systems, of all where none is named."""
    chosen = catalog.systems if systems is None else systems
    return [_row(event) | {"name": called} for name in chosen for called, event in _called(catalog.system(name))]


def listing_text(rows: list[Json]) -> str:
    """The rows for a person: system, event or call, direction or caller, summary."""
    cells = [tuple(map(visible, (row["system"], row["name"], _way(row), row["summary"]))) for row in rows]
    widths = [max((len(cell[column]) for cell in cells), default=0) for column in range(3)]
    return "\n".join(
        "  ".join([*(text.ljust(width) for text, width in zip(cell, widths, strict=False)), cell[3]]) for cell in cells
    )


def shown(event: Event) -> Json:
    """Everything that the contract says of an event."""
    return _row(event) | {
        "audience": list(event.audience),
        "triggers": list(event.certain),
        "at_times": sorted(event.at_times),
        "ack": _ack(event.ack) if event.ack else None,
        "order_by": event.order_by,
        "correlate": event.correlate,
        "schema_path": str(event.schema_path),
        "schema": event.schema,
        "joins": event.joins,
        "leaves": event.leaves,
        "examples": list(event.examples),
        "refused": [
            {"breaks": case.breaks, "payload": case.payload}
            for case in (*event.counterexamples, *{case.rule: case for case in broken(event)}.values())
        ],
    }


def shown_text(data: Json) -> str:
    """What `shown` returns, for a person: the rules first, then the schema's fields, an example and what is refused."""
    schema = data["schema"]
    channels = [_channel_text(channel) for channel in data["channels"]]
    lines = [
        f"{data['name']} ({data['system']}): {data['summary']}",
        "",
        f"  direction  {_ARROWS[data['direction']]}",
        f"  channels   {', '.join(channels)}",
        f"  audience   {', '.join(data['audience']) or '-'}",
        f"  caused by  {', '.join([*data['triggers'], *(f'{name} (at times)' for name in data['at_times'])]) or '-'}",
        f"  ack        {_ack_text(data['ack']) if data['ack'] else 'none'}",
        *([f"  retry      {_retry_text(data['ack']['retry'])}"] if data["ack"] and data["ack"]["retry"] else []),
        f"  order by   {data['order_by'] or '-'}",
        f"  correlate  {data['correlate'] or '-'}",
        *(f"  {word:<9}  {data[word]}" for word in ("joins", "leaves") if data[word]),
        f"  schema     {data['schema_path']}",
        *(["", "In a profile", *(f"  {line}" for line in said)] if (said := _said(data)) else []),
        "",
        "Examples",
        *([f"  {_compact(example)}" for example in data["examples"]] or ["  none"]),
        "",
        "Refused",
        *(f"  {_compact(entry['payload'])}\n    {entry['breaks']}" for entry in data["refused"]),
        "",
        "Schema",
        *json.dumps(_rules(schema), indent=2, ensure_ascii=False).split("\n"),
    ]
    return "\n".join(map(visible, lines))


def validated(event: Event, payload: Any) -> Json:
    """Whether a payload fits the event's contract, and every reason why it does not."""
    valid = event.is_valid(payload)
    problems = () if valid else event.explain(payload)
    return {
        "event": event.name,
        "system": event.system,
        "valid": valid,
        "problems": [
            {"path": problem.path, "expected": problem.expected, "observed": problem.observed, "rule": problem.rule}
            for problem in problems
        ],
    }


def validated_text(data: Json) -> str:
    """What `validated` returns, for a person."""
    if data["valid"]:
        return visible(f"valid: the payload fits {data['event']}")
    lines = [f"invalid: the payload does not fit {data['event']}"]
    for problem in data["problems"]:
        lines.append(f"  at {problem['path'] or '/'}")
        lines.append(f"    expected  {problem['expected']}")
        lines.append(f"    found     {problem['observed']}")
    return "\n".join(map(visible, lines))


def _said(data: Json) -> list[str]:
    return contract_overlay.shown_lines(data["profile"]) if "profile" in data else []


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number of JSON")


_ARROWS = {"send": "server to client", "receive": "client to server"}


def _way(row: Json) -> str:
    return _ARROWS.get(row["direction"]) or f"call of {row['identity']}"


def _row(event: Event) -> Json:
    return {
        "system": event.system,
        "name": event.name,
        "direction": event.direction.value,
        "summary": event.summary,
        "channels": [
            {
                "name": channel.name,
                "wire": channel.wire.value,
                "address": channel.address,
                "auth": dict(channel.auth) if channel.wire is Wire.SOCKET_IO else None,
                "limits": dataclasses.asdict(channel.limits) if event.direction is Direction.RECEIVE else None,
            }
            for channel in event.channels
        ],
    }


def _channel_text(channel: Json) -> str:
    auth = f", CONNECT with {_compact(channel['auth'])}" if channel["auth"] else ""
    limits = channel["limits"] or {}
    told = [f"at most {limits[name]} {words}" for name, words in _LIMITS.items() if limits.get(name)]
    return f"{channel['address']} ({'; '.join([channel['wire'] + auth, *told])})"


_LIMITS = {"events_a_second": "events a second", "event_bytes": "bytes an event"}


def _ack(ack: Ack) -> Json:
    return {
        "level": ack.level.value,
        "by": ack.by,
        "match": dict(ack.match),
        "constants": dict(ack.constants),
        "retry": dataclasses.asdict(ack.retry) | {"times": list(ack.retry.times())} if ack.retry else None,
    }


def _ack_text(ack: Json) -> str:
    fields = [f"{name} = {place}" for name, place in ack["match"].items()]
    fields += [f"{name} = {_compact(value)}" for name, value in ack["constants"].items()]
    return f"{ack['level']}, by {ack['by']}" + (f" with {', '.join(fields)}" if fields else "")


def _retry_text(retry: Json) -> str:
    times = ", ".join(f"{time:g}" for time in retry["times"])
    return f"{times} s after the event, until it is acknowledged"


def _rules(schema: Mapping[str, Any]) -> Json:
    return {key: value for key, value in schema.items() if key not in ("$schema", "examples", "x-counterexamples")}


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
