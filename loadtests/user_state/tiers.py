"""The plans of the target, as a swarm goes through them: whose is which, and which comes next."""

from contextlib import suppress

from eventproof import actions
from eventproof.errors import ContractViolation
from eventproof.load.generator import Generator
from eventproof.target import Identity, Target

__all__ = ["next_tier", "tier_of"]


def tier_of(generator: Generator, identity: Identity, token: str | None) -> str | None:
    """The tier that the target tells of somebody; None where it does not tell. Waits for the answer."""
    whoami = generator.target.whoami
    if whoami is None:
        return None
    token = generator.calls.token_for(whoami, token, generator.admin_token)
    answer = generator.calls.perform(whoami, actions.credentials_of(identity), token)
    with suppress(ContractViolation):
        if answer.done:
            tier = actions.read(generator.target.operations["getMe"], "tier", answer.body)
            return tier if isinstance(tier, str) else None
    return None


def next_tier(target: Target, tier: str | None) -> str:
    """The one above a tier, the lowest one above the highest or where nobody knows it."""
    tiers = [known.name for known in target.tiers]
    position = tiers.index(tier) if tier in tiers else -1
    return tiers[(position + 1) % len(tiers)]
