"""Documents in, a catalog out; whatever is wrong with them is a ContractError that names the file and the place."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from eventproof import layout
from eventproof.settings import nearest
from eventproof.verdict import Level

from .bundling import bundled
from .calls import operations, ordered
from .documents import Document, Formats
from .event import Event
from .guide import Guide
from .messages import channels, events
from .model import Catalog, Derived, ErrorCode, Requirement, System
from .operation import Ends, Operation
from .states import States, states

_SHARED = "all"
"""What stands for the system in a requirement that every system shares."""


def load(root: Path | None = None) -> Catalog:
    """Everything in a folder of contracts: each folder in it with a `requirements.yaml` is a system.

    Where no folder is named, it is the one that ships with the engine, read once a process. Raises ContractError.
    """
    return _shipped() if root is None else _read(root)


@cache
def pack(name: str) -> tuple[Requirement, ...]:
    """The requirements of a pack that ships with the engine: what holds without any contract. Raises ContractError."""
    formats = Formats(layout.CONTRACTS / "formats")
    guides = _guides(formats.read(layout.CONTRACTS / "guides.yaml", "guides"))
    return _requirements(formats.read(layout.CONTRACTS / "packs" / f"{name}.yaml", "requirements"), name, guides)


def packs() -> tuple[str, ...]:
    """The names of all packs."""
    return tuple(sorted(path.stem for path in (layout.CONTRACTS / "packs").glob("*.yaml")))


@cache
def _shipped() -> Catalog:
    return _read(layout.CONTRACTS)


def _read(root: Path) -> Catalog:
    formats = Formats(root / "formats")
    errors = _errors(formats.read(root / "errors.yaml", "errors"))
    guides = _guides(formats.read(root / "guides.yaml", "guides"))
    shared = formats.read(root / "requirements.yaml", "requirements")
    for index, row in enumerate(shared.content["requirements"]):
        if "includes" in row:
            raise shared.fault(f"/requirements/{index}/includes", "what every system shares includes nothing of one")
    folders = sorted(path.parent for path in root.glob("*/requirements.yaml"))
    systems = [_system(folder, formats, errors, guides) for folder in folders]
    _unique_prefixes([shared.content["prefix"], *(system.prefix for system in systems)], shared)
    return Catalog({system.name: system for system in systems}, _requirements(shared, _SHARED, guides), errors, guides)


def _unique_prefixes(prefixes: list[str], shared: Document) -> None:
    for prefix in prefixes:
        if prefixes.count(prefix) > 1:
            raise shared.fault("/prefix", f"two systems have the prefix {prefix}")


def _errors(document: Document) -> Mapping[str, ErrorCode]:
    return {
        code: ErrorCode(code, entry["status"], entry["sentence"], entry.get("applies"))
        for code, entry in document.content.items()
    }


def _guides(document: Document) -> Mapping[str, Guide]:
    return {
        name: Guide(name, **{**entry, "checked": tuple(entry["checked"])}) for name, entry in document.content.items()
    }


def _requirements(document: Document, system: str, guides: Mapping[str, Guide]) -> tuple[Requirement, ...]:
    seen: set[str] = set()
    prefix = document.content["prefix"]
    for index, row in enumerate(document.content["requirements"]):
        place = f"/requirements/{index}/id"
        if row["id"] in seen:
            raise document.fault(place, f"{row['id']} stands twice")
        if not row["id"].startswith(prefix + "-"):
            raise document.fault(place, f"{row['id']} does not begin with {prefix}-")
        seen.add(row["id"])
        for name in row.get("guides", ()):
            if name not in guides:
                raise document.fault(
                    f"/requirements/{index}/guides", f"there is no guide {name}{nearest(name, guides)} in guides.yaml"
                )
        if not _named(row) and "excluded" not in row:
            raise document.fault(place, f"{row['id']} has no guide: name one of guides.yaml in `guides`")
    return tuple(
        Requirement(
            id=row["id"],
            system=system,
            level=Level(row["level"]),
            sentence=row["sentence"],
            source=row["source"],
            capability=row.get("capability"),
            decision=row.get("decision"),
            excluded=row.get("excluded"),
            includes=tuple(map(Derived.read, row.get("includes", ()))),
            binds=row.get("binds"),
            guides=tuple(guides[name] for name in _named(row) if name in guides),
        )
        for row in document.content["requirements"]
    )


def _named(row: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of a requirement's guides: its own, then the kinds of what it includes."""
    kinds = (Derived.read(text).kind for text in row.get("includes", ()))
    return tuple(dict.fromkeys((*row.get("guides", ()), *kinds)))


def _must_include_what_is_there(
    document: Document,
    lines: Iterable[Requirement],
    events: Sequence[Event],
    calls: Iterable[Operation],
    tables: Mapping[str, States],
) -> None:
    """What a requirement includes is there: an event, a call that ends sessions, the states of a thing."""
    ending = {call.id for call in calls if call.ends is Ends.USER}
    for index, line in enumerate(lines):
        for included in line.includes:
            place = f"/requirements/{index}/includes"
            of_it = [event for event in events if event.name == included.about]
            if included.is_of_event and not of_it:
                raise document.fault(place, f"{included.about} is no event of the contract")
            certain = {trigger for event in of_it for trigger in event.certain}
            if included.is_caused and (not certain or included.by not in {"", *certain}):
                who = f"{included.by} does not cause" if included.by else "no call causes"
                raise document.fault(place, f"{who} {included.about} for certain")
            if included.kind == "session" and included.about not in ending:
                raise document.fault(place, f"{included.about} is no call that ends the sessions of a user")
            if included.kind == "states" and included.about not in tables:
                raise document.fault(place, f"openapi.yaml has no states of {included.about} (x-states)")


def _system(folder: Path, formats: Formats, errors: Mapping[str, ErrorCode], guides: Mapping[str, Guide]) -> System:
    name = folder.name.replace("_", "-")
    asyncapi = formats.read(folder / "asyncapi.yaml", "asyncapi")
    openapi = bundled(formats.read(folder / "openapi.yaml", "openapi"), formats)
    requirements = formats.read(folder / "requirements.yaml", "requirements")
    by_id = ordered(openapi, {call.id: call for call in operations(openapi, name, errors)})
    calls = tuple(by_id.values())
    known_channels = channels(asyncapi)
    told = events(asyncapi, name, known_channels, by_id, formats)
    lines = _requirements(requirements, name, guides)
    tables = states(openapi, by_id)
    _must_include_what_is_there(requirements, lines, told, calls, tables)
    return System(
        name=name,
        prefix=requirements.content["prefix"],
        title=asyncapi.content["info"]["title"],
        channels=tuple(known_channels.values()),
        events=told,
        operations=calls,
        requirements=lines,
        openapi=openapi.content,
        asyncapi=asyncapi.content,
        states=tables,
    )
