"""The frames of the benchmark's client, against a library that knows WebSocket whole."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wsproto import ConnectionType
from wsproto.connection import Connection
from wsproto.events import TextMessage

from benchmarks.serving import frames

SIZES = (0, 1, 125, 126, 127, 65_535, 65_536)


def _sent(*texts: str) -> bytes:
    return b"".join(Connection(ConnectionType.SERVER).send(TextMessage(data=text)) for text in texts)


@pytest.mark.parametrize("size", SIZES)
def test_a_server_reads_what_the_client_says(size: int) -> None:
    server = Connection(ConnectionType.SERVER)
    server.receive_data(frames.masked("x" * size))
    assert "".join(event.data for event in server.events() if isinstance(event, TextMessage)) == "x" * size


@pytest.mark.parametrize("size", SIZES)
def test_a_frame_of_any_size_is_one(size: int) -> None:
    frame = _sent("x" * size)
    assert frames.count(frame) == (1, 0, b"")
    assert frames.payloads(frame) == ([b"x" * size], b"")


@given(st.lists(st.sampled_from(["", "2", '42["told",{}]', "x" * 126, "y" * 66_000]), max_size=6), st.data())
def test_frames_that_come_in_pieces_are_counted_once(texts: list[str], data: st.DataObject) -> None:
    whole = _sent(*texts)
    cut = data.draw(st.integers(0, len(whole)))
    first, pings, rest = frames.count(whole[:cut])
    second, more_pings, nothing = frames.count(rest + whole[cut:])
    assert (first + second, pings + more_pings, nothing) == (len(texts), texts.count("2"), b"")


def test_what_is_compressed_is_told_where_it_was_agreed_on() -> None:
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    payload = (deflate.compress(b"40{}") + deflate.flush(zlib.Z_SYNC_FLUSH)).removesuffix(b"\x00\x00\xff\xff")
    frame = bytes((0xC1, len(payload))) + payload
    inflate = zlib.decompressobj(-zlib.MAX_WBITS).decompress
    assert frames.payloads(frame + _sent("plain"), inflate) == ([b"40{}", b"plain"], b"")


def test_comments_of_a_stream_are_no_events() -> None:
    assert frames.events(b": still here\n\ndata: 1\nid: 7\n\n:\n\nid: 8\ndata: 2\n\n") == 2
