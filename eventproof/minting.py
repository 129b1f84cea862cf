"""What somebody of the profile brings to a call: their credentials, or a token made with the target's secret."""

import jwt as pyjwt

from .target import Identity, Target
from .templates import fill

__all__ = ["credentials_of", "mint"]


def credentials_of(identity: Identity) -> dict[str, str | int]:
    """The parameters that an identity brings to a call, of those it has."""
    values = {"userId": identity.id, "id": identity.id, "email": identity.email, "password": identity.password}
    return {name: value for name, value in values.items() if value is not None}


def mint(target: Target, identity: Identity, now: float, nonce: str) -> str | None:
    """A token for an identity signed with the target's secret; None where the profile gives no claims for that.

    `now` is the wall clock in seconds, `nonce` what `{nonce}` in the claims becomes: new for every token.
    """
    if target.jwt is None or target.jwt.claims is None or target.jwt.secret is None:
        return None
    values = {
        **credentials_of(identity),
        "role": identity.role,
        "tier": identity.tier,
        "now": int(now),
        "expires": int(now + target.jwt.lifetime),
        "nonce": nonce,
    }
    claims = fill(target.jwt.claims, values, f"{target.source}: [jwt.claims]")
    return pyjwt.encode(claims, target.jwt.secret, target.jwt.algorithm)
