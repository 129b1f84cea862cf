"""When users come in: at a steady rate, in shares that lie between each other, and never in a burst."""

from time import monotonic

import gevent
import pytest

from eventproof.load.entrance import AT_ONCE, Steady
from eventproof.load.lobby import Lobby
from eventproof.load.share import ProcessShare, among


def test_users_come_at_the_same_distance() -> None:
    assert [Steady(10.0).at(number) for number in range(4)] == pytest.approx([0.0, 0.1, 0.2, 0.3])
    assert AT_ONCE.at(1000) == 0.0


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_the_users_of_all_processes_together_come_at_the_rate_that_was_asked_for(processes: int) -> None:
    shares = [Steady(10.0, ProcessShare(index, processes)) for index in range(processes)]
    together = sorted(share.at(number) for share in shares for number in range(12 // processes))
    assert together == pytest.approx([number / 10 for number in range(12)])


def test_scenarios_side_by_side_share_the_rate_as_processes_do() -> None:
    shares = [among(ProcessShare(index, 2), number, 3) for index in range(2) for number in range(3)]
    assert sorted(Steady(10.0, share).at(0) for share in shares) == pytest.approx([n / 10 for n in range(6)])


def _due(rate: float, bursts: list[int]) -> list[float]:
    """When those were to come in who were told so in bursts, one each 50 ms; seconds from the first."""
    due: list[float] = []
    lobby: Lobby[int] = Lobby(Steady(rate), lambda _guest, at: due.append(at))
    letting = gevent.spawn(lobby.run)
    for burst in bursts:
        for guest in range(burst):
            lobby.add(guest)
        gevent.sleep(0.05)
    while lobby:
        gevent.sleep(0.01)
    letting.kill()
    return [at - due[0] for at in due]


def test_a_burst_comes_in_one_by_one() -> None:
    assert _due(100.0, [15]) == pytest.approx([number / 100 for number in range(15)])


def test_who_is_told_late_puts_off_the_others_and_makes_no_burst() -> None:
    _, *others = _due(100.0, [1, 0, 0, 0, 5])
    assert others[0] >= 0.19
    assert [at - others[0] for at in others] == pytest.approx([number / 100 for number in range(5)])


def test_nobody_comes_in_before_their_time() -> None:
    came: list[tuple[float, float]] = []
    lobby: Lobby[int] = Lobby(Steady(50.0), lambda _guest, at: came.append((monotonic(), at)))
    letting = gevent.spawn(lobby.run)
    for guest in range(5):
        lobby.add(guest)
    while lobby:
        gevent.sleep(0.01)
    letting.kill()
    assert all(now > due - 0.002 for now, due in came)
