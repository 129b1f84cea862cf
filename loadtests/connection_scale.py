"""More and more users connect, in steps, and stay: how fast each step connects, and at which one the target gives way.

Each step lets in its users at the spawn rate and holds them, while members are told something; the last one lasts until
the run ends. The knee is the first step of which not everybody could connect, or whose latencies were too high.

locust -f loadtests/connection_scale.py --target eventproof.toml --headless -u 6000 -r 500 -t 2m
eventproof swarm connection_scale --users 18000 --spawn-rate 600 --run-time 7m --option steps=6 --option step-time=15
"""

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from eventproof import layout
from eventproof.errors import UsageError
from eventproof.load import plugin
from eventproof.load.account import SwarmAccount
from eventproof.load.actor import Actor
from eventproof.load.generator import Generator
from eventproof.load.greenlets import sleep
from eventproof.load.share import ProcessShare
from eventproof.load.staircase import Staircase
from eventproof.load.steps import Stairs, figures, steps_said
from eventproof.own_memory import held
from eventproof.target import Identity

if TYPE_CHECKING:
    from loadtests.any_system import people
else:
    people = layout.loadtests("any_system.people")

SPAWN_RATE: Final = 500.0
RUN_TIME: Final = 120.0
_MOST_STEPS: Final = 100
_GLANCE: Final = 0.05

plugin.latency("filled", "from the beginning of a step until everybody of it was connected, in each process")
plugin.count("steps", "steps of the run", of="steps")
plugin.count("steps_failed", "steps that were not well: the first one is the knee", of="steps")
plugin.objectives(
    "steps_failed == 0",
    "told: p(99) < 1s",
    "lost == 0",
    "leaked == 0",
    "unexplained == 0",
    "unopened == 0",
    "dropped == 0",
    "failed == 0",
)

plugin.option("--steps", least=1, most=_MOST_STEPS, type=int, default=6, help="In how many steps the users come.")
plugin.option(
    "--step-time",
    least=0,
    type=float,
    default=0.0,
    help="Seconds from one step to the next; 0: all steps fill the run.",
)
plugin.option(
    "--step-latency", above=0, type=float, default=1.0, help="Seconds that 99 of 100 may wait in a step that is well."
)
plugin.default("--multi-device", 0.0)
plugin.default("--tell-rate", 20.0)


def _stairs(options: Any, share: ProcessShare | None = None) -> Stairs:
    """The steps that the options ask for. Raises UsageError where a step is too short for its users."""
    users = max((options.num_users or 1) - options.admins, 1)
    seconds = options.step_time or (options.run_time or RUN_TIME) / options.steps
    return Stairs(users, options.steps, seconds, options.spawn_rate or 1.0, share or ProcessShare())


def _has_time(options: Any) -> None:
    if options.num_users is None:  # somebody will say it in the web UI
        return
    stairs = _stairs(options)
    if options.run_time and stairs.steps * stairs.seconds > options.run_time:
        raise UsageError(
            f"{stairs.steps} steps of {stairs.seconds:g} s take longer than the run of {options.run_time:g} s: "
            "raise --run-time, or choose fewer steps or a shorter step-time"
        )


plugin.check(_has_time)
plugin.entrance(_stairs)
plugin.steps()


def _conclude(account: SwarmAccount, options: Any) -> SwarmAccount:
    """What each step showed, where the knee is, and what a session costs on either side."""
    steps = figures(account, _stairs(options))
    failed = sum(bool(step.problem(options.step_latency)) for step in steps)
    notes = (*steps_said(steps, options.step_latency), *_memory(account))
    return SwarmAccount(counts={"steps": len(steps), "steps_failed": failed}, notes=notes)


def _memory(account: SwarmAccount) -> tuple[str, ...]:
    sessions = max(account.connections, 1)
    sides = (
        ("the load generator", account.count("own_memory"), account.count("own_memory_before")),
        ("the target", account.count("memory_most"), account.count("memory_before")),
    )
    return tuple(
        f"memory of {whose}: {most / 1024:.0f} MB, {max(most - before, 0) / sessions:.1f} kB a session"
        for whose, most, before in sides
        if most
    )


plugin.conclusion(_conclude)


class Inhabitant(people.Member):
    """Somebody who connects and stays."""

    def actor(self, generator: Generator, identity: Identity) -> Actor:
        """A member; with the first one, the steps begin."""
        if not generator.entered:
            options = self.environment.parsed_options
            generator.books.reading("own_memory_before", held() // 1024)
            generator.one(Staircase).walk(_stairs(options, generator.share))
            generator.last.append(partial(_weigh, generator))
        return super().actor(generator, identity)


class Teller(people.Teller):
    """Tells members something, from when the first one is connected."""

    def enter(self) -> None:
        """Wait for that one."""
        super().enter()
        while not self.traffic.has_somebody and not self.generator.stopping.is_set():
            sleep(_GLANCE)


def _weigh(generator: Generator) -> None:
    """Enter what this process holds while everybody is connected."""
    generator.books.reading("own_memory", held() // 1024)
