"""Members claim and admins review, decide and pay: who hears of it, in which order, again until it is acknowledged.

What was claimed stays on the target: nothing takes a payout back.

locust -f loadtests/claims.py --target eventproof.toml
eventproof swarm claims --users 1000 --spawn-rate 100 --run-time 2m --option claim-rate=50 --option claims=1000
"""

from collections.abc import Mapping
from math import ceil, inf
from typing import TYPE_CHECKING, Any

from eventproof import layout
from eventproof.load import plugin
from eventproof.load.acknowledging import AcknowledgingShares
from eventproof.load.generator import Generator
from eventproof.load.users import Act, ActingUser, ConnectedUser
from eventproof.target import Identity

if TYPE_CHECKING:
    from loadtests.shield.claim import ClaimLife
    from loadtests.shield.claimant import Claimant
    from loadtests.shield.dashboard import Dashboard
else:
    ClaimLife = layout.loadtests("shield.claim").ClaimLife
    Claimant = layout.loadtests("shield.claimant").Claimant
    Dashboard = layout.loadtests("shield.dashboard").Dashboard

plugin.count("claims", "claims that were submitted", of="claims")
plugin.count("paid", "claims that were paid", of="claims")
plugin.count("denied", "claims that were denied", of="claims")
plugin.count("unfinished", "claims that were neither paid nor denied when the run ended", of="claims")

plugin.system("shield", patience=60.0, keys={"claim_status_changed": "/data/newStatus"})
plugin.objectives(
    "claim_paid: p(99) < 2s",
    "lost == 0",
    "leaked == 0",
    "out_of_order == 0",
    "unexplained == 0",
    "invalid == 0",
    "errors == 0",
    "dropped == 0",
    "failed == 0",
)

plugin.option("--claim-rate", above=0, type=float, default=4.0, help="Claims a second, of all members together.")
plugin.option("--claims", least=0, type=int, default=0, help="How many claims at most; 0: as long as the run lasts.")
plugin.option(
    "--pace", least=0, type=float, default=1.0, help="Seconds between two steps of a claim: a review, a payment."
)
plugin.option("--deny-share", least=0, most=1, type=float, default=0.1, help="The share of claims that are denied.")
plugin.option(
    "--late-share", least=0, most=1, type=float, default=0.1, help="The share of members who acknowledge late."
)
plugin.option("--late-by", least=0, type=float, default=7.0, help="How late, in seconds.")
plugin.option(
    "--silent-share", least=0, most=1, type=float, default=0.05, help="The share of members who never acknowledge."
)
plugin.option(
    "--cut-share",
    least=0,
    most=1,
    type=float,
    default=0.05,
    help="The share of members who lose the connection between an event and its acknowledgement, and come back.",
)


def _shares(options: Any) -> AcknowledgingShares:
    return AcknowledgingShares(late=options.late_share, silent=options.silent_share, cut=options.cut_share)


plugin.check(_shares)


class Policyholder(ConnectedUser):
    """A member, who acknowledges what must be acknowledged at once, late, never, or after a lost connection."""

    def actor(self, generator: Generator, identity: Identity) -> Claimant:
        """A member, who acknowledges in one of these ways."""
        options = self.environment.parsed_options
        acknowledging = _shares(options).of(generator.entered)
        return Claimant(generator, identity, self.devices(), acknowledging, options.late_by)


class Adjuster(ActingUser):
    """Takes claims through their lives, and is told what admins are told."""

    def enter(self) -> None:
        """Connect to the admin's dashboard, as the admins of the profile in turn."""
        others, admins = self.generator.beside, self.generator.target.admins
        dashboard = Dashboard(self.generator, admins[len(others) % len(admins)])
        others.append(dashboard)
        dashboard.enter()

    def rates(self) -> Mapping[Act, float]:
        """Claims a second."""
        options = self.environment.parsed_options
        return {self.claim: options.claim_rate / self.fixed_count}

    def most(self) -> float:
        """This admin's part of all claims."""
        options = self.environment.parsed_options
        return ceil(options.claims / self.fixed_count) if options.claims else inf

    def claim(self, claimant: Claimant, intended: float) -> None:
        """Take a claim through its life. The member may have several under way."""
        self.generator.ready.append(claimant)
        options = self.environment.parsed_options
        denied = self.generator.random.random() < options.deny_share
        ClaimLife(self.generator, claimant, intended, pace=options.pace, denied=denied).live()
