"""What a canary that is lost says of those that come after it."""

import pytest

from eventproof import profile
from eventproof.client.aio import Where
from eventproof.conform.calls import Answer
from eventproof.conform.canaries import Canaries
from eventproof.errors import Inconclusive

TARGET = profile.for_url("http://127.0.0.1:8080", {})


class Desk:
    """Answers with these statuses in turn, and counts how often it was asked."""

    def __init__(self, *statuses: int) -> None:
        self._statuses = list(statuses)
        self.asked = 0

    async def __call__(self) -> Answer:
        self.asked += 1
        return Answer(TARGET, "notifyUser", self._statuses.pop(0), None, 0.0)


def anything(_: Answer) -> Where:
    return lambda _event: True


async def test_one_that_cannot_be_caused_proves_nothing_and_says_why() -> None:
    canaries = Canaries("a notification", "notification_received", "SHD-NOTE-1")
    with pytest.raises(
        Inconclusive, match="the canary, a notification, cannot be caused: notifyUser answered 503"
    ) as lost:
        await canaries.send(Desk(503), [], anything)
    assert lost.value.waits_for == ("SHD-NOTE-1",)


async def test_two_in_a_row_that_were_lost_are_enough() -> None:
    canaries, desk = Canaries("a notification", "notification_received"), Desk(503, 503, 200)
    for _ in range(2):
        with pytest.raises(Inconclusive):
            await canaries.send(desk, [], anything)
    with pytest.raises(Inconclusive, match="2 of them in a row were lost, and no more are sent in this run"):
        await canaries.send(desk, [], anything)
    assert desk.asked == 2
