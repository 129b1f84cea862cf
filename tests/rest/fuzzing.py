"""Schemathesis over the whole REST interface of one system, as a child process; the same requests every time."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eventproof.catalog import ADMIN, ANYONE, USER, OfSession, Operation, System
from eventproof.catalog.linking import linked
from eventproof.catalog.pointer import reached
from eventproof.reference import Reference

SECONDS = 150.0
"""How long one run may take."""

_SETTINGS = """
hooks = {hooks}
[generation]
deterministic = true
[phases.examples]
enabled = {deep}
[phases.fuzzing]
enabled = {deep}
generation.max-examples = 12
[phases.stateful]
enabled = {deep}
max-steps = 12
generation.max-examples = 50
inference.algorithms = []
[warnings]
enabled = false
"""
"""Of the links, ours alone are followed: those that Schemathesis makes up lead away from what they lead to."""


@dataclass(frozen=True, slots=True)
class Note:
    """One call that was made: by its documented operation, with the method and the token that it really had."""

    operation: str
    method: str
    status: int
    role: str

    @property
    def is_accepted(self) -> bool:
        """Whether the server did it."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a run: whether Schemathesis found nothing, what it said, and every call."""

    passed: bool
    said: str
    calls: tuple[Note, ...]

    def accepted(self, system: System) -> set[str]:
        """The operations that were accepted at least once."""
        return {call.operation for call in self.calls if call.is_accepted and _is_itself(call, system)}

    def overstepped(self, system: System) -> Iterator[str]:
        """The calls that were accepted with the token of a role that may not make them."""
        for call in self.calls:
            operation = system.operation(call.operation)
            if call.is_accepted and _is_itself(call, system) and not _may(call.role, operation):
                yield f"{call.operation} by {call.role}"


def fuzz(system: System, role: str | None, reference: Reference, folder: Path) -> Ran:
    """Try every operation of a system with the token of a role; without one, with that of who may call it.

    The latter goes deeper: examples, made-up data, and the links from what one call answers to the next. With the token
    of a role, it is every boundary of every parameter.
    """
    known, document = folder / "known.json", folder / "openapi.json"
    known.write_text(json.dumps(_known(system, role, reference)), encoding="utf-8")
    document.write_text(json.dumps(linked(system.openapi, system.operations)), encoding="utf-8")
    settings = folder / "schemathesis.toml"
    hooks = json.dumps(str(Path(__file__).with_name("hooks.py")))
    settings.write_text(_SETTINGS.format(hooks=hooks, deep=json.dumps(role is None)), encoding="utf-8")
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(settings), "run", str(document)]
    environment = {**os.environ, "EVENTPROOF_FUZZING": str(known)}
    done = subprocess.run(
        [*command, "--url", reference.url, "--checks", "all", "--no-color"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    notes = folder / "calls.ndjson"
    calls = notes.read_text(encoding="utf-8").splitlines() if notes.exists() else []
    return Ran(done.returncode == 0, done.stdout + done.stderr, tuple(Note(**json.loads(line)) for line in calls))


def _known(system: System, role: str | None, reference: Reference) -> dict[str, Any]:
    people: dict[str, list[Any]] = {}
    for line in (reference.profile.parent / "credentials.ndjson").read_text(encoding="utf-8").splitlines():
        person = json.loads(line)
        people.setdefault(person["role"], []).append(person)
    login = next(call for call in system.operations if call.session is OfSession.BEGINS)
    return {
        "role": role,
        "member": system.member,
        "people": {name: people[name] for name in {USER, ADMIN, *system.roles} if name in people},
        "login": reference.url + login.path,
        "operations": {
            call.id: {
                "role": call.role,
                "method": call.method,
                "ends": call.ends,
                "begins": call.session is OfSession.BEGINS,
                "refusals": call.refusals,
                "people": dict(call.people),
                "headers": dict(_headers(system, call)),
            }
            for call in system.operations
        },
    }


def _headers(system: System, call: Operation) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The schemas of the headers that a call takes."""
    item = system.openapi["paths"][call.path]
    for given in (*item.get("parameters", ()), *item[call.method.lower()].get("parameters", ())):
        parameter = reached(system.openapi, given["$ref"].removeprefix("#")) if "$ref" in given else given
        if parameter["in"] == "header":
            yield parameter["name"], {**parameter["schema"], "components": system.openapi.get("components", {})}


def _is_itself(call: Note, system: System) -> bool:
    """Whether it was made with the operation's own method: Schemathesis tries the others, too."""
    return call.method == system.operation(call.operation).method


def _may(role: str, operation: Operation) -> bool:
    return ANYONE in operation.roles or role in operation.roles or (USER in operation.roles and role != ANYONE)
