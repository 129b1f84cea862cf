"""Where a pytest session keeps what is ours."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from eventproof.catalog import Catalog
    from eventproof.conform.suite import Suite

__all__ = ["CATALOG", "SUITE", "SYSTEMS"]

SUITE: "pytest.StashKey[Suite]" = pytest.StashKey()
CATALOG: "pytest.StashKey[Catalog]" = pytest.StashKey()
"""What the cases are about; the contracts that ship with the engine where there is none."""
SYSTEMS: pytest.StashKey[tuple[str, ...]] = pytest.StashKey()
"""The systems under test; there without a suite where the cases are only to be listed."""
