"""The records of a run. Reports read them and steer nothing; every format is derived from one `Run`."""

import re
from dataclasses import dataclass
from typing import Final

from eventproof.verdict import Level, Outcome, Verdict

SERVICE: Final = " (service)"
"""Ends the name of a latency that runs from the actual start of its cause, and not from the intended one."""
_ABOUT: Final = re.compile(
    r"\s*(?P<metric>[A-Za-z_][\w.:-]*?)\s*(?:\[[^\[\]]*\])?\s*"
    r"(?::\s*(?P<service>service\s+)?(?:count|min|mean|max|p\()|[<>=!])"
)
"""How the line of an objective begins."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One line of the time line around a failure; `at` is seconds since the check began."""

    at: float
    actor: str
    kind: str
    text: str
    marked: bool = False
    """Whether it is what the check found."""

    @property
    def told(self) -> str:
        """The text, with a mark behind it where this is what the check found."""
        return f"{self.text}  <- this" if self.marked else self.text


@dataclass(frozen=True, slots=True)
class Check:
    """One case that ran (or was left out), and what it showed of its requirements."""

    name: str
    requirements: tuple[str, ...]
    verdict: Verdict
    seconds: float
    reason: str = ""
    """Why it is not a plain pass, in a sentence."""
    expected: str = ""
    observed: str = ""
    frames: tuple[Frame, ...] = ()
    repeat: str = ""
    """One command that repeats just this check."""
    waits_for: tuple[str, ...] = ()
    """The requirements whose failure is why nothing could be said; empty where that is not known."""
    breaks: tuple[str, ...] = ()
    """What of a contract does not hold, as `SYSTEM/EVENT/audience`; empty where no other case can find the same."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """What is likely wrong where a requirement does not hold, and what mends it; code in it stands in backticks."""

    cause: str
    mend: str
    node: str = ""
    """How, with Node's socket.io, where that differs."""
    python: str = ""
    """How, with python-socketio, where that differs."""
    native: str = ""
    """How, on a native WebSocket or a stream, where that differs."""

    @property
    def ways(self) -> tuple[tuple[str, str], ...]:
        """What mends it, each with the library that it is for; the first one is for any server."""
        told = (
            ("mend", self.mend),
            ("Node's socket.io", self.node),
            ("python-socketio", self.python),
            ("WebSocket, SSE", self.native),
        )
        return tuple((where, what) for where, what in told if what)


@dataclass(frozen=True, slots=True)
class RequirementResult:
    """One requirement of the systems under test, whether it was run or not."""

    id: str
    system: str
    level: Level
    sentence: str
    source: str
    verdict: Verdict
    reason: str
    checks: tuple[Check, ...]
    selected: bool = True
    """Whether it was asked for; what was not is listed, and counts for nothing."""
    remedies: tuple[Remedy, ...] = ()
    """Where it does not hold: what is likely wrong, by what its checks found."""


@dataclass(frozen=True, slots=True)
class Objective:
    """One service-level objective, as written, and what was measured of it."""

    expression: str
    verdict: Verdict
    observed: str

    @property
    def metric(self) -> str:
        """What it is about, by the name under which that is measured: in a step or a system, that of the whole."""
        begun = _ABOUT.match(self.expression)
        return "" if begun is None else begun["metric"] + (SERVICE if begun["service"] else "")


@dataclass(frozen=True, slots=True)
class Delivery:
    """The account of one event: every expected recipient of every action is either delivered or lost."""

    event: str
    expected: int
    delivered: int
    lost: int
    duplicate: int
    explained: int
    """Those of the duplicates that a retry or a new connection accounts for."""
    out_of_order: int
    """Received after what a later action caused: of the same claim, say; without such a subject, of the same event."""
    leaked: int
    late: int = 0
    """Those of the lost that arrived after their time was over."""
    acknowledged: int = 0
    """Those that we acknowledged, each counted once."""
    retried: int = 0
    """Those of the duplicates whose acknowledgement the sender may still have waited for."""
    away: int = 0
    """Caused while their recipient had no connection, and not claimed to be sent again on the return: not expected."""
    invalid: int = 0
    """Received with a payload that does not fit the contract."""


@dataclass(frozen=True, slots=True)
class Latency:
    """One distribution, in milliseconds, from the intended time of the action."""

    metric: str
    what: str
    """What it measures, in words."""
    count: int
    minimum: float
    p50: float
    p90: float
    p99: float
    p999: float
    maximum: float
    histogram: str = ""
    """The HDR histogram in its compressed base64 form, in microseconds."""
    floor: bool = False
    """Measured in the same run without a target's work (a bare echo): what no target can be faster than."""

    @property
    def is_service(self) -> bool:
        """Whether it runs from the actual start of the action: without what the load generator was late."""
        return self.metric.endswith(SERVICE)


@dataclass(frozen=True, slots=True)
class Gauge:
    """One reading of the load generator's own health; above its limit the figures are not believed."""

    name: str
    value: float
    limit: float
    unit: str
    by_chance: bool = False
    """Above its limit by so few samples that chance may have it so: then what is met is believed all the same."""

    @property
    def is_over(self) -> bool:
        """Whether it is above its limit."""
        return self.value > self.limit


@dataclass(frozen=True, slots=True)
class Contract:
    """The contract of one system that a run was judged by: its version, and a digest of all that it says."""

    system: str
    version: str
    digest: str


@dataclass(frozen=True, slots=True)
class Load:
    """What the load generator itself did, and whether its figures can be trusted."""

    users: int
    connections: int
    seconds: float
    processes: int
    saturated: str = ""
    """Why the generator is too busy to be believed; empty where it is not."""
    stragglers: tuple[str, ...] = ()
    """Sessions that outlived their ban or never ended, by name."""
    gauges: tuple[Gauge, ...] = ()
    scenario: str = ""
    """What its users did: the names of the locustfiles."""


@dataclass(frozen=True, slots=True)
class Flow:
    """How many of one thing there were in each stretch of a series."""

    name: str
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Course:
    """One latency as it went: what each stretch of a series had of it, in milliseconds, and 0.0 where that is nothing.

    Within 3 % of the truth: the whole run's distribution is the exact one.
    """

    metric: str
    counts: tuple[int, ...]
    p50: tuple[float, ...]
    p99: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """What happened when, in stretches of the same length."""

    begins: float
    """When the first one begins, in seconds since the start of the test: 0 in a report of the whole."""
    step: float
    """The length of a stretch, in seconds; the longer the run, the longer these are."""
    seconds: float
    """How much time they cover; the last one may be cut."""
    connections: tuple[float, ...]
    """How many were open, on the average of each stretch."""
    flows: tuple[Flow, ...]
    courses: tuple[Course, ...]


@dataclass(frozen=True, slots=True)
class Glance:
    """What is known of a swarm while it runs."""

    seconds: float
    """Since the test began."""
    recent: Series
    """The last seconds as one stretch."""
    delivery: tuple[Delivery, ...]


@dataclass(frozen=True, slots=True)
class Machine:
    """Where a run was made."""

    processor: str
    cores: int
    memory: int
    """In bytes; 0 where the system does not tell."""
    system: str
    software: tuple[str, ...]
    """Names with their versions: `Python 3.11.2`."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of `check`, `swarm` or `demo`."""

    kind: str
    target: str
    systems: tuple[str, ...]
    started: str
    """UTC, ISO 8601."""
    seconds: float
    seed: int
    tool: str
    """`eventproof 0.1.0`."""
    outcome: Outcome
    command: str
    """What repeats the run."""
    requirements: tuple[RequirementResult, ...] = ()
    objectives: tuple[Objective, ...] = ()
    delivery: tuple[Delivery, ...] = ()
    latency: tuple[Latency, ...] = ()
    load: Load | None = None
    series: Series | None = None
    machine: Machine | None = None
    notes: tuple[str, ...] = ()
    """Remarks for a person: known failures, what was left out, why the run is invalid."""
    contracts: tuple[Contract, ...] = ()
    """Those of its systems."""
    judged: tuple[str, ...] = ()
    """How much of what it could promise is judged of each contract that is somebody's own: `7 of 9 things of chat`."""
