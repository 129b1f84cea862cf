"""Which edition of a contract it is: the same where it says the same, another one where it says anything else."""

from dataclasses import replace

import pytest

from eventproof import catalog
from eventproof.catalog import System
from eventproof.catalog.edition import edition
from eventproof.verdict import Level


@pytest.fixture
def system() -> System:
    return catalog.load().system("user-state")


def test_it_is_the_version_of_the_document_and_a_digest(system: System) -> None:
    version, digest = edition(system)
    assert version == system.asyncapi["info"]["version"]
    assert len(digest) == 12
    assert edition(replace(system)) == (version, digest), "read anew it is the same"


def test_whatever_it_says_otherwise_makes_it_another_one(system: System) -> None:
    first, *others = system.requirements
    stricter = replace(system, requirements=(replace(first, level=Level.MAY), *others))
    wider = replace(system, events=(replace(system.events[0], schema={}), *system.events[1:]))
    renamed = replace(system, asyncapi={**system.asyncapi, "info": {"title": "x", "version": "9.9.9"}})
    editions = {edition(one) for one in (system, stricter, wider, renamed)}
    assert len(editions) == 4
    assert "9.9.9" in {version for version, _ in editions}
