"""What members of user-state are told in a scenario of any system: that they have another plan.

Whoever has no connection then is not told later: the plan is what they find when they come back.
"""

from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Final

from eventproof import layout
from eventproof.load.generator import Generator
from eventproof.target import Identity

from .tiers import next_tier, tier_of

if TYPE_CHECKING:
    from loadtests.any_system.aimed import Aimed
    from loadtests.any_system.traffic import Traffic
else:
    Aimed = layout.loadtests("any_system.aimed").Aimed
    Traffic = layout.loadtests("any_system.traffic").Traffic

__all__ = ["TRAFFIC", "Subscriber", "TierTraffic"]

_ON_ANOTHER_TIER: Final = ("user is on another tier than before", "users are on another tier than before")


class Subscriber(Aimed):
    """Somebody with a plan; each of their devices comes back when its connection is lost."""

    knows_repeats = False

    def __init__(self, generator: Generator, identity: Identity, devices: int) -> None:
        super().__init__(generator, identity, devices)
        self.tier: str | None = None
        """As the target told it."""

    def prepare(self) -> None:
        """Know the plan: another one is told, the same one need not be."""
        if self.tier is None:
            self.tier = tier_of(self.generator, self.identity, self.token)


class TierTraffic(Traffic):
    """Admins give members another plan, one after the other."""

    def member(self, identity: Identity, devices: int) -> Subscriber:
        """On so many devices."""
        return Subscriber(self.generator, identity, devices)

    def tell(self, aim: Subscriber, intended: float) -> None:
        """Give them the next plan; they have their own again at the end."""
        self.begins(intended)
        aim.prepare()
        generator, tier = self.generator, next_tier(self.generator.target, aim.tier)
        generator.books.changes.enter(_ON_ANOTHER_TIER, aim, partial(self._restore, aim, aim.tier))
        called = monotonic()
        try:
            answer = generator.administer("updateUserTier", aim.identity, tier=tier)
            effects = aim.call("updateUserTier", {"tier": tier}, f"tier {next(self.numbers)} of {aim}")
            if self.caused(effects, answer, at=intended, called=called):
                aim.tier = tier
        finally:
            # Of two at once, nobody would know which one was the last.
            generator.ready.append(aim)

    def _restore(self, member: Subscriber, tier: str | None) -> None:
        if tier is not None and self.generator.administer("updateUserTier", member.identity, tier=tier).done:
            self.generator.books.changes.clear(_ON_ANOTHER_TIER, member)


TRAFFIC: Final = TierTraffic
