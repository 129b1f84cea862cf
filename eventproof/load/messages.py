"""What master and workers tell each other, by Locust's messages: the names of these and of what is in them."""

from typing import Final

__all__ = [
    "ACCOUNT",
    "AT_REST",
    "CAUSE",
    "CLOCK",
    "COLLECT",
    "GONE",
    "NEWS",
    "POINT",
    "REFUSED",
    "REPORT",
    "SECRETS",
    "SHARE",
]

SHARE: Final = "eventproof.share"
"""To a worker: which identities are its own, and by what its profile is known to name the same ones."""
REFUSED: Final = "eventproof.refused"
"""From a worker: it cannot take part, and why."""
COLLECT: Final = "eventproof.collect"
"""To a worker: it is to end its part."""
ACCOUNT: Final = "eventproof.account"
"""From a worker: its last figures."""
CAUSE: Final = "eventproof.cause"
"""From a worker, and on to all others: what it causes at their users."""
CLOCK: Final = "eventproof.clock"
"""From a worker: what time is it; and the answer."""
POINT: Final = "eventproof.point"
"""From a worker: it has reached this point of the end. To it: so have all."""
AT_REST: Final = "at rest"
"""Nothing is under way any more, and so nothing more is caused."""
GONE: Final = "gone"
"""Everybody has left, and hears of nothing that is changed back now."""

REPORT: Final = "eventproof"
"""The part of Locust's own report that is ours."""
SECRETS: Final = "secrets"
"""Those that a process has learnt since it told of them last: a target may echo them to another."""
NEWS: Final = "news"
"""What happened when, since a process told of it last."""
