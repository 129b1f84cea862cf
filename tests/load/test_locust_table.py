"""Locust's table has the same of what is entered many at a time as of what is told one by one."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

with pytest.MonkeyPatch.context() as patched:
    # Locust would patch the whole process, which has long begun.
    patched.setenv("LOCUST_SKIP_MONKEY_PATCH", "1")
    from locust.env import Environment

    from eventproof.load.locust_table import LocustTable

SAMPLES = st.lists(st.tuples(st.sampled_from(["connect", "order:updated"]), st.floats(0, 100)), max_size=40)


class Runner:
    """What Locust's runner does with a request, without the processes that it watches."""

    def __init__(self, environment: Any) -> None:
        self._stats = environment.stats
        environment.events.request.add_listener(self.on_request)

    def on_request(self, request_type: str, name: str, response_time: Any, response_length: int, **_: Any) -> None:
        self._stats.log_request(request_type, name, response_time, response_length)


def rows(environment: Environment) -> list[tuple[Any, ...]]:
    entries = [environment.stats.total, *(entry for _, entry in sorted(environment.stats.entries.items()))]
    return [
        (one.name, one.num_requests, one.min_response_time, one.max_response_time, dict(one.response_times))
        for one in entries
    ]


def totals(environment: Environment) -> list[float]:
    return [one.total_response_time for _, one in sorted(environment.stats.entries.items())]


@settings(max_examples=60, deadline=None)
@given(SAMPLES)
def test_what_is_entered_together_reads_as_what_is_entered_one_by_one(samples: list[tuple[str, float]]) -> None:
    one_by_one, together = Environment(), Environment()
    runner, _ = Runner(one_by_one), Runner(together)
    table = LocustTable(together)
    for name, seconds in samples:
        runner.on_request("latency", name, seconds * 1e3, 0)
        table.record("latency", name, seconds)
    table.flush()
    assert rows(together) == rows(one_by_one)
    assert totals(together) == pytest.approx(totals(one_by_one))


def test_who_listens_to_locusts_event_hears_of_each_sample_at_once() -> None:
    environment: Any = Environment()
    heard: list[tuple[str, float]] = []
    Runner(environment)
    table = LocustTable(environment)
    table.record("latency", "connect", 0.5)
    environment.events.request.add_listener(lambda **told: heard.append((told["name"], told["response_time"])))
    table.record("latency", "connect", 0.25)
    assert heard == [("connect", 250.0)]
    table.flush()
    assert environment.stats.total.num_requests == 2


def test_no_more_than_so_many_samples_wait() -> None:
    environment = Environment()
    Runner(environment)
    table = LocustTable(environment)
    for _ in range(10_001):
        table.record("latency", "connect", 0.001)
    assert environment.stats.total.num_requests == 10_000
