"""Whether a swarm may start, and which identities each of its processes acts as."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import TypeVar

from eventproof.errors import UsageError
from eventproof.target import Target

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class ProcessShare:
    """Which part of a whole a process has: every `of`-th, beginning with number `index`."""

    index: int = 0
    of: int = 1

    def cut(self, items: Sequence[_Item]) -> tuple[_Item, ...]:
        """This share of some items; the shares of all processes have no item in common and leave none out."""
        return tuple(items[self.index :: self.of])


def about(target: Target, system: str) -> None:
    """Raise UsageError where a swarm is about no system, or about one that is not under test."""
    if not system:
        raise UsageError("the locustfile does not say which system it is about: plugin.system(NAME)")
    if system not in target.served:
        raise UsageError(
            f"{target.source}: this swarm is about {system}, and the systems under test are "
            f"{', '.join(target.systems)}; name it under systems, or run another scenario"
        )


def admit(target: Target, users: int, admins: int, processes: int) -> None:
    """Raise UsageError where a swarm of this size may not, or cannot, go at the target.

    Locust spreads users evenly, but not to the last one; so several processes need a few identities more.
    """
    if not target.may_be_loaded:
        raise UsageError(
            f"{target.source}: a swarm against {target.base_url} is not allowed; where it is, write allow_load = true"
        )
    if admins and not target.admins:
        raise UsageError(f"{target.source}: the swarm needs an admin; name one under [[identities.admins]]")
    members = max(users - admins, 0)
    needed = members if processes == 1 else (ceil(members / processes) + 1) * processes
    if len(target.users) >= needed:
        return
    reason = "" if processes == 1 else f" over {processes} processes"
    raise UsageError(
        f"{target.source}: {members} users{reason} need {needed} identities, and there are {len(target.users)}. "
        "Name a file with more of them under [identities] (`eventproof serve --seed N --credentials FILE` writes one "
        "for the bundled server), or start fewer users"
    )
