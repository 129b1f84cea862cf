"""Our swarm's client as a swarm runs it: contract, ledger and histograms on, each receipt told to Locust.

Each change is for the recipients of one group and entered in the ledger before any is sent; what is measured ends when
every expectation is met, settled and forgotten.
"""

import locust  # noqa: F401 - patches the process, as in a swarm, before anything else is imported

# isort: split
from collections.abc import Sequence
from dataclasses import replace
from time import monotonic
from typing import Any, Final

import gevent
from locust.env import Environment

from eventproof import profile
from eventproof.load.actor import Actor
from eventproof.load.device import Device
from eventproof.load.generator import Generator
from eventproof.load.judgement import Match
from eventproof.load.node import Node
from eventproof.load.saturation import GeneratorLimits
from eventproof.load.scenario import Scenario
from eventproof.load.share import ProcessShare
from eventproof.target import Identity

from .measuring import GROUP, Pour, Taken, options, stamp_of, started, told

_SCENARIOS: Final = {
    "socket.io": (Scenario(system="marketplace"), "order:updated"),
    "websocket": (Scenario(system="marketplace", channels=("orders",)), "order_updated"),
    "sse": (Scenario(system="plan-sync"), "UPDATE"),
}
_WARM: Final = 50
_DEADLINE: Final = 30.0
"""Seconds; a client that falls behind is measured as well."""


class Member(Actor):
    """Somebody with one device, who notes how long what arrives took."""

    latencies: list[float]

    def received(self, device: Device, event: str, payload: Any, match: Match) -> None:  # noqa: ARG002 - an Actor's
        """A receipt was judged."""
        self.latencies.append(monotonic() - stamp_of(payload))


def _generator(url: str, scenario: Scenario, tokens: Sequence[str]) -> Generator:
    people = tuple(Identity(scenario.role, id=token, token=token) for token in tokens)
    target = replace(profile.for_url(url, env={}), users=people, others={scenario.role: people})
    environment = Environment()
    environment.create_local_runner()
    node = Node(environment, environment.runner, [scenario])

    return Generator(
        target,
        scenario=scenario,
        share=ProcessShare(),
        deadline=_DEADLINE,
        limits=GeneratorLimits(),
        seed=0,
        report=node.report,
    )


def _come_in(generator: Generator, count: int, channels: Sequence[str]) -> list[Device]:
    members = [
        generator.enter(lambda known, identity: Member(known, identity, 0 if channels else 1, channels))
        for _ in range(count)
    ]
    while any(member.is_connecting for member in members):
        gevent.sleep(0.01)
    return [member.devices[0] for member in members]


def _expect(generator: Generator, pour: Pour, crowd: Sequence[Device], event: str) -> None:
    """Enter every change: beforehand, since a client that falls behind would enter what it has read already."""
    for first in range(0, pour.messages, GROUP):
        due = pour.due(first)
        numbers = range(first, min(first + GROUP, pour.messages))
        devices = [crowd[number % len(crowd)] for number in numbers]
        subject = f"ord_{first // GROUP}"
        generator.books.expect(subject, event, devices, at=due, deadline=due + _DEADLINE, subject=subject)


def main() -> None:
    """Measure, and print it."""
    asked = options()
    scenario, event = _SCENARIOS[asked.wire]
    latencies: list[float] = []
    Member.latencies = latencies
    crowd_names = [f"crowd-{number}" for number in range(asked.users)]
    generator = _generator(asked.url, scenario, [*(f"warm-{number}" for number in range(_WARM)), *crowd_names])
    _come_in(generator, _WARM, scenario.channels)
    taken = Taken()
    crowd = _come_in(generator, asked.users, scenario.channels)
    connected = taken.processor, taken.memory
    generator.all_spawned()
    generator.wait_until_measuring()

    taken, pour = Taken(), started(asked)
    _expect(generator, pour, crowd, event)
    rate = gevent.spawn(pour.run).get()
    ledger = generator.books.ledger
    until = monotonic() + _DEADLINE
    while ledger.pending and monotonic() < until:
        gevent.sleep(0.01)
    ledger.settle(monotonic() + 10_000)
    pouring = taken.processor
    tally = ledger.tally(event)
    assert tally.expected == tally.delivered == len(latencies) == pour.messages, tally  # noqa: S101 - else it is no swarm
    assert tally.invalid == tally.leaked == len(ledger) == 0, tally  # noqa: S101
    told(asked, connected, pouring, rate, latencies)


if __name__ == "__main__":
    main()
