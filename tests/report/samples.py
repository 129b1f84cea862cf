"""Runs as they really look: a check that passes, one that fails, a good swarm, one that proves nothing."""

import math
import random
from dataclasses import replace
from functools import cache

from hdrh.histogram import HdrHistogram

from eventproof.history import Kind, Record
from eventproof.report.records import (
    Check,
    Course,
    Delivery,
    Flow,
    Frame,
    Gauge,
    Latency,
    Load,
    Machine,
    Objective,
    RequirementResult,
    Run,
    Series,
)
from eventproof.verdict import Level, Outcome, Verdict

TARGET = "http://127.0.0.1:8000"
MESSAGE = "Your account has been banned by an administrator."

REQUIREMENTS: tuple[tuple[str, Level, str], ...] = (
    ("UST-CONN-1", Level.MUST, "A user with a valid token can open the channel, and the user's events arrive."),
    ("UST-CONN-2", Level.MUST, "A connection without a valid token is refused before any event is sent."),
    ("UST-BAN-1", Level.MUST, "On ban, every open connection of the user, on every device, receives user.banned."),
    ("UST-BAN-2", Level.MUST, "Every one of those connections is then closed by the server."),
    ("UST-BAN-3", Level.MUST, "The event arrives before its connection closes: the user must see why."),
    ("UST-BAN-4", Level.MUST, "Once the ban call is answered, every token issued before it is refused by REST."),
    ("UST-BAN-8", Level.SHOULD, "From the start of the ban call to the last connection closed: at most 1 s."),
    ("UST-BAN-10", Level.MUST, "A connection that is being opened while the ban is carried out does not outlive it."),
    ("UST-BAN-11", Level.MUST, "A ban also ends the user's Server-Sent-Events streams and native WebSockets."),
    ("UST-UNBAN-3", Level.MAY, "user.unbanned is sent; where it is, it is valid and goes to that user alone."),
    ("UST-TIER-1", Level.MUST, "Every connection of the user receives user.tier.updated, which names the tier."),
    ("UST-SCOPE-1", Level.MUST, "Nothing outside the catalogue is sent on the channel."),
    ("ALL-MSG-1", Level.MUST, "Refusals carry a code and a sentence that a person can act on, and no stack trace."),
)  # fmt: skip

FRAMES = (
    Frame(0.0, "user-1/phone", "opened", "connection on /"),
    Frame(0.0041, "user-1/laptop", "opened", "connection on /"),
    Frame(0.0083, "user-2", "opened", "connection on / (the twin that must stay)"),
    Frame(0.0127, "admin-1", "called", "banUser {userId: 7c1f0c1e}"),
    Frame(0.0143, "user-1/phone", "frame-in", f'42["user.banned",{{"message":"{MESSAGE}"}}]'),
    Frame(0.0146, "user-1/phone", "frame-in", "41"),
    Frame(0.0147, "user-1/phone", "closed", "by the server"),
    Frame(0.0151, "user-1/laptop", "frame-in", f'42["user.banned",{{"message":"{MESSAGE}"}}]'),
    Frame(0.0162, "admin-1", "answered", "200 {banned: true}"),
    Frame(2.0163, "user-1/laptop", "frame-in", "2"),
    Frame(2.0164, "user-1/laptop", "frame-out", "3"),
    Frame(5.0165, "user-1/laptop", "note", "still open 5.0 s after the ban, heartbeats answered"),
)


def requirement(
    name: str = "UST-BAN-2",
    *,
    verdict: Verdict = Verdict.PASS,
    level: Level = Level.MUST,
    sentence: str = "Every one of those connections is then closed by the server.",
    reason: str = "",
    checks: tuple[Check, ...] = (),
) -> RequirementResult:
    system = "user-state" if name.startswith("UST") else "every system"
    return RequirementResult(name, system, level, sentence, "specs/user-state-sync.md, 3.1", verdict, reason, checks)


def check(
    name: str = "test_a_ban_closes_every_connection",
    *requirements: str,
    verdict: Verdict = Verdict.PASS,
    seconds: float = 0.1,
    reason: str = "",
    expected: str = "",
    observed: str = "",
    frames: tuple[Frame, ...] = (),
    repeat: str = "",
) -> Check:
    return Check(name, requirements or ("UST-BAN-2",), verdict, seconds, reason, expected, observed, frames, repeat)


def run(
    *requirements: RequirementResult, outcome: Outcome = Outcome.PASS, kind: str = "check", notes: tuple[str, ...] = ()
) -> Run:
    return Run(
        kind=kind,
        target=TARGET,
        systems=("user-state",),
        started="2026-03-14T09:26:53Z",
        seconds=12.4,
        seed=20260314,
        tool="eventproof 0.1.0",
        outcome=outcome,
        command=f"eventproof {kind} {TARGET} --seed 20260314",
        requirements=requirements,
        notes=notes,
    )


def passing() -> Run:
    """A check in which all that is claimed holds."""
    return run(*(_passed(*row) for row in REQUIREMENTS))


def failing() -> Run:
    """A check with one of each verdict, and a failure that two requirements share."""
    results = {row[0]: _passed(*row) for row in REQUIREMENTS}
    silent = check(
        "test_a_ban_closes_every_connection",
        "UST-BAN-2",
        verdict=Verdict.FAIL,
        seconds=5.03,
        reason="user-1's connection on the laptop was still open 5.0 s after the ban",
        expected="the server closes both connections of user-1 within 5 s",
        observed="1 of 2 closed; the laptop's answered heartbeats and stayed open",
        frames=FRAMES,
        repeat=f"eventproof check {TARGET} --only UST-BAN-2 --seed 20260314",
    )
    late = check(
        "test_a_connection_being_opened_does_not_outlive_the_ban",
        "UST-BAN-10",
        verdict=Verdict.FAIL,
        seconds=5.4,
        reason="a connection opened during the ban call lived on",
        expected="refused, or closed within 5 s",
        observed="accepted 1.2 ms after the ban call began, open 5.0 s later",
        frames=FRAMES[3:9],
        repeat=f"eventproof check {TARGET} --only UST-BAN-10 --seed 20260314",
    )
    slow = check(
        "test_logout_is_immediate",
        "UST-BAN-8",
        verdict=Verdict.FAIL,
        seconds=1.6,
        reason="the last connection closed 1.42 s after the start of the ban call",
        expected="at most 1 s",
        observed="1.42 s",
        repeat=f"eventproof check {TARGET} --only UST-BAN-8 --seed 20260314",
    )
    changed = {
        "UST-BAN-2": (
            Verdict.FAIL,
            silent.reason,
            (silent, check("test_a_ban_closes_a_polling_connection", seconds=0.22)),
        ),
        "UST-BAN-3": (Verdict.FAIL, "one connection was never closed, so nothing came before its close", (silent,)),
        "UST-BAN-8": (Verdict.WARN, slow.reason, (slow,)),
        "UST-BAN-10": (Verdict.FAIL, late.reason, (late,)),
        "UST-BAN-11": (Verdict.NOT_TESTABLE, "the profile claims other_channels, but /api/me/stream answered 404", ()),
        "UST-UNBAN-3": (Verdict.NOT_APPLICABLE, "the profile does not claim it", ()),
        "UST-TIER-1": (
            Verdict.INCONCLUSIVE,
            "updateUserTier was not answered within 5 s, so what it did is unknown",
            (),
        ),
    }
    for name, (verdict, reason, checks) in changed.items():
        results[name] = replace(results[name], verdict=verdict, reason=reason, checks=checks)
    return replace(run(*results.values(), outcome=Outcome.FAIL), seconds=31.7)


def swarm() -> Run:
    """A swarm that meets its objectives."""
    return replace(
        run(kind="swarm"),
        seconds=24.8,
        command=f"eventproof swarm ban_storm {TARGET} --users 200 --run-time 20s --seed 20260314",
        objectives=(
            Objective("ban_to_logout: p(99) < 250ms", Verdict.PASS, "31.4 ms"),
            Objective("tier_to_event: p(99) < 100ms", Verdict.PASS, "9.81 ms"),
            Objective("leaked == 0", Verdict.PASS, "0"),
            Objective("lost == 0", Verdict.PASS, "0"),
        ),
        delivery=(
            Delivery("user.banned", 1_412, 1_412, 0, 0, 0, 0, 0),
            Delivery("user.tier.updated", 3_866, 3_866, 0, 2, 2, 0, 0),
        ),
        latency=(
            distribution("ban_to_answer", "from the ban to the answer of its call", 941, 3.1),
            distribution("ban_to_event", "from the ban to user.banned, each session", 1_412, 4.0),
            distribution("ban_to_closed", "from the ban to the end of each connection", 1_412, 4.6),
            distribution("ban_to_logout", "from the ban to the end of the user's last connection", 941, 5.2),
            distribution("ban_to_refused", "from the ban to the first call refused with the old token", 88, 7.9),
            distribution("tier_to_event", "from the tier update to user.tier.updated, each session", 3_866, 2.9),
            distribution("echo", "a bare WebSocket echo in the same run", 2_000, 0.16, spread=0.25, floor=True),
        ),
        load=Load(
            users=200,
            connections=287,
            seconds=20.0,
            processes=1,
            gauges=(
                Gauge("loop lag p99", 1.8, 20.0, "ms"),
                Gauge("send lag p99", 2.4, 50.0, "ms"),
                Gauge("CPU of the busiest process", 61.0, 90.0, "%"),
            ),
        ),
        series=series(),
        machine=Machine("AMD EPYC", 2, 25_276_514_304, "Linux 6.18", ("CPython 3.11.7", "locust 2.47.0")),
    )  # fmt: skip


def series(seconds: float = 24.3) -> Series:
    """What happened when in a ban storm that began after four seconds."""
    dice = random.Random(7)
    beats = range(math.ceil(seconds))
    counts = tuple(0 if beat < 4 else dice.randint(2, 6) for beat in beats)

    def course(metric: str, median: float) -> Course:
        p50 = tuple(round(median * dice.lognormvariate(0, 0.2), 3) if count else 0.0 for count in counts)
        return Course(metric, counts, p50, tuple(round(value * dice.uniform(2, 4), 3) for value in p50))

    return Series(
        begins=0.0,
        step=1.0,
        seconds=seconds,
        connections=tuple(float(min(287, 72 * beat + 36)) for beat in beats),
        flows=(
            Flow("sessions", tuple(72 if beat < 4 else 0 for beat in beats)),
            Flow("actions", counts),
            Flow("delivered", tuple(count * 12 for count in counts)),
            Flow("acknowledged", (0,) * len(beats)),
            Flow("lost", tuple(int(beat == 14) * 7 for beat in beats)),
        ),
        courses=(
            course("ban_to_logout", 5.2),
            course("tier_to_event", 2.9),
            course("loop_lag", 0.4),
            course("send_lag", 0.2),
        ),
    )


def invalid() -> Run:
    """A swarm that lost events, by a generator too busy to be believed."""
    good = swarm()
    assert good.load is not None
    lag = "loop lag p99 was 212 ms (limit 20 ms)"
    return replace(
        good,
        outcome=Outcome.INVALID,
        objectives=(
            Objective("ban_to_logout: p(99) < 250ms", Verdict.INCONCLUSIVE, "1,204 ms"),
            Objective("leaked == 0", Verdict.PASS, "0"),
        ),
        delivery=(
            Delivery("user.banned", 1_412, 1_399, 13, 4, 1, 2, 0, late=9),
            Delivery("user.tier.updated", 3_866, 3_866, 0, 0, 0, 0, 0),
        ),
        load=replace(
            good.load,
            saturated=lag,
            stragglers=("user-17/phone", "user-93/laptop"),
            gauges=(Gauge("loop lag p99", 212.0, 20.0, "ms"), Gauge("send lag p99", 188.0, 50.0, "ms")),
        ),
        notes=("the figures of worker 2 came 3.1 s after the deadline and are not in here",),
    )  # fmt: skip


def history() -> tuple[Record, ...]:
    """A few records of each shape, with a secret in every place where one can hide."""
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3YzFmIn0.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg"
    return (
        Record(0.0, Kind.CALLED, "user-1", name="login", payload={"email": "ada@example.org", "password": "hunter2!"}),
        Record(0.012, Kind.ANSWERED, "user-1", name="login", payload={"status": 200, "body": {"token": token}}),
        Record(0.0134, Kind.FRAME_OUT, "user-1", "user-1/phone", "/", payload=f'40{{"token":"{token}"}}'),
        Record(0.02, Kind.RECEIVED, "user-1", "user-1/phone", "/", "user.banned", {"message": MESSAGE}),
        Record(0.021, Kind.FRAME_IN, "user-1", "user-1/phone", "/", payload=b"\x00\x01"),
        Record(0.022, Kind.CLOSED, "user-1", "user-1/phone", "/", payload={"by": "peer", "reason": math.nan}),
    )


@cache
def distribution(
    metric: str, what: str, count: int, median: float, *, spread: float = 0.6, floor: bool = False
) -> Latency:
    """Samples around `median` milliseconds with a long tail, the same ones every time."""
    dice = random.Random(metric)
    histogram = HdrHistogram(1, 3_600_000_000, 3)
    for _ in range(count):
        histogram.record_value(max(1, round(1_000 * median * dice.lognormvariate(0, spread))))
    figures = [histogram.get_value_at_percentile(share) / 1_000 for share in (0.001, 50, 90, 99, 99.9, 100)]
    minimum, p50, p90, p99, p999, maximum = figures
    encoded = histogram.encode().decode("ascii")
    return Latency(metric, what, count, minimum, p50, p90, p99, p999, maximum, histogram=encoded, floor=floor)


def _passed(name: str, level: Level, sentence: str) -> RequirementResult:
    seconds = round(random.Random(name).uniform(0.02, 0.9), 3)
    words = sentence.lower().replace(",", "").replace(".", " ").split()[:8]
    passed = check(f"test_{'_'.join(words)}", name, seconds=seconds, repeat=f"eventproof check {TARGET} --only {name}")
    return requirement(name, level=level, sentence=sentence, checks=(passed,))
