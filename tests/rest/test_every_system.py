"""The reference server answers as its OpenAPI documents say, whatever is sent, by whomever, and after whatever."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from eventproof import catalog, reference
from eventproof.catalog import System
from eventproof.reference import SYSTEMS, Reference
from tests.rest.fuzzing import fuzz

CATALOG = catalog.load()
SERVED = [CATALOG.system(name) for name in SYSTEMS]
OPTIONS = ("--test-controls", "--log-level", "error")

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def server() -> Iterator[Reference]:
    """One for each test: people lose their sessions in it."""
    with reference.start(seed_users=1000, options=OPTIONS) as running:
        yield running


@pytest.mark.parametrize("system", SERVED, ids=lambda system: system.name)
def test_every_answer_is_documented_along_every_link(system: System, server: Reference, tmp_path: Path) -> None:
    ran = fuzz(system, None, server, tmp_path)
    assert ran.passed, ran.said
    assert list(ran.overstepped(system)) == []
    lacking = {call.id for call in system.operations} - ran.accepted(system)
    assert len(lacking) < len(system.operations) / 3, lacking


@pytest.mark.parametrize(
    ("system", "role"),
    [(system, role) for system in SERVED for role in system.roles],
    ids=lambda given: given.name if isinstance(given, System) else given,
)
def test_every_answer_is_documented_for_each_role_and_none_does_what_it_may_not(
    system: System, role: str, server: Reference, tmp_path: Path
) -> None:
    ran = fuzz(system, role, server, tmp_path)
    assert ran.passed, ran.said
    assert list(ran.overstepped(system)) == []
    assert {call.role for call in ran.calls} >= {role}


def test_a_server_that_fails_at_malformed_input_is_found(tmp_path: Path) -> None:
    with reference.start(fault="server-error", options=OPTIONS) as running:
        ran = fuzz(CATALOG.system("user-state"), None, running, tmp_path)
    assert not ran.passed
    assert "Server error" in ran.said


def test_a_server_that_asks_for_no_role_is_found(tmp_path: Path) -> None:
    system = CATALOG.system("plan-sync")
    with reference.start(fault="plans-for-everybody", options=OPTIONS) as running:
        ran = fuzz(system, "user", running, tmp_path)
    assert "createPlan by user" in set(ran.overstepped(system))
