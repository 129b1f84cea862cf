"""What a swarm leaves behind, by the gauges of a target that tells them; against a server of our own in this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from gevent.pywsgi import WSGIServer

from eventproof import profile
from eventproof.errors import UsageError
from eventproof.load.residue import LEFT_BEHIND, Residue
from eventproof.target import Metrics, Target


@contextmanager
def _counting(gauge: list[int], *, status: str = "200 OK") -> Iterator[Target]:
    """A target with one gauge, which has these values one after the other, and the last one from then on."""

    def answer(_environ: object, start: object) -> list[bytes]:
        start(status, [("Content-Type", "text/plain; version=0.0.4")])  # type: ignore[operator]  # as WSGI has it
        value = gauge.pop(0) if len(gauge) > 1 else gauge[0]
        return [f"# TYPE app_connections gauge\napp_connections {value}\n".encode()]

    server = WSGIServer(("127.0.0.1", 0), answer, log=None)
    server.start()
    target = profile.for_url(f"http://127.0.0.1:{server.server_port}", env={})
    budgets = replace(target.budgets, cleanup=0.4)
    try:
        yield replace(target, metrics=Metrics("/metrics", ("app_connections",)), budgets=budgets)
    finally:
        server.stop()


def test_a_gauge_that_returns_in_time_leaves_nothing_behind() -> None:
    with _counting([3, 7, 7, 3]) as target:
        residue = Residue(target)
        residue.remember()
        account = residue.left()
    assert (account.counts, account.notes) == ({"gauges": 1, LEFT_BEHIND: 0}, ())


def test_a_gauge_that_does_not_return_is_named() -> None:
    with _counting([3, 7]) as target:
        residue = Residue(target)
        residue.remember()
        account = residue.left()
    assert account.counts == {"gauges": 1, LEFT_BEHIND: 1}
    assert account.notes == ("left behind: app_connections is 7, and was 3 before anybody came",)


def test_a_target_that_does_not_tell_its_gauges_is_refused_before_the_run() -> None:
    with _counting([3], status="404 Not Found") as target, pytest.raises(UsageError, match="correct path under"):
        Residue(target).remember()


def test_without_gauges_nobody_knows_what_is_left_behind() -> None:
    target = replace(profile.for_url("http://127.0.0.1:1", env={}), metrics=None)
    residue = Residue(target)
    residue.remember()
    account = residue.left()
    assert account.count("gauges") == 0
    assert account.notes == ("nobody knows what was left behind: the profile has no [metrics]",)
