"""The records of a run. Reports read them and steer nothing; every format is derived from one `Run`."""

from dataclasses import dataclass

from eventproof.verdict import Level, Outcome, Verdict


@dataclass(frozen=True, slots=True)
class Frame:
    """One line of the time line around a failure; `at` is seconds since the check began."""

    at: float
    actor: str
    kind: str
    text: str


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


@dataclass(frozen=True, slots=True)
class Objective:
    """One service-level objective, as written, and what was measured of it."""

    expression: str
    verdict: Verdict
    observed: str


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


@dataclass(frozen=True, slots=True)
class Gauge:
    """One reading of the load generator's own health; above its limit the figures are not believed."""

    name: str
    value: float
    limit: float
    unit: str


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
    """Where the load came from."""

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
