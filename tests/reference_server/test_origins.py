"""Whose web pages may use the server: in REST, by polling, in the handshake of a WebSocket, and in a real browser."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import aiohttp
import pytest

from reference_server.settings import Settings, load
from tests.browser import page_of
from tests.reference_server.house import House, keep_house

pytestmark = pytest.mark.asyncio(loop_scope="package")

LISTED = Settings().allowed_origins
FOREIGN = (
    "https://evil.example",
    "null",
    "https://studyspot-student.vercel.app.evil.example",
    "http://localhost:3001",
    "https://localhost:3000",
    "http://localhost:3000/",
    "",
)
POLLING = "/socket.io/?EIO=4&transport=polling"
WEBSOCKET = "/socket.io/?EIO=4&transport=websocket"
ALLOW = "Access-Control-Allow-Origin"
CREDENTIALS = "Access-Control-Allow-Credentials"


async def asked(house: House, method: str, path: str, origin: str, **headers: str) -> tuple[int, Any, str]:
    async with house.http.request(method, house.url + path, headers={"Origin": origin, **headers}) as answer:
        return answer.status, answer.headers, await answer.text()


async def test_a_listed_origin_may_connect_and_read_with_credentials(house: House) -> None:
    assert len(LISTED) == 4
    for origin in LISTED:
        for path, status in ((POLLING, 200), ("/healthz", 200), ("/api/me", 401)):
            answered, headers, _ = await asked(house, "GET", path, origin)
            assert (answered, headers[ALLOW], headers[CREDENTIALS]) == (status, origin, "true")
            assert headers["Vary"] == "Origin"
        async with house.http.ws_connect(house.url + WEBSOCKET, headers={"Origin": origin}) as socket:
            assert (await socket.receive_str()).startswith("0{")


async def test_a_preflight_of_a_listed_origin_is_answered_before_anybody_logs_in(house: House) -> None:
    wanted = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization,content-type"}
    for path in ("/api/admin/users/usr_1/tier", POLLING, "/nowhere"):
        status, headers, body = await asked(house, "OPTIONS", path, LISTED[0], **wanted)
        assert (status, body, headers[ALLOW], headers[CREDENTIALS]) == (204, "", LISTED[0], "true")
        assert "PUT" in headers["Access-Control-Allow-Methods"]
        assert headers["Access-Control-Allow-Headers"] == "authorization,content-type"
    odd = {**wanted, "Access-Control-Request-Headers": "x" * 2000}
    assert "Access-Control-Allow-Headers" not in (await asked(house, "OPTIONS", "/api/me", LISTED[0], **odd))[1]


@pytest.mark.parametrize("origin", FOREIGN)
async def test_another_origin_is_refused_on_every_connection_and_may_read_nothing(house: House, origin: str) -> None:
    status, headers, body = await asked(house, "GET", POLLING, origin)
    assert (status, json.loads(body)["error"]["code"]) == (403, "origin_not_allowed")
    assert ALLOW not in headers
    for path in (WEBSOCKET, "/api/me/ws"):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await house.http.ws_connect(house.url + path, headers={"Origin": origin})
        assert refused.value.status == 403
    wanted = {"Access-Control-Request-Method": "GET"}
    for method, headers_of in (("GET", {}), ("OPTIONS", wanted)):
        _, headers, _ = await asked(house, method, "/api/me", origin, **headers_of)
        assert not any(name.startswith("Access-Control") for name in headers)


async def test_an_open_session_is_no_way_in_for_another_origin(house: House) -> None:
    polling = await house.polling()
    async with house.http.post(polling.url, data="40", headers={"Origin": FOREIGN[0]}) as answer:
        assert answer.status == 403
    assert (await polling.post((await house.person()).connect))[0] == 200


async def test_the_servers_own_origin_is_allowed_and_whoever_tells_none_is_no_page(house: House) -> None:
    own = house.url
    assert (await asked(house, "GET", POLLING, own))[1][ALLOW] == own
    secure = own.replace("http:", "https:")
    assert (await asked(house, "GET", POLLING, secure))[0] == 200, "behind a proxy that speaks TLS"
    async with house.http.get(own + POLLING) as answer:
        assert (answer.status, ALLOW in answer.headers) == (200, False)


async def test_the_list_is_what_the_settings_say(tmp_path: Path) -> None:
    file = tmp_path / "server.toml"
    file.write_text('allowed_origins = ["https://app.example"]', "utf-8")
    assert load({}, file).allowed_origins == ("https://app.example",)
    async with keep_house(tmp_path, allowed_origins=("https://app.example",)) as house:
        assert (await asked(house, "GET", POLLING, "https://app.example"))[0] == 200
        assert (await asked(house, "GET", POLLING, LISTED[0]))[0] == 403


class _Quiet(SimpleHTTPRequestHandler):
    def log_request(self, *_: Any) -> None:
        pass


@contextmanager
def _pages(folder: Path) -> Iterator[str]:
    """The origin of a server of pages, which is none of ours."""
    (folder / "index.html").write_text("<title>A page</title>", "utf-8")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


_TRIES = """
async ([url, token]) => {
    const asking = { credentials: "include", headers: { Authorization: `Bearer ${token}` } };
    const reads = (path) => fetch(url + path, asking).then((answer) => answer.status, () => "blocked");
    const opens = () => new Promise((resolve) => {
        const socket = new WebSocket(url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket");
        socket.onmessage = () => { resolve("open"); socket.close(); };
        socket.onerror = () => resolve("refused");
    });
    return [await reads("/api/me"), await reads("/socket.io/?EIO=4&transport=polling"), await opens()];
}
"""


@pytest.mark.parametrize("listed", [True, False])
async def test_a_browser_lets_a_listed_page_in_and_keeps_another_out(
    chromium: str, tmp_path: Path, listed: bool
) -> None:
    with _pages(tmp_path) as origin:
        origins = (origin,) if listed else LISTED
        async with (
            keep_house(tmp_path / "house", allowed_origins=origins) as house,
            page_of(chromium, f"{origin}/index.html") as page,
        ):
            token = (await house.person()).token
            tried = await page.evaluate(_TRIES, [house.url, token])
            assert tried == ([200, 200, "open"] if listed else ["blocked", "blocked", "refused"])
