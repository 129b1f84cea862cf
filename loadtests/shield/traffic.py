"""What members of Shield are told in a scenario of any system: that they submitted a claim.

Where the target claims `replay`, whoever is away is told when they are back. The claims stay: nothing takes them back.
"""

from typing import TYPE_CHECKING, ClassVar, Final

from eventproof import layout
from eventproof.load.acknowledging import Acknowledging
from eventproof.load.life import Table
from eventproof.target import Identity

from .claim import ClaimLife
from .claimant import Claimant

if TYPE_CHECKING:
    from loadtests.any_system.traffic import Traffic
else:
    Traffic = layout.loadtests("any_system.traffic").Traffic

__all__ = ["TRAFFIC", "Submission", "SubmissionTraffic"]


class Submission(ClaimLife):
    """A claim that is submitted, and left there."""

    table: ClassVar[Table] = {"": ClaimLife.table[""]}


class SubmissionTraffic(Traffic):
    """Members submit claims."""

    def member(self, identity: Identity, devices: int) -> Claimant:
        """Who acknowledges at once."""
        return Claimant(self.generator, identity, devices, Acknowledging.PROMPT, 0.0)

    def tell(self, aim: Claimant, intended: float) -> None:
        """Submit one, also where they are away: a call needs no connection."""
        self.generator.ready.append(aim)
        Submission(self.generator, aim, intended, pace=0.0, denied=False).live()


TRAFFIC: Final = SubmissionTraffic
