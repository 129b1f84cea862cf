"""What we override or use of other libraries without their promise: where a version has it no more, this fails."""

import asyncio
import inspect
from typing import Any

import pytest
import socketio
from aiohttp import web, web_protocol

from reference_server.transport.http import HttpProtocol
from reference_server.transport.packets import Packet

OVERRIDDEN: dict[type, tuple[type, set[str]]] = {
    Packet: (socketio.packet.Packet, {"reconstruct_binary"}),
    HttpProtocol: (
        web.RequestHandler,
        {"connection_lost", "connection_made", "eof_received", "data_received", "start"},
    ),
}
USED: list[tuple[object, set[str]]] = [
    (
        socketio.packet.Packet(),
        {"attachment_count", "data", "id", "namespace", "packet_type"},
    ),
    (
        web.RequestHandler,
        {
            *("_buffer_paused", "_close", "_current_request", "_drain_helper", "_force_close", "_handler_waiter"),
            *("_manager", "_message_tail", "_messages", "_msg_queue_resume_size", "_parser", "_paused"),
            *("_request_count", "_request_in_progress", "_resume_reading_if_drained", "_task_handler", "_upgraded"),
        },
    ),
    (web_protocol, {"ERROR", "PayloadAccessError", "_ErrInfo"}),
    (asyncio.SelectorEventLoop, {"_make_socket_transport"}),
]


def _named(function: Any) -> set[str]:
    """The parameters that a caller may give by name or place."""
    loose = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    parameters = inspect.signature(function).parameters.values()
    return {parameter.name for parameter in parameters if parameter.kind not in loose}


@pytest.mark.parametrize("ours", OVERRIDDEN)
def test_what_is_overridden_is_still_there_and_takes_the_same(ours: type) -> None:
    theirs, names = OVERRIDDEN[ours]
    assert {name for name in vars(ours) if not name.startswith("__") and hasattr(theirs, name)} == names
    for name in names:
        assert _named(getattr(ours, name)) >= _named(getattr(theirs, name)), name


@pytest.mark.parametrize(("theirs", "names"), USED, ids=lambda found: type(found).__name__)
def test_what_is_used_is_still_there(theirs: object, names: set[str]) -> None:
    assert {name for name in names if not hasattr(theirs, name)} == set()
