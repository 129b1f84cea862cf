"""What a connection of the suite presents, as the profile says it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from eventproof import catalog, profile
from eventproof.catalog import Wire
from eventproof.client.aio import ConnectionRefused
from eventproof.conform.dialer import Dialer, HandshakeOptions
from eventproof.conform.probe import probe
from eventproof.history import History
from eventproof.target import Endpoint, SocketIO, Target, Transport

HEADERS = {"Origin": "https://app.example", "Cookie": "session={token}", "X-Tenant": "acme"}
QUERY = {"v": "2", "access": "{token}"}


@pytest.fixture
async def asked() -> AsyncIterator[tuple[Target, list[web.Request]]]:
    """A target that refuses every connection, and the requests that it was asked with."""
    requests: list[web.Request] = []

    async def refuse(request: web.Request) -> web.StreamResponse:
        requests.append(request)
        raise web.HTTPForbidden

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", refuse)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    target = profile.for_url(f"http://127.0.0.1:{runner.addresses[0][1]}", env={})
    mains = {name: replace(main, headers=HEADERS, query=QUERY) for name, main in target.channels.items()}
    socketio = SocketIO(path="/realtime", headers=HEADERS, query=QUERY)
    yield replace(target, channels=mains, socketio=socketio), requests
    await runner.cleanup()


def _dialer(target: Target) -> Dialer:
    systems = catalog.load().systems
    return Dialer(target, systems.values(), History(asyncio.get_running_loop().time))


async def _refused(line: Any) -> None:
    with pytest.raises(ConnectionRefused):
        await line.open()


@pytest.mark.parametrize("transport", [Transport.WEBSOCKET, Transport.POLLING])
async def test_a_main_connection_presents_the_headers_and_the_query_of_the_profile(
    asked: tuple[Target, list[web.Request]], transport: Transport
) -> None:
    target, requests = asked
    await _refused(_dialer(target).main("user-1", "user-state", "secret-1", transport))
    (request,) = requests
    assert request.path == "/realtime"
    assert [request.headers[name] for name in HEADERS] == ["https://app.example", "session=secret-1", "acme"]
    assert (request.query["v"], request.query["access"], request.query["EIO"]) == ("2", "secret-1", "4")


async def test_without_a_token_nothing_is_presented_that_carries_one(asked: tuple[Target, list[web.Request]]) -> None:
    target, requests = asked
    await _refused(_dialer(target).main("user-1", "user-state", None))
    await asyncio.to_thread(probe, target, catalog.load())
    for request in requests:
        assert (request.headers["X-Tenant"], request.query["v"]) == ("acme", "2")
        assert "Cookie" not in request.headers
        assert "access" not in request.query
    assert len(requests) == 2


async def test_the_token_of_another_namespace_goes_into_the_query_beside_that_of_the_protocol(
    asked: tuple[Target, list[web.Request]],
) -> None:
    target, requests = asked
    query = {**QUERY, "key": "{token}"}
    further = Endpoint(Wire.SOCKET_IO, "/other", "/other", (Transport.WEBSOCKET,), query=query)
    await _refused(_dialer(target).other("user-1", further, "secret-1"))
    (request,) = requests
    assert (request.query["key"], request.query["v"], request.query["transport"]) == ("secret-1", "2", "websocket")


async def test_what_a_case_says_takes_the_place_of_what_the_profile_says(
    asked: tuple[Target, list[web.Request]],
) -> None:
    target, requests = asked
    says = HandshakeOptions(headers={"origin": "https://page.example"})
    await _refused(_dialer(target).main("user-1", "user-state", "secret-1", says=says))
    (request,) = requests
    assert request.headers.getall("Origin") == ["https://page.example"]
    assert request.headers["X-Tenant"] == "acme"
