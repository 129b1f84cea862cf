"""What is counted, as Prometheus reads it."""

from collections import Counter

import pytest

from reference_server.metrics import Metrics, Place


@pytest.mark.parametrize(("seconds", "counts"), [(0.004, [1, 2, 3]), (0.03, [1, 1, 2])])
def test_what_takes_long_to_count_is_not_counted_for_everybody_who_asks(seconds: float, counts: list[int]) -> None:
    now = 100.0
    counted = 0

    def taken() -> Counter[Place]:
        nonlocal now, counted
        now += seconds
        counted += 1
        return Counter()

    metrics = Metrics(lambda: now, lambda: now)
    metrics.watch([], taken, dict, lambda: counted)
    seen = []
    for pause in (0.0, 0.5, 0.2):
        now += pause
        text = metrics.text().decode()
        assert f"eventproof_sockets {float(counted)}" in text
        seen.append(counted)
    assert seen == counts
