"""Somebody's own contracts: those that `[contracts]` of a profile names, and a single document without a profile."""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from . import catalog as contracts
from .catalog import Catalog, System
from .documents import draft, items, overlay, own
from .errors import UsageError
from .settings import Table
from .target import is_loopback

__all__ = ["contract_of", "drafted", "has_tokens", "read"]

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")
_BASE_URL: Final = "http://127.0.0.1:3000"
_TAKEN: Final = frozenset({"all", "common"})
_USUAL: Final = frozenset({"asyncapi", "openapi"})
"""What files are called that say nothing of what is in them."""


def read(root: Table, folder: Path, catalog: Catalog) -> tuple[System, ...]:
    """The contracts of `[contracts]`."""
    table = root.table("contracts")
    jwt = root.table("jwt").values if "jwt" in root else None
    found = []
    for name in table.names():
        if not _NAME.fullmatch(name) or name in _TAKEN or name in catalog.systems:
            table.fail(
                name, "cannot be called so: small letters, digits and -, and no name of a system that is shipped"
            )
        described = overlay.read(table.table(name), name, folder)
        found.append(catalog.guided(own.system(described, has_tokens=has_tokens(root), jwt=jwt)))
    return tuple(found)


def has_tokens(root: Table) -> bool:
    """Whether the profile gives anybody a token, or a password for one."""
    identities_of = root.values.get("identities", {})
    listed = [entry for key in ("admins", "users", "people") for entry in _entries(identities_of, key)]
    return "file" in identities_of or any(
        key.removesuffix("_env") in ("token", "password") for entry in listed for key in entry
    )


def _entries(table: Any, key: str) -> list[dict[str, Any]]:
    entries = table.get(key, []) if isinstance(table, dict) else []
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def drafted(path: Path, asyncapi: Path | None, openapi: Path | None) -> str:
    """The text of a profile to be written to `path`, drafted from these documents, of which there is one at least."""
    here = path.absolute().parent

    def relative(file: Path) -> str:
        return os.path.relpath(file.absolute(), here)

    documents = {"asyncapi": asyncapi, "openapi": openapi}
    values = {key: relative(file) for key, file in documents.items() if file is not None}
    name = _name_of(next(file for file in documents.values() if file is not None))

    def described(said: Mapping[str, Any]) -> System:
        return own.system(overlay.read(Table({**values, **said}, str(path), None), name, here))

    def fits(table: str) -> bool:
        try:
            described(tomllib.loads(table)["contracts"][name])
        except UsageError:
            return False
        return True

    system = described({})
    served = system.reading.served if system.reading else ""
    # Whose server elsewhere may be acted upon is not for a draft to say.
    base_url = served if served and is_loopback(served) else _BASE_URL
    return draft.drafted(system, values, base_url, fits)


def contract_of(path: Path) -> System:
    """The contract in one document, AsyncAPI or the streams of an OpenAPI one, of which nothing further is said."""
    beside = path.with_name("openapi.yaml")
    if items.has_streams(path):
        values = {"openapi": path.name}
    else:
        values = {"asyncapi": path.name, **({"openapi": beside.name} if beside.is_file() else {})}
    return own.system(overlay.read(Table(values, str(path), None), _name_of(path), path.parent))


def _name_of(document: Path) -> str:
    """What the contract in this document is called: after its file, and as no system that is shipped."""
    name = draft.name_of(document.stem if document.stem not in _USUAL else document.absolute().parent.name)
    return f"my-{name}" if name in _TAKEN or name in contracts.load().systems else name
