"""The JSON Schema of a profile, from which editors complete it; `eventproof init --schema` prints it.

`profile.schema.json` has the tables; what the contracts and the reading code know (the systems, their calls, what is
read from answers, the requirements, the budgets) is entered here.
"""

import copy
import json
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

from . import contract_schema
from .catalog import ANYONE, Catalog, Operation, System, pack, packs
from .ending import Whose
from .operations import callers
from .target import Budgets

__all__ = ["capabilities", "requirements", "schema", "tables", "top"]

_FILE = Path(__file__).with_name("profile.schema.json")


def schema(catalog: Catalog) -> dict[str, Any]:
    """The schema (draft-07), with what the catalogue knows, somebody's own systems among it."""
    whole = copy.deepcopy(dict(tables()))
    known, systems = whole["properties"], list(catalog.systems)
    operations = {each.id: each for system in catalog.systems.values() for each in system.operations}
    known["systems"]["items"]["enum"] = systems
    known["capabilities"]["items"]["enum"] = sorted(capabilities(catalog))
    known["channels"]["properties"] = {name: _channels(whole, catalog.system(name)) for name in systems}
    whole["definitions"]["readable"] = {"enum": sorted({name for one in operations.values() for name in one.answers})}
    known["operations"]["properties"] = {
        name: _call(whole["definitions"]["operation"], operation) for name, operation in operations.items()
    }
    known["tiers"]["additionalProperties"]["properties"]["unlocks"]["properties"]["operation"]["enum"] = [*operations]
    known["known_failures"]["propertyNames"]["enum"] = sorted(requirements(catalog))
    known["budgets"]["properties"] = {
        limit.name: {
            "$ref": f"#/definitions/{'whole' if isinstance(limit.default, int) else 'duration'}",
            "description": limit.metadata["meaning"],
            "default": limit.default if isinstance(limit.default, int) else f"{limit.default:g}s",
        }
        for limit in fields(Budgets)
    }
    contract = whole["definitions"]["contract"]
    contract_schema.explained(contract)
    known["contracts"]["properties"] = {
        system.name: contract_schema.of(contract, system, catalog.roles)
        for system in catalog.systems.values()
        if system.reading is not None
    }
    whole["definitions"]["person"] = _person(whole["definitions"]["identity"], catalog)
    known["session"]["properties"] = _session(whole, catalog)
    del whole["definitions"]["operation"]
    known["environments"]["additionalProperties"]["properties"] = {
        name: {"$ref": f"#/properties/{name}"} for name in top()
    }
    return whole


def top() -> tuple[str, ...]:
    """The keys at the top of a profile that an environment may override: all of them but the environments."""
    return tuple(name for name in tables()["properties"] if name != "environments")


def capabilities(catalog: Catalog) -> set[str]:
    """Every capability that a server can claim."""
    systems = catalog.systems.values()
    lines = [*catalog.shared, *(line for system in systems for line in system.requirements)]
    calls = [call for system in systems for call in system.operations]
    return {name for name in (*(line.capability for line in lines), *(call.capability for call in calls)) if name}


def requirements(catalog: Catalog) -> set[str]:
    """The ids of all requirements, those of the packs as well."""
    return {line.id for line in (*catalog.requirements(), *(line for name in packs() for line in pack(name)))}


@cache
def tables() -> Mapping[str, Any]:
    """The schema as it stands in the file: without what the catalogue knows."""
    tables: Mapping[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return tables


def _person(identity: Mapping[str, Any], catalog: Catalog) -> dict[str, Any]:
    """An identity, with the role that it has."""
    person = copy.deepcopy(dict(identity))
    person["required"] = ["role"]
    person["properties"]["role"] = {"type": "string", "enum": list(catalog.roles)}
    return person


def _channels(whole: Mapping[str, Any], system: System) -> dict[str, Any]:
    """The main channel of a system, and its further ones in it: a table, or false where the server has none."""
    main: dict[str, Any] = copy.deepcopy(dict(whole["definitions"]["channel"]))
    one = {"anyOf": [{"const": False}, {"$ref": "#/definitions/channel"}]}
    main["properties"] |= {channel.name: one for channel in system.channels[1:]}
    return main


def _call(general: Mapping[str, Any], operation: Operation) -> dict[str, Any]:
    """One call: a table, or false where the server has no such call.

    Of its answer may be said what is read from it first, and the names that are read from others.
    """
    table = copy.deepcopy(dict(general))
    told = table["properties"]
    told["identity"] |= {"enum": list(callers(operation)), "default": operation.role, "description": "Who calls it."}
    told["caller"]["enum"] = list(callers(operation))
    told["answers"] |= {
        "properties": {name: {"type": "string", "default": place} for name, place in operation.answers.items()},
        "additionalProperties": {"$ref": "#/definitions/place"},
        "propertyNames": {"$ref": "#/definitions/readable"},
    }
    return {"description": operation.summary, "anyOf": [{"const": False}, table]}


def _session(whole: Mapping[str, Any], catalog: Catalog) -> dict[str, Any]:
    """What `[session]` has: calls that no contract describes, and channels of any wire."""
    call = copy.deepcopy(dict(whole["definitions"]["operation"]))
    roles = {"type": "string", "enum": [ANYONE, *catalog.roles], "description": "Who calls it."}
    call["properties"] |= {"identity": roles, "caller": roles}
    call["properties"]["answers"] = {"type": "object", "additionalProperties": {"$ref": "#/definitions/place"}}
    ending = copy.deepcopy(call)
    ending["properties"] |= {
        "ends": {"enum": [*Whose], "description": "Which sessions of its user it ends."},
        "again": {"type": "boolean", "default": True, "description": "Whether its user may log in again at once."},
        "after": {
            "$ref": "#/definitions/duration",
            "description": "Where time ends it and no call: how long after it began.",
        },
        "undo": {**call, "description": "The call that takes it back."},
    }
    channel = copy.deepcopy(dict(whole["definitions"]["channel"]))
    channel["required"] = ["kind"]
    channel["properties"]["kind"] = {"enum": ["socketio", "sse", "websocket"], "description": "Its wire."}
    named = {"calls": call, "ends": ending, "channels": channel}
    described: Mapping[str, Mapping[str, Any]] = whole["properties"]["session"]["properties"]
    return {
        key: {**told, **({"additionalProperties": named[key]} if key in named else call)}
        for key, told in described.items()
    }
