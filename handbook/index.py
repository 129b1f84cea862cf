"""The page that a reader opens first: the systems, every event, every error code, and how to read the rest."""

from collections.abc import Iterator
from typing import Any, Final

from eventproof.catalog import Catalog, Direction, ErrorCode, Event, System

from .kinds import resolved
from .links import COMMANDS, GUIDES, INDEX, LIMITS, PROFILE, SHARED, SWARMS, Links
from .markdown import anchor, code, escaped, facts, listed, table
from .material import Material

__all__ = ["page"]

_APPLIES: Final = {
    "call": "every call",
    "path": "every call with a parameter in its path",
    "body": "every call with a body",
    "session": "every call that takes a session",
    "role": "every call of another role than an admin's",
    "admin": "every call of an admin",
}

_READING: Final = (
    (
        "Event",
        "A table of its fields, then an example. A field is required inside the object that it stands in: "
        "`a.b` is the field `b` of `a`, `a[]` an item of the list `a`.",
    ),
    (
        "Caused by",
        "The calls that cause it whenever they are accepted; *now and then* are those of which nobody can tell.",
    ),
    (
        "Requirement",
        "MUST, SHOULD and MAY are those of RFC 2119. A case is run alone with `eventproof check --only NAME`.",
    ),
    (
        "Fault",
        "A misbehaviour of the reference server that the requirement's cases must notice: "
        "`eventproof check --reference --fault NAME`.",
    ),
)


def page(material: Material) -> str:
    """The whole page."""
    catalog = material.catalog
    links = Links(catalog, INDEX)
    return (
        "\n\n".join(
            (
                "# Reference",
                "What the [contracts](../contracts/README.md) say, system by system, and what proves it. Written by "
                "`make docs` from the contracts, the cases and the faults: change those, not these pages.",
                "Who is new here begins with [the guide](guide/index.md).",
                "[Systems](#systems) · [Events](#events) · [Error codes](#error-codes)",
                facts(_READING),
                "## Systems",
                _systems(catalog, links),
                f"How it is used: [the command line]({COMMANDS}), [the keys of a profile]({PROFILE}), "
                f"[scenarios, metrics and objectives]({SWARMS}).",
                f"What holds for all of them stands on [a page of its own]({SHARED}), and so do the "
                f"[limits of the reference server]({LIMITS}), and [how each kind of requirement is checked and "
                f"mended]({GUIDES}).",
                "## Events",
                _events(catalog, links),
                "## Error codes",
                "Every refusal carries one of these codes, with this sentence or one that says more.",
                _errors(catalog, links),
            )
        )
        + "\n"
    )


def _systems(catalog: Catalog, links: Links) -> str:
    return table(
        ("System", "What it is", "Wires", "Events", "Calls", "Requirements"),
        (
            (
                f"**{links.system(system)}**",
                _first_paragraph(system, links),
                listed(dict.fromkeys(str(channel.wire.value) for channel in system.channels)),
                str(len(system.events)),
                str(len(system.operations)),
                str(len(system.requirements)),
            )
            for system in catalog.systems.values()
        ),
    )


def _first_paragraph(system: System, links: Links) -> str:
    told = str(system.asyncapi["info"].get("description", ""))
    return links.prose(told.partition("\n\n")[0].strip(), system)


def _events(catalog: Catalog, links: Links) -> str:
    every = [event for system in catalog.systems.values() for event in system.events]
    return table(
        ("Event", "System", "Sent by", "What it says"),
        (
            (
                links.event(event),
                links.system(catalog.system(event.system)),
                "server" if event.direction is Direction.SEND else "client",
                links.prose(event.summary, catalog.system(event.system)),
            )
            for event in sorted(every, key=lambda event: (event.name.lower(), event.system))
        ),
    )


def _errors(catalog: Catalog, links: Links) -> str:
    return table(
        ("Code", "Status", "What the caller can do", "Who refuses with it"),
        (
            (
                f'<a id="{anchor("error", error.code)}"></a>{code(error.code)}',
                str(error.status),
                escaped(error.sentence),
                "; ".join(_refusing(error, catalog, links)),
            )
            for error in catalog.errors.values()
        ),
    )


def _refusing(error: ErrorCode, catalog: Catalog, links: Links) -> Iterator[str]:
    """Calls, channels, and events that name the code."""
    if error.applies:
        yield _APPLIES[error.applies]
    calls: dict[str, str] = {}
    for name, system in catalog.systems.items():
        for call in system.operations:
            if error.code in call.refusals and not error.applies:
                calls.setdefault(call.id, links.call(name, call.id))
    if calls:
        yield listed(calls.values())
    for name, system in catalog.systems.items():
        for channel in system.channels:
            if error.code in channel.refused_with.values():
                yield f"connections of {links.channel(name, channel)}"
        for event in system.events:
            if event.direction is Direction.SEND and _names(event, event.schema, error.code):
                yield f"told by {links.event(event)}"


def _names(event: Event, schema: Any, code_: str) -> bool:
    """Whether a field of the event may be this code: it is one of its values or of its examples."""
    known = resolved(schema, event.schema)
    values = [*known.get("enum", ()), *known.get("examples", ()), known.get("const")]
    return code_ in values or any(_names(event, part, code_) for part in known.get("properties", {}).values())
