"""Which contracts a run was judged by, so that two runs can be told to be about the same."""

from collections.abc import Iterable

from eventproof.catalog import Catalog
from eventproof.catalog.edition import edition

from .records import Contract

__all__ = ["contracts_of"]


def contracts_of(catalog: Catalog, systems: Iterable[str]) -> tuple[Contract, ...]:
    """Those of the systems of these names."""
    return tuple(Contract(name, *edition(catalog.system(name))) for name in systems)
