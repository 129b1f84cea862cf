"""The server's limits for what Shield's clients say are those of its contract."""

from reference_server.limits import Limits
from reference_server.refusals import contracts


def test_the_limits_are_those_of_the_contract() -> None:
    promised, kept = contracts().system("shield").channels[0].limits, Limits().of("shield")
    assert (promised.events_a_second, promised.event_bytes) == (kept.events_a_second, kept.max_event)
