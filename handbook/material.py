"""What the reference is written from, read once: contracts, cases, faults and limits."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import click

from eventproof import catalog as contracts
from eventproof import layout
from eventproof.catalog import Catalog
from eventproof.cli.main import eventproof
from eventproof.conform import listing
from eventproof.conform.listing import ListedCase
from eventproof.load.described import Description, common
from eventproof.load.run import scenarios
from reference_server import cli as server
from reference_server.faults import FAULTS, Fault
from reference_server.limits import Limits

__all__ = ["ROOT", "Material", "gathered"]

ROOT = layout.CONTRACTS.parent


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that the pages tell."""

    catalog: Catalog
    cases: tuple[ListedCase, ...]
    faults: tuple[Fault, ...]
    limits: Limits = field(default_factory=Limits)
    """The reference server's, where nothing else is set."""
    command: click.Command = eventproof
    """The command line, with every verb in it."""
    verbs: Mapping[str, click.Command] = field(default_factory=lambda: {"serve": server.serve})
    """The commands that a verb hands its words on to."""
    scenarios: tuple[Description, ...] = ()
    """What the swarms say of themselves, and what all of them have."""
    every_scenario: Description = field(default_factory=common)


def gathered() -> Material:
    """The material of this checkout; raises ContractError where a contract is none."""
    known = contracts.load()
    return Material(
        catalog=known,
        cases=listing.collected(tuple(known.systems)),
        faults=tuple(FAULTS.values()),
        scenarios=scenarios(),
    )
