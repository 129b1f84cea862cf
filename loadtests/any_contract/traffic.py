"""What users of any contract are told in a scenario of any system: whatever its calls cause, at the rates of [traffic].

Nobody wrote more of the system than its document and the profile. All that happens is about users who are there.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from eventproof import layout
from eventproof.load.controller import target_of
from eventproof.load.generator import Generator
from eventproof.load.scenario import Scenario
from eventproof.population import Habit
from eventproof.target import Identity

from . import rates
from .choosing import choose
from .hall import hall_of
from .listener import Listener

if TYPE_CHECKING:
    from loadtests.any_system.traffic import Traffic
else:
    Traffic = layout.loadtests("any_system.traffic").Traffic

__all__ = ["TRAFFIC", "ContractTraffic"]


class ContractTraffic(Traffic):
    """Users make calls, or have them made about them."""

    is_of_one = False

    def __init__(self, generator: Generator) -> None:
        super().__init__(generator)
        self._hall = hall_of(generator)
        target = generator.target
        system, known, said, errors = self._hall.system, target.operations, target.population, target.catalog.errors
        self._rates: Mapping[str, float] = rates.rates(system, known, said, 1.0, errors)
        self._left_out = rates.left_out(system, known, said, errors)

    @classmethod
    def choose(cls, scenario: Scenario, options: Any) -> None:
        """As the profile has it. Raises UsageError where nothing can be done."""
        if options.target or not options.worker:  # else the master says which target, before the test
            choose(scenario, target_of(options), options.system, options.tell_rate)

    @property
    def has_somebody(self) -> bool:
        """Whether anybody has been there who acts."""
        return bool(self._hall.acting.all())

    def member(self, identity: Identity, devices: int) -> Listener:
        """On so many devices, and on each further channel."""
        channels = [name for name in self.generator.channels if name is not None]
        return Listener(self.generator, identity, Habit.ACT, devices, channels)

    def begin(self) -> None:
        """Make what the calls are about."""
        self._hall.begin(tuple(self._rates), self._left_out)

    def aim(self) -> Listener | None:
        """The next user who is there."""
        found: list[Any] = self._hall.acting.next(1)
        if not found:
            self.generator.books.count("omitted")
        return found[0] if found else None

    def tell(self, aim: Listener, intended: float) -> None:
        """Make one of the calls."""
        (name,) = self.generator.random.choices(tuple(self._rates), tuple(self._rates.values()))
        self._hall.tell(self._hall.system.operation(name), aim, intended)


TRAFFIC: Final = ContractTraffic
