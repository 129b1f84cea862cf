"""The contracts, read once a process: before its test begins, since that takes a fifth of a second."""

from functools import cache

from eventproof import catalog
from eventproof.catalog import Catalog

__all__ = ["contracts"]


@cache
def contracts() -> Catalog:
    """All systems."""
    return catalog.load()
