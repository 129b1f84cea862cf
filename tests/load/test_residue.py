"""What a swarm leaves behind, by the gauges of a target that tells them; against a server in this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from eventproof import profile
from eventproof.errors import UsageError
from eventproof.load.residue import LEFT_BEHIND, Residue
from eventproof.target import Metrics, Target


@contextmanager
def _counting(gauge: list[int], *, status: int = 200) -> Iterator[Target]:
    """A target with one gauge, which has these values one after the other, and the last one from then on."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            value = gauge.pop(0) if len(gauge) > 1 else gauge[0]
            body = f"# TYPE app_connections gauge\napp_connections {value}\n".encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    Thread(target=server.serve_forever, daemon=True).start()
    target = profile.for_url(f"http://127.0.0.1:{server.server_port}", env={})
    budgets = replace(target.budgets, cleanup=0.4)
    try:
        yield replace(target, metrics=Metrics("/metrics", ("app_connections",)), budgets=budgets)
    finally:
        server.shutdown()
        server.server_close()


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
    with _counting([3], status=404) as target, pytest.raises(UsageError, match="correct path under"):
        Residue(target).remember()


def test_without_gauges_nobody_knows_what_is_left_behind() -> None:
    target = replace(profile.for_url("http://127.0.0.1:1", env={}), metrics=None)
    residue = Residue(target)
    residue.remember()
    account = residue.left()
    assert account.count("gauges") == 0
    assert account.notes == ("nobody knows what was left behind: the profile has no [metrics]",)
