"""Which contract a swarm of any contract is about, and what follows from that for whoever takes part."""

from collections.abc import Mapping

from eventproof.errors import UsageError
from eventproof.load.scenario import Scenario
from eventproof.target import Target

from . import rates

__all__ = ["choose"]


def choose(scenario: Scenario, target: Target, name: str, whole: float) -> Mapping[str, float]:
    """The scenario is about this contract, as the profile has it; gives how often a second each call is made.

    Raises UsageError where nothing can be done. `whole` is how many calls a second there are in all where the profile
    gives no rates.
    """
    system, errors = target.catalog.system(name), target.catalog.errors
    made = rates.rates(system, target.operations, target.population, whole, errors)
    if not made:
        out = rates.left_out(system, target.operations, target.population, errors).items()
        why = "".join(f"; {call} is left out, as {reason}" for call, reason in out)
        raise UsageError(
            f"{target.source}: nothing is known that causes an event of {name} and leaves users as they are: name it "
            f"as trigger of an event, or give rates under [traffic]{why}"
        )
    for call in target.population.rates:
        system.operation(call)
    scenario.system = name
    scenario.members = scenario.acting = system.member
    scenario.keys = rates.told_apart_by(system)
    scenario.channels = tuple(
        channel.name
        for channel in system.channels[1:]
        if (name, channel.name) in target.channels and not channel.parameters
        if not channel.roles or system.member in channel.roles
    )
    return made
