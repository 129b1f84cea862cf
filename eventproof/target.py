"""A server under test as a frozen value: where it is, who may act on it, what each call is there, what it claims.

Only `profile.py` makes one from a file. Secrets are kept out of every `repr`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from . import catalog as contracts
from . import templates
from .catalog import ADMIN, USER, Catalog, OfSession, System, Wire
from .ending import Endings
from .errors import UsageError
from .population import Population


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this machine and nowhere else."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Transport(StrEnum):
    """How a connection is carried; `UPGRADE` begins with polling and goes over to a WebSocket."""

    WEBSOCKET = "websocket"
    POLLING = "polling"
    UPGRADE = "upgrade"
    SSE = "sse"


CARRIED: Final[Mapping[Wire, tuple[Transport, ...]]] = {
    Wire.SOCKET_IO: (Transport.WEBSOCKET, Transport.POLLING, Transport.UPGRADE),
    Wire.SSE: (Transport.SSE,),
    Wire.WEBSOCKET: (Transport.WEBSOCKET,),
}
"""What a channel of each wire may be carried by."""
SOCKET_IO: Final = CARRIED[Wire.SOCKET_IO]


@dataclass(frozen=True, slots=True)
class SocketIO:
    """Where the Socket.IO server answers, and what a client sends: in its requests, and in its CONNECT packet.

    `headers` (`Origin`, `Cookie`, …) and `query` may hold `{token}`.
    """

    path: str = "/socket.io/"
    transports: tuple[Transport, ...] = SOCKET_IO
    auth: Any = field(default_factory=lambda: {"token": "{token}"})
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One channel as it is on this server: where it answers, what a connection presents, how it is carried.

    `headers` and `query` may hold `{token}`: without a token, what holds it is left out.
    """

    wire: Wire
    known_as: str
    """The address under which the catalogue knows it."""
    address: str
    """The namespace of Socket.IO; else a path, which may have a query."""
    transports: tuple[Transport, ...]
    """The first is the one of a case that asks for none."""
    auth: Any = None
    """What a CONNECT of Socket.IO carries, with `{token}` where the token goes."""
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    name_at: str | None = None
    """Where a message has its event's name: a JSON pointer; None: where its wire has it."""

    @property
    def presents_token(self) -> bool:
        """Whether a connection shows whose session it is: otherwise it is open to all."""
        return "token" in templates.names([self.auth, dict(self.headers), dict(self.query)])


@dataclass(frozen=True, slots=True)
class Rest:
    """Where the calls go, the headers of every call, and where a refusal tells its reason.

    A header with `{token}` in it is left out of a call that carries none. `code` and `message` are JSON pointers into
    the body of a refusal.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=lambda: {"Authorization": "Bearer {token}"})
    code: str = "/error/code"
    message: str = "/error/message"
    refused_with: frozenset[int] = frozenset()
    """Further statuses with which a caller who may not is refused, such as 404, or 302 to a page to log in."""


@dataclass(frozen=True, slots=True)
class Identity:
    """One person of the target whom the profile lends to the tests, destructive actions included."""

    role: str
    id: str | int | None = None
    email: str | None = None
    password: str | None = field(default=None, repr=False)
    tier: str | None = None
    token: str | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """What to call them in messages for people."""
        return self.email or (self.role if self.id is None else str(self.id))


@dataclass(frozen=True, slots=True)
class Jwt:
    """How the target signs its tokens: lets the suite make an expired one, and mint them where `claims` is given.

    Where the secret cannot be given, `expired` is a token that was good once.
    """

    secret: str | bytes | None = field(default=None, repr=False)
    expired: str | None = field(default=None, repr=False)
    algorithm: str = "HS256"
    claims: Mapping[str, Any] | None = None
    lifetime: float = 3600.0


@dataclass(frozen=True, slots=True)
class Call:
    """What one operationId is on this server: an HTTP request, with `{names}` where parameters go.

    `answers` says by JSON pointer where in the answer a named thing is: `token`, `userId`, `tier`.
    `headers` are sent beside those of `Rest`, and in place of those of the same name.
    """

    operation: str
    method: str
    path: str
    identity: str
    """Who calls: `anyone`, `user`, `admin`, or another role."""
    body: Any = None
    answers: Mapping[str, str] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()
    """The parameters whose fields are left out of the body where they are not given."""
    headers: Mapping[str, str] = field(default_factory=dict)
    on_behalf: bool = False
    """Whether an admin makes here, for a user, what in our documents users do themselves; `{userId}` is that user."""
    session: OfSession | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """What one operationId is on this server: a program to run, with `{names}` where parameters go."""

    operation: str
    arguments: tuple[str, ...]
    identity: str
    answers: Mapping[str, str] = field(default_factory=dict)
    on_behalf: bool = False
    """As for `Call`."""
    refused: int | None = None
    """The exit code with which it refuses the caller, or what they ask for; every other one but 0 is a failure."""
    session: OfSession | None = None

    @property
    def tells_caller(self) -> bool:
        """Whether it is told who calls; otherwise whoever can run it may do it."""
        return any("{token}" in argument for argument in self.arguments)


@dataclass(frozen=True, slots=True)
class Emission:
    """What one operation is where a client does it by an event: sent on a connection of whoever acts."""

    operation: str
    channel: str
    """The address under which the catalogue knows the channel."""
    event: str
    arguments: tuple[Any, ...]
    """With `{names}` where parameters go."""
    identity: str
    answers: Mapping[str, str] = field(default_factory=dict)
    on_behalf: bool = False
    session: OfSession | None = None


Action = Call | Command | Emission


def _budget(value: float, meaning: str) -> Any:
    """A field of the table, with what it bounds."""
    return field(default=value, metadata={"meaning": meaning})


@dataclass(frozen=True, slots=True)
class Budgets:
    """How long each thing may take, in seconds."""

    connect: float = _budget(5.0, "From the first byte to the CONNECT answer, or to the refusal.")
    call: float = _budget(10.0, "Until a call is answered; later is inconclusive, not a failure.")
    event_arrival: float = _budget(5.0, "From the answer of the action to the event.")
    close: float = _budget(5.0, "From the answer of the ban until its connections are closed by the server.")
    ban_to_closed: float = _budget(1.0, "From the start of the ban call to the last connection closed (UST-BAN-8).")
    cleanup: float = _budget(10.0, "Until what clients left behind is gone from the gauges (ALL-LEAK-1).")
    heartbeat_interval: float = _budget(30.0, "Between two heartbeats of the server (SHD-HB-1).")
    heartbeat_timeout: float = _budget(
        60.0, "From the last answer to a heartbeat until the connection is closed (SHD-HB-2)."
    )
    ack_retry: float = _budget(10.0, "From an event that has to be acknowledged to its first repetition (SHD-ACK-1).")
    ack_retries_end: float = _budget(300.0, "From such an event until it is repeated no more (SHD-ACK-7).")
    stream_comment: float = _budget(
        30.0, "From what a stream last carried to the comment that keeps it alive (PLN-SSE-4)."
    )
    replay_window: float = _budget(300.0, "How far back the events reach that a returning user gets (SHD-CONN-7).")
    restriction_days: int = _budget(
        90, "From a payout until the subscription can be cancelled, in days of the member's time (SHD-PAY-3)."
    )
    settings_shown: float = _budget(1.0, "From the call that changes a storefront's settings to the event (MKT-SET-3).")
    under_attack: float = _budget(2.0, "Until a call is answered while others break a protocol (ALL-WIRE-1).")
    low_stock: int = _budget(10, "At this number or below it the stock of a product is low (MKT-PROD-3).")


@dataclass(frozen=True, slots=True)
class Entitlement:
    """A call that a tier unlocks."""

    operation: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Tier:
    """A plan: its name in calls, its name as users see it, what it unlocks that the tier below does not."""

    name: str
    shown: str
    unlocks: Entitlement | None = None


class MetricsFormat(StrEnum):
    """How the gauges are written down."""

    PROMETHEUS = "prometheus"
    """Its text, or OpenMetrics; a gauge is a name there."""
    JSON = "json"
    """A gauge is the JSON pointer of a number, or the name of one at the top."""


@dataclass(frozen=True, slots=True)
class Metrics:
    """Where the target counts what it holds, and the gauges that return to what they were when clients leave."""

    path: str
    """Under the base URL, or a URL of its own."""
    gauges: tuple[str, ...]
    format: MetricsFormat = MetricsFormat.PROMETHEUS
    identity: str = "anyone"
    """Who reads them: `anyone`, or `admin`, whose token goes in the headers of `[rest]`."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    memory: str | None = None
    """The gauge of the memory that the target holds, in bytes; None where it tells none."""


@dataclass(frozen=True, slots=True)
class Target:
    """A server under test. `source` is the profile or the URL that described it, as a person wrote it."""

    source: str
    base_url: str
    systems: tuple[str, ...]
    rest: Rest
    operations: Mapping[str, Action]
    socketio: SocketIO = SocketIO()
    channels: Mapping[tuple[str, str], Endpoint] = field(default_factory=dict)
    """The channels of each system that is there, by its name and theirs, also where not all are under test."""
    admins: tuple[Identity, ...] = ()
    users: tuple[Identity, ...] = ()
    others: Mapping[str, tuple[Identity, ...]] = field(default_factory=dict)
    """Those of further roles, by role."""
    jwt: Jwt | None = None
    webhook_secret: str | None = field(default=None, repr=False)
    """With what those sign who tell the target something by a webhook; None where the profile does not give it."""
    capabilities: frozenset[str] = frozenset()
    budgets: Budgets = Budgets()
    other_channels: tuple[Endpoint, ...] | None = None
    """Further channels of the same session. None where the profile does not say; empty where it says there is none."""
    tiers: tuple[Tier, ...] = ()
    """From the lowest to the highest."""
    openapi: str | Literal[False] | None = None
    """The path or the URL of the OpenAPI document that the target publishes; None: ours, False: there is none."""
    metrics: Metrics | None = None
    restart: tuple[str, ...] | None = None
    """The program that restarts the target, and returns when it answers again."""
    known_failures: Mapping[str, str] = field(default_factory=dict)
    allow_load: bool = False
    attacks: bool = True
    """Whether the check may break a protocol there, gently (ALL-WIRE-1)."""
    allow_hostile: bool = False
    """Whether it may be attacked with full force."""
    environment: str | None = None
    endings: Endings = field(default_factory=Endings)
    """What ends sessions; known only to the pack `session`."""
    folder: str | None = None
    """Where the programs of the profile run: in the profile's own folder; None: in ours."""
    own: tuple[System, ...] = field(default=(), repr=False)
    """The contracts of the profile's own."""
    population: Population = field(default_factory=Population)
    """Who takes part in the swarm of any contract."""
    is_sessionless: bool = False
    """Whether nothing begins a session here: who takes part presents the token of the profile, or none."""

    @property
    def catalog(self) -> Catalog:
        """All contracts that the profile may be about: its own, and those that are shipped."""
        return contracts.load().with_own(self.own)

    @property
    def may_be_loaded(self) -> bool:
        """Whether a load may go at it: it is on this machine, or the profile allows it."""
        return self.allow_load or all(map(is_loopback, (self.base_url, self.rest.url)))

    def require_hostile(self) -> None:
        """Raise UsageError, in words, where the profile does not allow attacks with full force."""
        if not self.allow_hostile:
            where = "there" if self.environment is None else f"under [environments.{self.environment}]"
            if self.folder is None:  # a bare URL
                where = "in a profile (`eventproof init` writes one)"
            raise UsageError(
                f"{self.source} does not allow attacks with full force: write allow_hostile = true {where} if the "
                "server is yours to attack, or leave --hostile out"
            )

    def people(self, role: str) -> tuple[Identity, ...]:
        """The identities that the profile gives of a role."""
        return {ADMIN: self.admins, USER: self.users}.get(role, self.others.get(role, ()))

    @property
    def login(self) -> str | None:
        """The operation that begins a session; None where the target has none."""
        return self._of_session(OfSession.BEGINS)

    @property
    def whoami(self) -> str | None:
        """The operation that shows whose session a token is of; None where the target has none."""
        return self._of_session(OfSession.SHOWS)

    def _of_session(self, wanted: OfSession) -> str | None:
        return next((name for name, call in self.operations.items() if call.session is wanted), None)

    @property
    def wires(self) -> frozenset[Wire]:
        """The wires of all of its channels."""
        return frozenset(channel.wire for channel in (*self.channels.values(), *(self.other_channels or ())))

    @property
    def served(self) -> tuple[str, ...]:
        """The systems that are there, whether they are under test or not."""
        return tuple(dict.fromkeys(system for system, _ in self.channels)) or self.systems

    def main(self, system: str) -> Endpoint:
        """The main channel of a system; UsageError where the system is not there."""
        for (owner, _), endpoint in self.channels.items():
            if owner == system:
                return endpoint
        raise UsageError(f"{self.source} has no channel of {system}: see systems")

    def tier(self, name: str) -> Tier:
        """The tier of this name; UsageError where the profile has none."""
        for tier in self.tiers:
            if tier.name == name:
                return tier
        raise UsageError(
            f'{self.source}: no tier is named "{name}"; [tiers] has {", ".join(t.name for t in self.tiers)}'
        )

    def require_people(self, *roles: str) -> None:
        """Raise UsageError, in words, where there is nobody of one of these roles."""
        for role in roles:
            if not self.people(role) and role in (ADMIN, USER):
                self.require_identities()
            elif not self.people(role):
                raise UsageError(
                    f'{self.source} gives nobody of the role "{role}": list them under [[identities.people]] of a '
                    "profile, or in a file of credentials that it names"
                )

    def require_identities(self, users: int = 1) -> None:
        """Raise UsageError, in words, where there is no admin or fewer than `users` users."""
        if self.admins and len(self.users) >= users:
            return
        missing = "no admin" if not self.admins else f"{len(self.users)} users where {users} are needed"
        raise UsageError(
            f"{self.source} gives {missing}: list them under [[identities.admins]] and [[identities.users]] of a "
            "profile (`eventproof init` writes one), or set EVENTPROOF_CREDENTIALS to a file of them, or "
            "EVENTPROOF_ADMIN_EMAIL, EVENTPROOF_ADMIN_PASSWORD, EVENTPROOF_USER_EMAILS and EVENTPROOF_USER_PASSWORD"
        )
