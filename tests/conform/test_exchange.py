"""Whatever a target answers, a call ends within its bounds, and says in a sentence what came."""

import asyncio
import gzip
import time
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from eventproof.conform.calls import Caller
from eventproof.conform.exchange import LONGEST, UnreadableAnswer, Unsendable, document_in, exchange, session
from eventproof.errors import EventproofError, Inconclusive, TargetUnavailable
from eventproof.history import History, Kind, Record
from eventproof.target import Budgets, Call, Rest, Target
from tests.hostile.server import BEHAVIOURS, running

CALL = Call("getMe", "GET", "/me", "user")

BROKEN = "broke off"
UNREADABLE = {
    "babbling": "is no HTTP",
    "flooding": "is no HTTP",
    "flooding_body": "more than 16 MB",
    "flooding_chunks": "more than 16 MB",
    "promising_less": "is no HTTP",
    "lying_about_its_length": "is no HTTP",
    "breaking_a_chunk": "is no HTTP|broke off",
    "bombing": "more than 16 MB",
    "pretending_gzip": "is no gzip, as it says",
}
UNKNOWN = {
    "silent": "within 0.6 s",
    "dripping_head": "within 0.6 s",
    "dripping": "within 0.6 s",
    "dripping_chunks": "within 0.6 s",
    "closing": BROKEN,
    "resetting": BROKEN,
    "promising_more": BROKEN,
}
SECONDS = 0.6


def target(url: str, seconds: float = SECONDS) -> Target:
    return Target("p.toml", url, ("user-state",), Rest(url), {"getMe": CALL}, budgets=Budgets(call=seconds))


async def called(url: str, seconds: float = SECONDS, token: str | None = None) -> list[Record]:
    """The records of one call, whatever came of it."""
    history = History(time.monotonic)
    async with session() as http:
        try:
            await Caller(target(url, seconds), history, http).call("user-1", "getMe", {}, token)
        except EventproofError as error:
            history.add(Kind.NOTE, "test", payload=error)
    return list(history)


@pytest.mark.parametrize(("behaviour", "sentence"), [*UNREADABLE.items(), *UNKNOWN.items()])
async def test_a_call_that_gets_no_whole_answer_ends_in_time_and_is_entered_as_unanswered(
    behaviour: str, sentence: str
) -> None:
    began = time.monotonic()
    with running(BEHAVIOURS[behaviour]) as server:
        # What floods is stopped by the number of its bytes, however long that takes on a busy machine.
        records = await called(server.url, 30.0 if sentence.startswith("more") else SECONDS)
    *records, note = records
    assert [record.kind for record in records] == [Kind.CALLED, Kind.UNANSWERED]
    assert [record.call for record in records] == [1, 1]
    assert isinstance(note.payload, Inconclusive)
    assert records[1].payload == str(note.payload)
    with pytest.raises(Inconclusive, match=sentence):
        raise note.payload
    if behaviour in UNKNOWN:
        assert not isinstance(note.payload, UnreadableAnswer)
        assert time.monotonic() - began < SECONDS + 5


@pytest.mark.parametrize(
    "behaviour", sorted(BEHAVIOURS.keys() - UNREADABLE.keys() - UNKNOWN.keys() - {"naming_by_nul"})
)
async def test_a_strange_answer_is_an_answer_that_can_be_written_down(behaviour: str) -> None:
    with running(BEHAVIOURS[behaviour]) as server:
        records = await called(server.url, 30.0)
    assert [record.kind for record in records] == [Kind.CALLED, Kind.ANSWERED]
    str(records[1].payload).encode()


async def test_a_call_that_is_cancelled_is_entered_as_unanswered() -> None:
    history = History(time.monotonic)
    with running(BEHAVIOURS["silent"]) as server:
        async with session() as http:
            calling = asyncio.create_task(Caller(target(server.url, 30), history, http).call("user-1", "getMe", {}))
            await asyncio.sleep(0)  # the call is entered before anything is awaited
            assert len(history) == 1
            calling.cancel()
            await asyncio.wait((calling,))
    assert [record.kind for record in history] == [Kind.CALLED, Kind.UNANSWERED]


@pytest.mark.parametrize("token", ["to\nken", "to\0ken"])
async def test_a_token_that_no_header_takes_is_told_of_without_it(token: str) -> None:
    with running(BEHAVIOURS["page"]) as server:
        _, unanswered, note = await called(server.url, token=token)
    assert unanswered.kind is Kind.UNANSWERED
    assert isinstance(note.payload, Unsendable)
    assert token not in str(note.payload)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", f"http://{'a' * 70}.example", "http://ex..ample"])
async def test_a_place_where_nobody_is_or_can_be_is_said(url: str) -> None:
    _, unanswered, note = await called(url)
    assert unanswered.kind is Kind.UNANSWERED
    assert isinstance(note.payload, TargetUnavailable | Unsendable)


@pytest.fixture
async def packing(serving: Any) -> AsyncIterator[str]:
    """A server that sends the same JSON in the packing that the path names."""

    async def handle(request: web.Request) -> web.Response:
        if request.path == "/asked":
            return web.json_response(request.headers.get("Authorization"))
        plain = b'{"n": "%s"}' % (b"x" * 100_000)
        deflate = zlib.compressobj(wbits=-15)
        packed, encoding = {
            "gzip": (gzip.compress(plain), "gzip"),
            "members": (gzip.compress(plain[:50]) + gzip.compress(plain[50:]) + b"\0\0", "x-gzip"),
            "zlib": (zlib.compress(plain), "deflate"),
            "raw": (deflate.compress(plain) + deflate.flush(), "deflate"),
            "cut": (gzip.compress(plain)[:-20], "gzip"),
            "cut early": (gzip.compress(plain)[:10], "gzip"),
            "twice": (gzip.compress(gzip.compress(plain)), "gzip, gzip"),
            "nothing": (b"\0\0\0\xff\xff" * 1000 + b"\3\0", "deflate"),
            "brotli": (b"\x8b", "br"),
            "exact": (b"x" * LONGEST, "identity"),
        }[request.path[1:]]
        return web.Response(body=packed, headers={"Content-Encoding": encoding, "Set-Cookie": "session=1"})

    application = web.Application()
    application.router.add_get("/{name}", handle)
    async with serving(application) as url:
        yield url


@pytest.mark.parametrize("name", ["gzip", "members", "zlib", "raw"])
async def test_a_packed_answer_is_unpacked(packing: str, name: str) -> None:
    async with session() as http:
        received = await exchange(http, "GET", f"{packing}/{name}", what="it", seconds=10)
        assert received.document == {"n": "x" * 100_000}
        assert not list(http.cookie_jar)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("cut", "is no gzip"),
        ("cut early", "is no gzip"),
        ("twice", "gzip, gzip, which nobody asked for"),
        ("brotli", "br, which nobody asked for"),
    ],
)
async def test_an_answer_that_is_not_packed_as_asked_is_unreadable(packing: str, name: str, sentence: str) -> None:
    async with session() as http:
        with pytest.raises(UnreadableAnswer, match=sentence):
            await exchange(http, "GET", f"{packing}/{name}", what="it", seconds=10)


async def test_packed_bytes_have_a_limit_though_nothing_comes_of_them(
    packing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eventproof.conform.exchange.LONGEST", 2000)
    async with session() as http:
        with pytest.raises(UnreadableAnswer, match="before unpacking"):
            await exchange(http, "GET", f"{packing}/nothing", what="it", seconds=10)


async def test_an_answer_of_just_the_limit_is_read(packing: str) -> None:
    async with session() as http:
        assert len((await exchange(http, "GET", f"{packing}/exact", what="it", seconds=30)).content) == LONGEST


async def test_no_proxy_and_no_password_of_the_environment_is_used(
    packing: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1\nlogin bob\npassword x\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with session() as http:
        assert (await exchange(http, "GET", f"{packing}/asked", what="it", seconds=10)).document is None


@pytest.mark.parametrize(
    ("text", "document"),
    [
        ("", None),
        ("{", "{"),
        ("[" * 3000 + "]" * 3000, "[" * 3000 + "]" * 3000),
        ("[" * 101 + "]" * 101, "[" * 101 + "]" * 101),
        ("[[1]]", [[1]]),
        ('\ufeff{"saved": "by an editor that marks UTF-8"}', {"saved": "by an editor that marks UTF-8"}),
        ('{"\\ud800": ["\\udc00"], "b": 1}', {"\ufffd": ["\ufffd"], "b": 1}),
        ('"\\ud83d\\ude00"', "\U0001f600"),
    ],
)
def test_json_is_read_where_it_can_be_shown(text: str, document: object) -> None:
    assert document_in(text) == document
