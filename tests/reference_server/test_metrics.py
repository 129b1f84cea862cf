"""What is counted, as Prometheus reads it."""

import asyncio
from collections import Counter

from reference_server.metrics import Metrics, Place


async def test_what_is_told_was_counted_after_it_was_asked_for_and_once_for_all_who_asked() -> None:
    worked = 0.0
    counted = 0

    def taken() -> Counter[Place]:
        nonlocal worked, counted
        worked += 0.006
        counted += 1
        return Counter()

    metrics = Metrics(worked=lambda: worked)
    metrics.watch([], taken, dict, lambda: counted)

    async def told() -> int:
        (line,) = (
            line for line in (await metrics.text()).decode().splitlines() if line.startswith("eventproof_sockets ")
        )
        return int(float(line.split()[1]))

    assert await told() == 1
    began = asyncio.get_running_loop().time()
    assert await asyncio.gather(*(told() for _ in range(100))) == [2] * 100
    assert asyncio.get_running_loop().time() - began >= 0.1, "counting has a rest of twenty times as long"
    asking = asyncio.create_task(metrics.text())
    await asyncio.sleep(0)
    asking.cancel()
    assert await told() == 3, "nor does one who leaves take it from the others"
