"""The tests of the engine speak of a ban storm's latencies: a scenario enters its own, and these enter them here.

The scenario itself cannot be imported: Locust patches the whole process.
"""

from collections.abc import Iterator

import gevent
import pytest

from eventproof.load.metrics import COUNTS, LATENCIES, Count

for name in ("ban_to_answer", "ban_to_event", "ban_to_closed", "ban_to_logout", "ban_to_refused", "tier_to_event"):
    LATENCIES.setdefault(name, f"from the ban's intended time: {name}")
for name, of in (("bans", "bans"), ("stragglers", "bans"), ("paid", "claims"), ("claims", "claims")):
    COUNTS.setdefault(name, Count(f"{name} of a scenario", of))


@pytest.fixture(autouse=True)
def a_hub_of_its_own() -> Iterator[None]:
    """What a test leaves waiting in gevent's hub runs in no other test."""
    yield
    gevent.get_hub().destroy(destroy_loop=True)
