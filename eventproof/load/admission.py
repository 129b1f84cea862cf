"""Whether a swarm may start, and which identities each of its processes acts as."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import sha256
from math import ceil

from eventproof import __version__
from eventproof.catalog import ADMIN, USER
from eventproof.errors import UsageError
from eventproof.target import Target

from .scenario import Scenario
from .share import ProcessShare


def part_of(scenario: Scenario, scenarios: Sequence[Scenario]) -> ProcessShare:
    """Which part a scenario has of the identities of its users' role: nobody takes part in two of them."""
    alike = [one for one in scenarios if one.role == scenario.role]
    return ProcessShare(alike.index(scenario), len(alike))


def fingerprint(target: Target, scenarios: Sequence[Scenario]) -> str:
    """The same on every machine whose profile names the same target and the same identities in the same order.

    Each process takes its share by number: in another order, two would act as one user.
    """
    roles = dict.fromkeys(role for one in scenarios for role in (one.role, one.acting, *one.others))
    people = [[role, *(identity.name for identity in target.people(role))] for role in roles]
    told = json.dumps([__version__, target.base_url, people, [admin.name for admin in target.admins]])
    return sha256(told.encode()).hexdigest()[:32]


def users_of(
    target: Target, scenarios: Sequence[Scenario], share: ProcessShare, entered: Mapping[str, int]
) -> tuple[str, ...]:
    """As whom a process acted of whose scenarios so many users had come in, by system."""
    return tuple(
        identity.name
        for one in scenarios
        for identity in part_of(one, scenarios).cut(share.cut(target.people(one.role)))[: entered.get(one.system, 0)]
    )


def about(target: Target, system: str) -> None:
    """Raise UsageError where a swarm is about no system, or about one that is not under test."""
    if not system:
        raise UsageError("the locustfile does not say which system it is about: plugin.system(NAME)")
    if system not in target.served:
        raise UsageError(
            f"{target.source}: this swarm is about {system}, and the systems under test are "
            f"{', '.join(target.systems)}; name it under systems, or run another scenario"
        )


def admit(target: Target, users: int, acting: int, processes: int, scenarios: Sequence[Scenario]) -> None:
    """Raise UsageError where a swarm of this size may not, or cannot, go at the target.

    `users` are all, `acting` those among them who act; the others are shared by the scenarios. Locust spreads users
    evenly, but not to the last one; so several processes need a few identities more.
    """
    if not target.may_be_loaded:
        raise UsageError(
            f"{target.source}: a swarm against {target.base_url} is not allowed; where it is, write allow_load = true"
        )
    for role in dict.fromkeys(role for scenario in scenarios for role in (scenario.acting, *scenario.others)):
        if acting and not target.people(role):
            raise UsageError(_nobody(target, role))
    members = ceil(max(users - acting, 0) / len(scenarios))
    roles = Counter(scenario.role for scenario in scenarios)
    for role, parts in roles.items():
        needed = parts * (members if processes == 1 else (ceil(members / processes) + 1) * processes)
        if len(target.people(role)) < needed:
            raise UsageError(_too_few(target, role, members * parts, needed, processes))


def _nobody(target: Target, role: str) -> str:
    if role == ADMIN:
        return f"{target.source}: the swarm needs an admin; name one under [[identities.admins]]"
    return (
        f'{target.source}: the swarm needs somebody of the role "{role}"; list them under '
        "[[identities.people]], or in a file of credentials that the profile names"
    )


def _too_few(target: Target, role: str, members: int, needed: int, processes: int) -> str:
    reason = "" if processes == 1 else f" over {processes} processes"
    of_role = "" if role == USER else f' of the role "{role}"'
    return (
        f"{target.source}: {members} users{reason} need {needed} identities{of_role}, and there are "
        f"{len(target.people(role))}. Name a file with more of them under [identities] (`eventproof serve --seed N "
        "--credentials FILE` writes one for the bundled server), or start fewer users"
    )
