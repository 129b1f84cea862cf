"""The pack `session`: what must hold of sessions on any server. `[session]` in, a target and a catalogue out.

No contract is needed: the profile says what begins a session and shows whose it is, what ends it, and on which channels
it is connected. What follows from that is a system of its own, whose cases are those of `conformance/session`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from . import catalog as contracts
from . import endpoints, operations, profile, profile_schema, templates
from .catalog import ADMIN, ANYONE, USER, Catalog, Channel, Ends, OfSession, Operation, Requirement, System, Undoing
from .catalog.model import Derived
from .ending import ANOTHER_PASSWORD, ENDED_TOKEN, Ending, Endings, Whose
from .settings import Table
from .target import Action, Call, Command, Endpoint, Identity, Target

__all__ = ["NAME", "listed", "load", "template"]

NAME: Final = "session"
_TEMPLATE = Path(__file__).with_name("session.template.toml")
_NOBODY_KNOWS: Final = "userId"
_MOST: Final = 60.0
"""Seconds after which a session may end by itself at most: a case waits for it."""
_USUAL: Final = 2.0
"""Seconds after which a token expires that was signed for it."""
_EACH: Final[Mapping[str, str]] = {
    "SESSION-CLOSE-1": "closes",
    "SESSION-CLOSE-2": "closes-soon",
    "SESSION-SILENT-1": "silent",
    "SESSION-SILENT-2": "untold",
    "SESSION-TOKEN-1": "rest",
    "SESSION-TOKEN-2": "doors",
    "SESSION-RACE-1": "race",
    "SESSION-OTHERS-1": "same-user",
    "SESSION-OTHERS-2": "other-users",
    "SESSION-AGAIN-1": "again",
    "SESSION-AGAIN-2": "revived",
    "SESSION-RENEW-1": "renewed-after",
}
"""The requirements that have a case for each thing that ends a session, by the kind of that case."""
_ONCE: Final[Mapping[str, str]] = {"SESSION-OPEN-1": "opens", "SESSION-RENEW-2": "renewing"}
_WHERE: Final[Mapping[str, tuple[str, Any]]] = {
    "closes-soon": ("a call ends a session", lambda ending: ending.is_call),
    "untold": ("a call ends a session", lambda ending: ending.is_call),
    "race": ("a call ends a session", lambda ending: ending.is_call),
    "renewed-after": ("a call ends a session", lambda ending: ending.is_call),
    "same-user": (
        'something ends one session of its user and not all: ends = "this" or "others"',
        lambda ending: ending.whose is not Whose.ALL,
    ),
    "revived": (
        "a user may log in again, or what ended their sessions is undone",
        lambda ending: ending.is_call and (ending.again or ending.undone_by is not None),
    ),
}
"""The kinds of cases that are not about everything that ends a session: where they are, and of which."""


def template() -> str:
    """A commented profile to fill in, as `eventproof init --pack session` writes it."""
    return _TEMPLATE.read_text(encoding="utf-8")


def load(
    path: str | Path, environment: str | None = None, env: Mapping[str, str] | None = None
) -> tuple[Target, Catalog]:
    """The target that a profile describes, with its `[session]`, and the catalogue of that one system.

    Raises UsageError, in words, where something is missing or cannot be.
    """
    root = profile.opened(Path(path), environment, env)
    known = contracts.load()
    base = profile.server(root, Path(path), environment, known.roles, profile_schema.requirements(known))
    if "session" not in root:
        root.fail("session", "is missing: `eventproof init --pack session` writes a profile that has it")
    table = root.table("session")
    found = _Reading(table, base, known.roles)
    channels = found.channels()
    calls, endings = found.calls(), found.endings
    _must_suffice(table, base, endings)
    for key in profile_schema.top():
        root.__contains__(key)  # what else a profile says is for the check of its systems
    table.finish()
    root.finish()
    for call in calls.values():
        if isinstance(call, Command):
            profile.must_be_there(found.tables[call.operation], "command", call.arguments, Path(path).parent)
    told = any(_NOBODY_KNOWS in call.answers for call in calls.values())
    target = replace(
        base,
        systems=(NAME,),
        channels={(NAME, name): endpoint for name, (_, endpoint) in channels.items()},
        operations=calls,
        capabilities=frozenset(name for name in ("renews", "tells") if getattr(endings, name)),
        endings=endings,
        users=tuple(_known(user, number, told) for number, user in enumerate(base.users, 1)),
        admins=tuple(_known(admin, -number, told) for number, admin in enumerate(base.admins, 1)),
    )
    system = _system(tuple(channel for channel, _ in channels.values()), tuple(found.operations), endings)
    return target, _catalog(system)


def listed() -> Catalog:
    """The catalogue as it is of any profile: what ends a session is called NAME in the names of its cases."""
    endings = Endings({"NAME": Ending("NAME", Whose.THIS)}, renews="renews", tells="tells")
    return _catalog(_system((), (), endings))


def _catalog(system: System) -> Catalog:
    return Catalog({NAME: system}, (), {})


def _system(channels: tuple[Channel, ...], calls: tuple[Operation, ...], endings: Endings) -> System:
    lines = contracts.pack(NAME)
    return System(
        name=NAME,
        prefix=NAME.upper(),
        title="Sessions",
        channels=channels,
        events=(),
        operations=calls,
        requirements=tuple(_including(line, endings) for line in lines),
        openapi={},
        asyncapi={},
    )


def _including(line: Requirement, endings: Endings) -> Requirement:
    """A requirement with the cases that prove it; excluded where the profile has nothing that it is about."""
    if line.id in _ONCE:
        return replace(line, includes=(Derived(f"{NAME}-{_ONCE[line.id]}", None),))
    kind = _EACH[line.id]
    where, is_about = _WHERE.get(kind, ("", lambda _: True))
    about = [ending.name for ending in endings.known.values() if is_about(ending)]
    if not about:
        return replace(line, excluded=f"the profile names nothing of which it is true that {where}")
    return replace(line, includes=tuple(Derived(f"{NAME}-{kind}", name) for name in about))


def _known(identity: Identity, number: int, told: bool) -> Identity:
    """Somebody with an id by which the history knows them, where the target tells none and no call names one."""
    if identity.id is not None or told:
        return identity
    return replace(identity, id=identity.email or number)


def _must_suffice(table: Table, base: Target, endings: Endings) -> None:
    if not endings.known:
        table.fail("ends", 'names nothing: write a call that ends a session, such as ends.NAME = { path = "/leave" }')
    if len(base.users) < 2:
        raise_for = "two at least: one whose session ends, and one whose session does not"
        table.fail("begins", f"is of no use with {len(base.users)} of [[identities.users]]: give {raise_for}")


class _Reading:
    """Reads `[session]` call by call: each is an operation of its own."""

    def __init__(self, table: Table, base: Target, roles: tuple[str, ...]) -> None:
        self._table, self._base, self._roles = table, base, roles
        self._blank = System(NAME, NAME.upper(), "", (), (), (), (), {}, {})
        self._calls: dict[str, Action] = {}
        self._learnt: frozenset[str] = frozenset()
        """What the beginning of a session tells, by the names that the profile gives it."""
        self.operations: list[Operation] = []
        self.tables: dict[str, Table] = {}
        self.endings = Endings()

    def channels(self) -> dict[str, tuple[Channel, Endpoint]]:
        table = self._table.table("channels")
        names = table.names()
        if not names:
            table.fail("main", 'is missing: write a channel, such as channels.main = { kind = "socketio" }')
        return {
            name: endpoints.undocumented(table.table(name), name, self._base.socketio, self._base.rest)
            for name in names
        }

    def calls(self) -> dict[str, Action]:
        """All calls, by the names of the profile; `endings` says what they are."""
        table = self._table
        if "begins" in table:
            self._begins(table.table("begins"))
        elif not (self._base.jwt and self._base.jwt.claims) and not all(user.token for user in self._base.users):
            table.fail(
                "begins", "is missing: write the call that begins a session, [jwt] claims, or a token of each user"
            )
        self._one("shows", table.table("shows"), "GET", session=OfSession.SHOWS)
        reads = ["shows", *(self._one(name, entry, "GET") for name, entry in self._named("calls"))]
        renews = self._renews(table.table("renews")) if "renews" in table else None
        tells = (
            self._one("tells", table.table("tells"), "POST", further=frozenset({"number"}))
            if "tells" in table
            else None
        )
        known = {name: self._ending(name, entry) for name, entry in self._named("ends")}
        self.endings = Endings(known, tuple(reads), renews, tells)
        self._must_know_ids()
        return self._calls

    def _named(self, key: str) -> Iterator[tuple[str, Table]]:
        table = self._table.table(key)
        for name in table.names():
            if name in self._calls:
                table.fail(name, "is the name of another call in [session]: give it one of its own")
            yield name, table.table(name)

    def _begins(self, entry: Table) -> None:
        answers = entry.table("answers").names()
        self._one("begins", entry, "POST", session=OfSession.BEGINS, role=ANYONE, readable=frozenset(answers))
        self._learnt = frozenset(answers) - {"token"}
        if "token" not in answers:
            entry.table("answers").fail("token", 'is missing: where in the answer is the token, such as "/token"?')

    def _renews(self, entry: Table) -> str:
        answers = frozenset(entry.table("answers").names())
        if "token" not in answers:
            entry.table("answers").fail("token", 'is missing: where in the answer is the new token, such as "/token"?')
        return self._one("renews", entry, "POST", readable=answers)

    def _ending(self, name: str, entry: Table) -> Ending:
        again = entry.flag("again", True)
        if "path" not in entry and "command" not in entry:
            return self._expiry(name, entry, again=again)
        undo = entry.table("undo") if "undo" in entry else None
        role = self._role(entry)
        whose = Whose(entry.choice("ends", tuple(Whose), Whose.THIS if role == USER else Whose.ALL))
        if whose is Whose.OTHERS and role != USER:
            entry.fail("ends", 'is "others" only where a user calls it: they are all but the session that calls')
        undoing = None if undo is None else f"undo-{name}"
        further = frozenset({ANOTHER_PASSWORD, ENDED_TOKEN})
        changes = ANOTHER_PASSWORD in templates.names([entry.values.get(key) for key in ("body", "path", "command")])
        by_admin = undo is not None and self._role(undo, ADMIN) == ADMIN
        self._one(
            name,
            entry,
            "POST",
            role=role,
            further=further,
            ends=Ends.CALLER if role == USER else Ends.USER,
            undone_by=Undoing(undoing) if undoing and by_admin else None,
        )
        if undo is not None and undoing is not None:
            self._one(undoing, undo, "POST", role=self._role(undo, ADMIN), further=further)
        if changes and (undo is None or by_admin):
            entry.fail("undo", 'must be a call of the user that gives them their password back: identity = "user"')
        return Ending(name, whose, again, undone_by=undoing, changes_password=changes)

    def _expiry(self, name: str, entry: Table, *, again: bool) -> Ending:
        can_sign = self._base.jwt is not None and self._base.jwt.secret is not None
        if "after" not in entry and not can_sign:
            entry.fail(
                "path", 'is missing: write the call that ends a session; where time does, after = "15s", or [jwt]'
            )
        after = entry.duration("after", _USUAL)
        if after > _MOST:
            entry.fail("after", f"must be no more than {_MOST:g} s, since a case waits for it")
        entry.finish()
        return Ending(name, Whose.THIS, again, after, is_signed=can_sign)

    def _role(self, entry: Table, usual: str = USER) -> str:
        key = "caller" if "caller" in entry else "identity"
        return entry.choice(key, tuple(dict.fromkeys((ANYONE, USER, ADMIN, *self._roles))), usual)

    def _one(
        self,
        name: str,
        entry: Table,
        method: str,
        *,
        role: str | None = None,
        readable: frozenset[str] = frozenset({_NOBODY_KNOWS}),
        further: frozenset[str] = frozenset(),
        session: OfSession | None = None,
        ends: Ends | None = None,
        undone_by: Undoing | None = None,
    ) -> str:
        operation = Operation(
            system=NAME,
            id=name,
            method=method,
            path="",
            role=role or self._role(entry),
            summary=name,
            parameters=(),
            refusals=(),
            session=session,
            ends=ends,
            undone_by=undone_by,
        )
        self._calls[name] = operations.undocumented(entry, self._blank, operation, further | self._learnt, readable)
        self.operations.append(operation)
        self.tables[name] = entry
        return name

    def _must_know_ids(self) -> None:
        """Whoever is named by a call has an id."""
        told = any(_NOBODY_KNOWS in call.answers for call in self._calls.values())
        for name, call in self._calls.items():
            text = [call.path, call.body, dict(call.headers)] if isinstance(call, Call) else call.arguments
            named = {"userId", "id"} & set(templates.names(text))
            if named and not told and any(user.id is None for user in self._base.users):
                self.tables[name].fail(
                    "path",
                    f'needs {{{min(named)}}}, which nobody tells: write answers = {{ userId = "/id" }} in shows or '
                    "begins, with its place in the answer, or give each of [[identities.users]] an id",
                )
