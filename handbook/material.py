"""What the reference is written from, read once: contracts, cases, faults and limits."""

from dataclasses import dataclass, field

from eventproof import catalog as contracts
from eventproof import layout
from eventproof.catalog import Catalog
from eventproof.conform import listing
from eventproof.conform.listing import ListedCase
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


def gathered() -> Material:
    """The material of this checkout; raises ContractError where a contract is none."""
    known = contracts.load()
    return Material(
        catalog=known,
        cases=listing.collected(tuple(known.systems)),
        faults=tuple(FAULTS.values()),
    )
