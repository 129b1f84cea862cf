"""Any contract, yours too: users listen, some act, some are slow, silent or cut; every event is accounted for.

What is done how often, and by whom, stands in the profile under [traffic]; where it does not, whatever causes anything
is done, in turn. What a call needs before it is made as the contract says, and what it does to a user is undone at
once; what it makes is removed at the end, and the report says what stays.

locust -f loadtests/traffic.py --target eventproof.toml
eventproof swarm traffic --users 200 --run-time 1m
"""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from eventproof import layout
from eventproof.errors import UsageError
from eventproof.load import plugin
from eventproof.load.acknowledging import chosen
from eventproof.load.controller import target_of
from eventproof.load.generator import Generator
from eventproof.load.users import Act, ActingUser, ConnectedUser
from eventproof.population import Habit
from eventproof.target import Identity

if TYPE_CHECKING:
    from loadtests.any_contract import rates
    from loadtests.any_contract.choosing import choose
    from loadtests.any_contract.hall import hall_of
    from loadtests.any_contract.listener import Listener
else:
    rates = layout.loadtests("any_contract.rates")
    choose = layout.loadtests("any_contract.choosing").choose
    hall_of = layout.loadtests("any_contract.hall").hall_of
    Listener = layout.loadtests("any_contract.listener").Listener

plugin.system("", patience=15.0, recurs=True)
plugin.count("listeners", "users who only listen", of="sessions")
plugin.objectives(
    "lost == 0",
    "leaked == 0",
    "out_of_order == 0",
    "unexplained == 0",
    "invalid == 0",
    "unjoined == 0",
    "dropped == 0",
    "failed == 0",
)

plugin.option("--system", default="", help="The contract; that of the profile's [traffic], or its first one.")
plugin.option("--rate", above=0, type=float, default=10.0, help="Calls a second in all, where [traffic] names none.")

_scenario = plugin.current()


def _choose(options: Any) -> None:
    """The scenario is about this contract, as the profile has it. Raises UsageError where nothing can be done."""
    if options.worker and not options.target:
        return  # the master says which target, before the test
    target = target_of(options)
    name = options.system or target.population.system or target.systems[0]
    made = choose(_scenario, target, name, options.rate)
    if target.population.nobody_acts:
        raise UsageError(f"{target.source}: [traffic] leaves nobody who acts: have its shares be less than 1 together")
    acting = dict(target.population.habits())[Habit.ACT] * (options.num_users or 0)  # None: the web UI will say it
    if acting and (why := rates.beyond_limits(target.catalog.system(name), made, acting)):
        raise UsageError(f"{target.source}: [traffic] {why}")


plugin.check(_choose)


class User(ConnectedUser):
    """Somebody who hears what they are told."""

    def actor(self, generator: Generator, identity: Identity) -> Listener:
        """Of any many in a row, each habit has its share."""
        habit = chosen(generator.entered, generator.target.population.habits(), Habit.ACT)
        if habit is Habit.LISTEN:
            generator.books.count("listeners")
        return Listener(generator, identity, habit, self.devices(), self.scenario.channels)


class Doer(ActingUser):
    """Has the users, and whoever acts for other roles, make the calls at their rates."""

    def enter(self) -> None:
        """Make what they are about."""
        target = self.generator.target
        system, errors = self.generator.system, target.catalog.errors
        whole = self.environment.parsed_options.rate
        self._rates = rates.rates(system, target.operations, target.population, whole, errors)
        self.hall = hall_of(self.generator)
        out = rates.left_out(system, target.operations, target.population, errors)
        self.hall.begin(tuple(self._rates), out)

    def rates(self) -> Mapping[Act, float]:
        """So often a second, of all processes together."""
        operation = self.generator.system.operation
        return {
            partial(self.tell, operation(name)): rate / self.fixed_count for name, rate in self._rates.items() if rate
        }

    def tell(self, operation: Any, user: Any, intended: float) -> None:
        """Make one call."""
        self.hall.tell(operation, user, intended)

    def aim(self) -> Any:
        """The next user who acts."""
        found = self.hall.acting.next(1)
        if not found:
            self.generator.books.count("omitted")
        return found[0] if found else None
