"""The page of the keys of a profile: the schema by which editors complete it, as tables."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from eventproof import profile_schema
from eventproof.catalog import Catalog

from .fields import fields, fields_table
from .links import INDEX
from .markdown import anchor, anchored, bullets, code, escaped, link
from .material import Material

__all__ = ["page"]

Json = Any
_HOLDS: Final[Mapping[str, tuple[str, str]]] = {
    "contracts": ("[contracts.NAME]", "contract"),
    "channels": ("[channels.SYSTEM]", "channel"),
    "identities": ("[identities]", "identity"),
    "operations": ("[operations.CALL]", "operation"),
}
"""The tables that hold tables of a kind that the schema defines apart: how each is begun, and that kind."""
_OF_SESSIONS: Final[Mapping[str, str]] = {"ends": "operations", "channels": "channels"}
"""What stands in `[session]` with all keys of something else, and more."""


def page(material: Material) -> str:
    """The whole page."""
    sections = dict(_sections(material.catalog))
    return (
        "\n\n".join(
            (
                "# The keys of a profile",
                f"What `eventproof.toml` may hold. [The reference]({INDEX}) has the rest. Written by `make docs` from "
                "the schema by which editors complete it, which `eventproof init --schema` prints.",
                "`eventproof init` writes a profile with a comment for each setting, and "
                "[profiles by example](guide/profiles.md) has those of common frameworks. A text may hold `${NAME}`, "
                "which is taken from the environment. An unknown key is refused, with the nearest one that is known.",
                bullets(link(title, f"#{_place(name)}") for name, (title, _) in sections.items()),
                *(f"{anchored(2, _place(name), title)}\n\n{body}" for name, (title, body) in sections.items()),
            )
        )
        + "\n"
    )


def _sections(catalog: Catalog) -> Iterator[tuple[str, tuple[str, str]]]:
    """Every section by its name: its title, and what stands in it."""
    plain, whole = _shortened(profile_schema.tables()), _shortened(profile_schema.schema(catalog))
    root = {**plain, "definitions": {**plain["definitions"], **whole["definitions"]}}
    top = {name: part for name, part in whole["properties"].items() if not _holds_keys(part)}
    yield "top", ("At the top", _table({"properties": top, "required": whole["required"]}, root))
    for name, part in plain["properties"].items():
        if _holds_keys(part):
            begun, kind = _HOLDS.get(name, (f"[[{name}]]" if part.get("type") == "array" else f"[{name}]", ""))
            filled = whole["properties"][name] if name == "budgets" else part
            inside = _table(root["definitions"][kind], root) if kind else ""
            own = _table(filled, root)
            between = "Each of them has:" if own and inside else ""
            yield name, (code(begun), "\n\n".join(filter(None, (_said(part), own, between, inside))))
    for name, other in _OF_SESSIONS.items():
        begun, kind = _HOLDS[other]
        entry = whole["properties"]["session"]["properties"][name]["additionalProperties"]
        known = root["definitions"][kind]["properties"]
        more = {key: _closed(told) for key, told in entry["properties"].items() if key not in known}
        keys = _table({"properties": more, "required": entry.get("required", ())}, root)
        body = f"The keys of {link(code(begun), f'#{_place(other)}')}, and:\n\n{keys}"
        yield f"session-{name}", (code(f"[session.{name}.NAME]"), body)


def _place(name: str) -> str:
    return anchor("keys", name)


def _table(schema: Json, root: Json) -> str:
    """The keys in a table; none where it holds names alone."""
    apart = frozenset(f"#/definitions/{name}" for name in (*(kind for _, kind in _HOLDS.values()), "person"))
    rows = [row for row in fields(schema, root, apart) if row.name]
    return fields_table(rows) if rows else ""


def _closed(schema: Mapping[str, Json]) -> Json:
    """A table without what is in it."""
    return {key: part for key, part in schema.items() if key != "properties"}


def _said(part: Mapping[str, Json]) -> str:
    return escaped(str(part.get("description", "")))


def _holds_keys(part: Mapping[str, Json]) -> bool:
    """Whether it is a table, or a list of tables."""
    return part.get("type") == "object" or "properties" in part.get("items", {})


def _shortened(schema: Json) -> Json:
    """The schema without what is for machines alone: patterns, and lists that the catalogue would fill."""
    if isinstance(schema, list):
        return [_shortened(part) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    return {
        key: _shortened(part)
        for key, part in schema.items()
        if not (key == "pattern" and isinstance(part, str)) and not (key == "enum" and part == [])
    }
