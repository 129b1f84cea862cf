"""All attacks there are: the one list of them."""

from collections.abc import Mapping
from typing import Final

from . import excess, frames, packets, requests
from .attack import Attack, Kind, named

__all__ = ["ATTACKS", "of_kind"]

ATTACKS: Final[Mapping[str, Attack]] = {
    attack.name: attack for attack in named((*frames.ATTACKS, *packets.ATTACKS, *requests.ATTACKS, *excess.ATTACKS))
}


def of_kind(kind: Kind) -> tuple[Attack, ...]:
    """Those that break a protocol in this way."""
    return tuple(attack for attack in ATTACKS.values() if attack.kind is kind)
