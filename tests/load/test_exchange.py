"""What a swarm's calls make of the answers of all kinds of servers: always an answer or a reason, in bounded time."""

import gzip
import json
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

import gevent
import pytest

from eventproof import profile
from eventproof.load import dial
from eventproof.load.calls import CallAnswer, Calls
from eventproof.target import Command, Target

_CERTIFICATE = Path(__file__).parents[1] / "client" / "loopback.pem"

Script = Callable[[socket.socket], object]


def _sized(body: bytes, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


@contextmanager
def _serving(script: Script, host: str = "127.0.0.1") -> Iterator[str]:
    """A server that does this on every connection, after the head of a request."""
    stopping = threading.Event()
    listener = socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET)

    def serve() -> None:
        while not stopping.is_set():
            with suppress(OSError):
                connection, _ = listener.accept()
                threading.Thread(target=handle, args=(connection,), daemon=True).start()

    def handle(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(10)
            received = b""
            while b"\r\n\r\n" not in received:
                received += connection.recv(65536)
            script(connection)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"
    finally:
        stopping.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _answer(script: Script | bytes, *, call: float = 5.0, operation: str = "getMe") -> CallAnswer:
    say: Script = (lambda connection: connection.sendall(script)) if isinstance(script, bytes) else script
    with _serving(say) as url:
        return _ask(url, call, operation)


def _target(url: str, call: float = 5.0) -> Target:
    target = profile.for_url(url, env={})
    return replace(target, budgets=replace(target.budgets, call=call))


def _ask(url: str, call: float = 5.0, operation: str = "getMe", token: str = "token") -> CallAnswer:
    with closing(Calls(_target(url, call))) as calls:
        return calls.perform(operation, {"userId": "u"}, token)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 100 Continue\r\n\r\n" + _sized(b'{"ok":1}'),
        b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + _sized(b'{"ok":1}'),
        b'HTTP/1.0 200 OK\r\n\r\n{"ok":1}',
        b'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"ok":1}',
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;x\r\n{"ok\r\n4\r\n":1}\r\n0\r\nA: b\r\n\r\n',
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n" + gzip.compress(b'{"ok":1}', mtime=0),
        b'HTTP/1.1 200\r\nContent-Length: 8\r\n\r\n{"ok":1}HTTP/1.1 500 smuggled',
    ],
)
def test_an_answer_is_read_however_it_is_sent(answer: bytes) -> None:
    found = _answer(answer)
    assert (found.status, found.body, str(found)) == (200, {"ok": 1}, "status 200")


@pytest.mark.parametrize(
    ("body", "document"),
    [
        (b'{"name":"\\ud800"}', {"name": "\ud800"}),
        (b'{"name":"\\udc00\\ud800 x"}', {"name": "\udc00\ud800 x"}),
        (b'{"name":"\\u0000"}', {"name": "\0"}),
        (b'{"n":' + b"9" * 4000 + b"}", "any"),
        (b'{"n":' + b"9" * 20_000 + b"}", "any"),
        (b"[" * 99 + b"]" * 99, "any"),
        (b"[" * 900 + b"]" * 900, None),
        (b"[" * 3000 + b"]" * 3000, None),
        (b'{"a":' * 900 + b"1" + b"}" * 900, None),
        (b"[" * 100_000, None),
        (b"\xff\xfe\x00", None),
        (b"<html>", None),
        (b"", None),
    ],
)
def test_a_body_of_any_kind_is_an_answer(body: bytes, document: Any) -> None:
    found = _answer(_sized(body))
    assert found.status == 200
    assert document == "any" or found.body == document


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ntoo short",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000,
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n"
        + gzip.compress(b"x" * 50_000_000, mtime=0),
        b"",
    ],
)
def test_what_is_no_answer_is_none_and_says_why(answer: bytes) -> None:
    found = _answer(answer)
    assert found.status == 0
    assert str(found).startswith("getMe was not answered: ")


def test_an_endless_body_is_read_no_further_than_its_bound() -> None:
    def script(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        while True:
            connection.sendall(b" " * 1_000_000)

    assert "too big" in str(_answer(script, call=30))


def test_others_have_their_turn_while_an_answer_floods() -> None:
    turns: list[int] = []

    def other() -> None:
        while True:
            turns.append(1)
            gevent.sleep(0)

    greenlet = gevent.spawn(other)
    assert _answer(_sized(b" " * 1_000_000)).status == 200
    greenlet.kill()
    assert len(turns) > 5


@pytest.mark.parametrize(
    "head", [b"", b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"]
)
def test_whoever_drips_is_given_no_more_time_than_a_call_has(head: bytes) -> None:
    stopped = threading.Event()

    def script(connection: socket.socket) -> None:
        connection.sendall(head)
        drops = b"HTTP/1.1 200 OK\r\nX: " if not head else b"1\r\nx\r\n" * 1000
        for drop in drops + b"x" * 10_000:
            connection.sendall(bytes([drop]))
            if stopped.wait(0.02):
                return

    began = monotonic()
    try:
        found = _answer(script, call=0.5)
    finally:
        stopped.set()
    assert found.status == 0
    assert "timed out" in str(found)
    assert monotonic() - began < 3


def test_every_address_of_a_name_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve = socket.getaddrinfo
    with _serving(lambda connection: connection.sendall(_sized(b"{}"))) as url:
        port = int(url.rpartition(":")[2])
        refusing = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"127.0.0.{number}", port)) for number in (2, 3)]
        monkeypatch.setattr(
            socket,
            "getaddrinfo",
            lambda host, *rest, **options: refusing + resolve("127.0.0.1", *rest, **options),
        )
        assert _ask(f"http://two-addresses.example:{port}").status == 200


def test_the_address_that_worked_is_tried_first_the_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []
    connect = socket.socket.connect

    class Socket(socket.socket):
        def connect(self, place: Any) -> None:
            tried.append(place[0])
            connect(self, place)

    closing_each = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}"
    with _serving(lambda connection: connection.sendall(closing_each)) as url:
        port = int(url.rpartition(":")[2])
        places = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"127.0.0.{number}", port)) for number in (2, 1)]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: places)
        monkeypatch.setattr(socket, "socket", Socket)
        with closing(Calls(_target(f"http://two-addresses.example:{port}"))) as calls:
            for _ in range(3):
                assert calls.perform("getMe", {}, "token").status == 200
    assert tried == ["127.0.0.2", "127.0.0.1", "127.0.0.1", "127.0.0.1"]


def test_the_lookup_of_a_name_has_no_more_time_than_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: gevent.sleep(5))
    began = monotonic()
    found = _ask("http://slow-name.example:1", call=0.1)
    assert (found.status, "timed out" in str(found)) == (0, True)
    assert monotonic() - began < 3


def test_a_name_without_an_address_is_told() -> None:
    assert "getMe was not answered: " in str(_ask("http://nowhere.invalid:1"))


@pytest.mark.parametrize("token", ["two\r\nX-Injected: lines", "nul\0", "€"])
def test_a_token_that_no_header_can_carry_is_a_call_that_was_not_answered(token: str) -> None:
    with _serving(lambda connection: connection.sendall(_sized(b"{}"))) as url:
        found = _ask(url, token=token)
    assert (found.status, "cannot be sent" in str(found)) == (0, True)


def test_half_a_surrogate_pair_can_be_sent() -> None:
    with _serving(lambda connection: connection.sendall(_sized(b"{}"))) as url, closing(Calls(_target(url))) as calls:
        answer = calls.perform("updateUserTier", {"userId": "\ud800", "tier": "\udfff"}, "token")
    assert answer.status == 200


def test_a_connection_that_the_server_has_closed_is_not_used_again() -> None:
    asked: list[int] = []
    gone = threading.Semaphore(0)

    def script(connection: socket.socket) -> None:
        asked.append(1)
        connection.sendall(_sized(b"{}"))
        connection.shutdown(socket.SHUT_RDWR)
        gone.release()

    with _serving(script) as url, closing(Calls(_target(url))) as calls:
        for _ in range(3):
            assert calls.perform("getMe", {}, "token").status == 200
            assert gone.acquire(timeout=5)
    assert len(asked) == 3


@pytest.mark.parametrize("kept", [True, False], ids=["kept", "closed"])
def test_over_tls_too_a_connection_is_used_again_only_where_the_server_keeps_it(
    kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(_CERTIFICATE)
    monkeypatch.setattr(dial, "_context", lambda: ssl.create_default_context(cafile=_CERTIFICATE))
    listener = socket.create_server(("127.0.0.1", 0))
    accepted: list[int] = []

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                accepted.append(1)
                with server.wrap_socket(connection, server_side=True) as tls:
                    while tls.recv(65536):
                        tls.sendall(_sized(b"{}"))
                        if not kept:
                            break

    threading.Thread(target=serve, daemon=True).start()
    with closing(listener), closing(Calls(_target(f"https://127.0.0.1:{listener.getsockname()[1]}"))) as calls:
        statuses = []
        for _ in range(3):
            statuses.append(calls.perform("getMe", {}, "token").status)
            threading.Event().wait(0.05)
        listener.shutdown(socket.SHUT_RDWR)
    assert statuses == [200, 200, 200]
    assert len(accepted) == (1 if kept else 3)


_TICKING = """
import sys
from gevent import monkey
monkey.patch_all()
import gevent, json, time
from dataclasses import replace
from eventproof import profile
from eventproof.load.calls import Calls
from eventproof.target import Command
target = profile.for_url(sys.argv[1], env={})
command = Command("banUser", (sys.executable, "-c", "import time; time.sleep(60)"), "admin")
budgets, operations = replace(target.budgets, call=1.0), {**target.operations, "banUser": command}
target = replace(target, budgets=budgets, operations=operations)
calls, began = Calls(target), time.monotonic()
asking = [gevent.spawn(calls.perform, name, {"userId": "u"}, "t") for name in ("getMe", "getMe", "banUser")]
longest = 0.0
while not all(greenlet.ready() for greenlet in asking):
    before = time.monotonic()
    gevent.sleep(0.01)
    longest = max(longest, time.monotonic() - before)
print(json.dumps([[greenlet.get().status for greenlet in asking], longest, time.monotonic() - began]))
"""


def test_nobody_waits_for_one_that_drips() -> None:
    stopped = threading.Event()

    def script(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while not stopped.wait(0.05):
            connection.sendall(b"x")

    with _serving(script) as url:
        ran = subprocess.run([sys.executable, "-c", _TICKING, url], capture_output=True, check=True, timeout=60)
        stopped.set()
    statuses, longest, seconds = json.loads(ran.stdout)
    assert statuses == [0, 0, 0]
    assert longest < 0.8
    assert seconds < 10


def _run(script: str, call: float = 20.0) -> CallAnswer:
    target = _target("http://127.0.0.1:1", call)
    command = Command("banUser", (sys.executable, "-c", script), "admin")
    able = replace(target, operations={**target.operations, "banUser": command})
    with closing(Calls(able)) as calls:
        return calls.perform("banUser", {"userId": "u"})


def test_a_program_that_writes_without_end_is_ended() -> None:
    answer = _run("import sys\nwhile True: sys.stdout.write('x' * 1000000)")
    assert (answer.status, "16777216 bytes" in str(answer)) == (0, True)


def test_what_a_program_says_to_its_error_output_does_not_hold_it_up() -> None:
    assert _run("import sys; sys.stderr.write('x' * 1000000); print('{}')").body == {}


def test_a_program_ends_within_its_time_and_so_does_what_it_started(tmp_path: Path) -> None:
    alive = tmp_path / "alive"
    child = f"import time, pathlib; time.sleep(2); pathlib.Path({str(alive)!r}).touch()"
    script = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {child!r}]); time.sleep(60)"
    began = monotonic()
    answer = _run(script, call=1.0)
    assert (answer.status, "TimeoutExpired" in str(answer)) == (0, True)
    while monotonic() - began < 3:
        assert not alive.exists()
        threading.Event().wait(0.1)


def test_a_program_that_leaves_another_one_running_has_ended() -> None:
    child = "import time; time.sleep(20)"
    began = monotonic()
    answer = _run(f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {child!r}]); print('{{}}')")
    assert (answer.status, answer.body) == (200, {})
    assert monotonic() - began < 10
