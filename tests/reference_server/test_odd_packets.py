"""What nobody sends by accident: each is answered with a code or ends its own session, and never fails inside."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.reference_server.delivery.line import PLACE, greeted, is_heard
from tests.reference_server.house import House, Polling

pytestmark = pytest.mark.asyncio(loop_scope="package")

CLOSING: dict[str, list[str | bytes]] = {
    "half a pair in the name of an event with no attachments": [f'450-{PLACE},["\\ud800"]'],
    "no attachments": [f'450-{PLACE},["pong"]'],
    "attachments counted in other digits": [f'45\u0661-{PLACE},["pong"]'],
    "superscript attachments": [f'45\u00b2-{PLACE},["pong"]'],
    "a type in other digits": [f'4\u0662{PLACE},["pong"]'],
    "an id in other digits": [f"43{PLACE},\u0661[]"],
    "a placeholder before the first": [f'451-{PLACE},["pong",{{"_placeholder":true,"num":-1}}]'],
    "a placeholder behind the last": [f'451-{PLACE},["pong",{{"_placeholder":true,"num":1}}]'],
    "a placeholder beyond every number": [f'451-{PLACE},["pong",{{"_placeholder":true,"num":{"9" * 400}}}]'],
    "a placeholder that is none": [f'451-{PLACE},["pong",{{"_placeholder":true,"num":NaN}}]'],
    "a placeholder for a name": [f'451-{PLACE},[{{"_placeholder":true,"num":0}}]'],
    "too many attachments": [f'4517-{PLACE},["pong"]'],
    "a number of attachments that no memory holds": ["45999-[]", "4599999999999999999999-[]"],
    "text for an attachment": [f'451-{PLACE},["pong",{{"_placeholder":true,"num":0}}]', "42[]"],
    "an attachment of nothing": [b"x"],
    "one attachment too many": [f'451-{PLACE},["pong",{{"_placeholder":true,"num":0}}]', b"x", b"y"],
    "CONNECT with attachments": ["4016-/me,{}"],
    "DISCONNECT with attachments": ["411-/me,"],
    "an event of text with attachments": ['421-/me,["pong",{"_placeholder":true,"num":0}]'],
    "a namespace that turns text around": ["40/\u202egnp,{}"],
    "a namespace with a zero byte": ["40/a\x00b,{}"],
    "a token nested beyond reason": ['40/me,{"token":' + "[" * 50_000],
    "a token that is a number beyond reason": ['40/me,{"token":' + "9" * 5000 + "}"],
    "an acknowledgement with a number beyond reason": [f"43{PLACE},{'9' * 200}[]"],
    "no packet": ["4"],
    "an unknown type": ["49"],
}
ANSWERED: dict[str, tuple[str, str]] = {
    "half a pair for a name": ('["\\ud800",1]', "INVALID_PAYLOAD"),
    "half a pair in the argument": ('["pong","\\udfff"]', "INVALID_PAYLOAD"),
    "not a number": ('["pong",NaN]', "INVALID_PAYLOAD"),
    "the infinite": ('["pong",-Infinity]', "INVALID_PAYLOAD"),
    "nested beyond reason": ('["pong",' + "[" * 20_000 + "]" * 20_001, "INVALID_PAYLOAD"),
    "a number beyond reason": ('["pong",' + "9" * 5000 + "]", "INVALID_PAYLOAD"),
    "an id beyond what a double holds": ('9007199254740993["nonsense"]', "INVALID_PAYLOAD"),
    "an id beyond every number": ("9" * 90 + '["pong"]', "INVALID_PAYLOAD"),
    "a key twice": ('["client_disconnect",{"reason":"manual","reason":"whatever"}]', "INVALID_PAYLOAD"),
    "a name that turns text around": ('["\u202egnp"]', "INVALID_PAYLOAD"),
    "a name of control characters": ('["\\u0000\\u001b[2J"]', "INVALID_PAYLOAD"),
    "no name": ("[null]", "INVALID_PAYLOAD"),
}


@contextmanager
def nothing_fails() -> Iterator[None]:
    with capture_logs() as logs:
        yield
    assert logs == []


async def _polling(house: House) -> Polling:
    """A polling session that is on the channel and has fetched its greeting."""
    polling = await house.polling()
    assert (await polling.post(f"40{PLACE}," + json.dumps({"token": (await house.person()).token})))[0] == 200
    assert (await polling.get())[1].startswith(f"40{PLACE}")
    return polling


def _in_a_payload(frame: str | bytes) -> str:
    return frame if isinstance(frame, str) else "beA=="


@pytest.mark.parametrize("frames", CLOSING.values(), ids=CLOSING)
async def test_a_packet_that_is_none_closes_its_websocket(house: House, frames: list[str | bytes]) -> None:
    socket, witness = await greeted(house, await house.person()), await greeted(house, await house.person())
    with nothing_fails():
        await socket.send(*frames)
        answers, code = await socket.rest()
        assert code == 1002
        assert all("INVALID_PAYLOAD" in answer for answer in answers)
    await is_heard(witness)
    await witness.raw.close()


@pytest.mark.parametrize("frames", CLOSING.values(), ids=CLOSING)
async def test_a_packet_that_is_none_closes_its_polling_session(house: House, frames: list[str | bytes]) -> None:
    polling = await _polling(house)
    with nothing_fails():
        status, body = await polling.post("\x1e".join(map(_in_a_payload, frames)))
        assert (status, json.loads(body)["error"]["code"]) == (400, "malformed_request")
    assert (await polling.get())[0] == 400
    assert (await polling.post("6"))[0] == 400


@pytest.mark.parametrize(("text", "code"), ANSWERED.values(), ids=ANSWERED)
async def test_an_odd_event_is_answered_on_a_websocket_that_stays(house: House, text: str, code: str) -> None:
    socket = await greeted(house, await house.person())
    with nothing_fails():
        await socket.send(f"42{PLACE},{text}")
        said = json.loads((await socket.read()).partition(",")[2])[1]["data"]
        assert said["code"] == code
        assert "originalEvent" not in said or said["originalEvent"].isprintable()
    await is_heard(socket)
    await socket.raw.close()


@pytest.mark.parametrize(("text", "code"), ANSWERED.values(), ids=ANSWERED)
async def test_an_odd_event_is_answered_on_a_polling_session_that_stays(house: House, text: str, code: str) -> None:
    polling = await _polling(house)
    with nothing_fails():
        assert await polling.post(f"42{PLACE},{text}") == (200, "ok")
        assert code in (await polling.get())[1]
        assert await polling.post(f'42{PLACE},7["pong"]') == (200, "ok")
        assert await polling.get() == (200, f"43{PLACE},7[]")
    await polling.post("1")


@pytest.mark.parametrize(
    "auth", ['{"token":"\\ud800"}', '{"token":NaN}', '{"token":1,"token":2}', '{"token":"\\u202e"}', '{"token":[[]]}']
)
async def test_an_odd_token_is_refused(house: House, auth: str) -> None:
    socket = await house.engine()
    with nothing_fails():
        await socket.send(f"40/me,{auth}")
        assert json.loads((await socket.read()).removeprefix("44/me,"))["data"]["code"] == "token_invalid"
    await socket.raw.close()


async def test_attachments_are_refused_at_once_and_passed_over(house: House) -> None:
    """Those of an event that is refused come all the same, and are as good as not sent."""
    socket = await greeted(house, await house.person())
    announced = ",".join(f'{{"_placeholder":true,"num":{number}}}' for number in range(16))
    await socket.send(f'4516-{PLACE},7["pong",[{announced}]]')
    assert json.loads((await socket.read()).partition(",")[2])[1]["data"]["code"] == "INVALID_PAYLOAD"
    await socket.send(*[b"x" * 100_000] * 16)
    await is_heard(socket)
    await socket.raw.close()


async def _says(house: House, *lines: str, path: str = "/api/me", body: bytes = b"", method: str = "GET") -> Any:
    """The status and the code of the answer to a request with these header lines."""
    head = "\r\n".join((f"{method} {path} HTTP/1.1", "Host: x", "Connection: close", *lines))
    said, content = await house.says(f"{head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    while said.startswith(b"HTTP/1.1 100"):
        said, _, content = content.partition(b"\r\n\r\n")
    found = json.loads(content)
    return int(said.split()[1]), found["error"]["code"] if "error" in found else None


async def test_a_request_with_two_tokens_is_that_of_nobody(house: House) -> None:
    user = await house.person()
    good = f"Authorization: Bearer {user.token}"
    assert await _says(house, good) == (200, None)
    for second in (good, "Authorization: Bearer x", "authorization: Basic eA=="):
        assert await _says(house, good, second) == (401, "token_invalid")
        assert await _says(house, good, second, path="/api/me/stream") == (401, "token_invalid")
    twice = f"/api/me/stream?token={user.token}&token={user.token}"
    assert await _says(house, path=twice) == (401, "token_invalid")


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_what_a_request_expects_is_granted_or_refused_in_our_words(house: House, method: str) -> None:
    user = await house.person()
    token = f"Authorization: Bearer {user.token}"
    assert await _says(house, token, "Expect: 100-continue") == (200, None)
    for path in ("/api/me", "/nowhere", "/socket.io/?EIO=4&transport=polling"):
        answer = await _says(house, token, "Expect: a-miracle", path=path, method=method)
        assert answer == (400, "malformed_request")


@pytest.mark.parametrize("twice", ["EIO=4", "EIO=3", "transport=polling", "transport=websocket", "sid=a&sid=b"])
async def test_a_query_that_says_a_thing_twice_is_refused(house: House, twice: str) -> None:
    for query in (f"EIO=4&transport=polling&{twice}", f"{twice}&EIO=4&transport=polling"):
        status, body = await house.call("GET", f"/socket.io/?{query}")
        assert (status, body["error"]["code"]) == (400, "malformed_request")


async def test_a_fault_inside_ends_the_polling_session_that_met_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    polling = await _polling(house)

    def fail(*_: object) -> None:
        raise LookupError("a fault of ours")

    with monkeypatch.context() as patch, capture_logs() as logs:
        patch.setattr("reference_server.transport.socketio.SocketServer.received", fail)
        status, body = await polling.post("4x")
    assert (status, json.loads(body)["error"]["code"]) == (500, "internal_error")
    assert [log["event"] for log in logs] == ["session-failed"]
    assert await polling.get() == (200, "1")
    assert (await polling.get())[0] == 400


@pytest.mark.parametrize("name", ["\u202egnp.exe", "a\x00b", "\x1b[2J", "\u2066", "\x85"])
async def test_a_name_that_is_not_as_it_looks_is_not_stored(house: House, name: str) -> None:
    seller = await house.person("seller")
    for said, status in ((name, 422), ("Linen shirt\u200d", 201)):
        body = {"name": said, "price": 100, "stock": 1}
        answered, found = await house.call("POST", "/api/products", seller, json=body)
        assert answered == status, found
    answered, found = await house.call("POST", "/api/products", seller, json={**body, "name": name})
    assert found["error"]["code"] == "invalid_input"
    assert name not in found["error"]["message"]


async def test_a_client_that_leaves_during_its_handshake_leaves_nothing_in_the_log(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    host, port = house.url.removeprefix("http://").split(":")
    head = (
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    for _ in range(20):
        _, writer = await asyncio.open_connection(host, port)
        writer.write(head.encode())
        writer.transport.abort()
    await house.call("GET", "/healthz")
    assert caplog.records == []
