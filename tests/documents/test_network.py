"""What a document refers to on the network: read where the profile names the address, and bounded in every way."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, ClassVar

import pytest

from eventproof.catalog import System
from eventproof.documents import network
from eventproof.documents.network import Network, problem_with
from eventproof.errors import ContractError, UsageError
from tests.documents.test_bad_input import GOOD

Read = Callable[..., System]
PAYLOAD = "{type: object, properties: {roomId: {type: string}, text: {type: string}}}"
ITEM = {"type": "object", "required": ["id"], "properties": {"id": {"$ref": "parts/id.yaml#/Id"}}}


class Site(BaseHTTPRequestHandler):
    """What is served here by path: a status, and a text."""

    pages: ClassVar[dict[str, tuple[int, bytes]]] = {
        "/v1/item.json": (200, json.dumps({"Item": ITEM}).encode()),
        "/v1/parts/id.yaml": (200, b"Id: {type: string, minLength: 3}\n"),
        "/v1/moved.json": (302, b""),
        "/v1/broken.yaml": (200, b"Item: [\n"),
        "/v1/large.json": (200, b" " * (network.LARGEST + 1)),
        "/v1/binary.json": (200, b"\0\0"),
    }
    asked: ClassVar[list[str]] = []
    over: ClassVar[Event] = Event()

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path == "/v1/slow.json":
            with suppress(OSError):
                self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
                while not self.over.wait(0.01):
                    self.wfile.write(b" ")
            return
        status, body = self.pages.get(self.path, (404, b""))
        self.send_response(status)
        self.send_header("Location", "/v1/item.json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing is told."""


@pytest.fixture
def site() -> Iterator[str]:
    """The address of what is served."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    Site.asked.clear()
    Site.over.clear()
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
    yield f"http://127.0.0.1:{server.server_port}"
    Site.over.set()
    server.shutdown()
    server.server_close()


def referring(to: str) -> str:
    return GOOD.replace(f"name: told, payload: {PAYLOAD}", f"name: told, payload: {{$ref: '{to}'}}")


def test_an_address_that_the_profile_names_is_read_with_what_it_refers_to_beside_it(read: Read, site: str) -> None:
    system = read(referring(f"{site}/v1/item.json#/Item"), network=[f"{site}/v1/"])
    told = next(event for event in system.events if event.name == "told")
    assert told.is_valid({"id": "abc"})
    assert not told.is_valid({"id": "a"})
    assert Site.asked == ["/v1/item.json", "/v1/parts/id.yaml"]


@pytest.mark.parametrize(
    "allowed", [[], ["http://127.0.0.1:1/"], ["{site}/v2/"], ["{site}/v1/parts/"]], ids=["none", "port", "path", "part"]
)
def test_no_other_one_is_asked(read: Read, site: str, allowed: list[str]) -> None:
    with pytest.raises(ContractError, match=r"chat\.yaml:8: .* is on the network, where nothing is read but what"):
        read(referring(f"{site}/v1/item.json#/Item"), network=[start.format(site=site) for start in allowed])
    assert Site.asked == []


@pytest.mark.parametrize("way", ["../secret.json", "%2e%2e/secret.json", "..%2fsecret.json", "..\\secret.json"])
def test_none_leads_out_again(way: str) -> None:
    known = Network(["https://a.example/v1/"])
    assert known.allows("https://a.example/v1/item.json")
    assert not known.allows(f"https://a.example/v1/{way}")
    assert not known.allows("https://a.example@b.example/v1/item.json")
    assert not known.allows("https://a.example/v1/a\r\nHost: b")


@pytest.mark.parametrize(
    ("page", "why"),
    [
        ("gone.json", "the answer is 404"),
        ("moved.json", r"it is elsewhere now \(302\), which is not followed"),
        ("broken.yaml", "/v1/broken.yaml:2: this is no YAML"),
        ("large.json", "it is larger than 2 MB"),
        ("binary.json", "it holds NUL bytes"),
    ],
)
def test_what_cannot_be_read_is_said(read: Read, site: str, page: str, why: str) -> None:
    with pytest.raises(ContractError, match=why):
        read(referring(f"{site}/v1/{page}#/Item"), network=[f"{site}/"])


def test_what_takes_too_long_is_given_up(site: str) -> None:
    with pytest.raises(ContractError, match=r"slow\.json: it cannot be read: it took longer than 0\.3 s"):
        Network([f"{site}/"], longest=0.3).text(f"{site}/v1/slow.json")


def test_nobody_listening_is_said() -> None:
    with pytest.raises(ContractError, match=r"cannot be read: .*refused"):
        Network(["http://127.0.0.1:1/"]).text("http://127.0.0.1:1/x.json")


def test_so_many_addresses_are_read_at_most(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "_MOST", 2)
    known = Network([f"{site}/"])
    for _ in range(2):
        known.text(f"{site}/v1/item.json")
    with pytest.raises(ContractError, match="refers to more than 2 addresses"):
        known.text(f"{site}/v1/item.json")


@pytest.mark.parametrize(
    "start", ["a.example/", "https://a.example", "ftp://a/", "https://u:p@a/", "https://a/?b=/", "https://a:x/"]
)
def test_what_begins_no_address_is_refused_by_the_profile(read: Read, start: str) -> None:
    assert problem_with("https://a.example/") == ""
    with pytest.raises(UsageError, match=r"network.* must be addresses that end in /"):
        read(GOOD, network=[start])
