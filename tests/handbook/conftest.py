from collections.abc import Mapping

import pytest

from handbook.material import Material, gathered
from handbook.pages import pages


@pytest.fixture(scope="session")
def material() -> Material:
    return gathered()


@pytest.fixture(scope="session")
def reference(material: Material) -> Mapping[str, str]:
    """The pages as they should stand in `docs/`."""
    return pages(material)
