"""HTTP answers as servers of all kinds write them, and as none may."""

import gzip
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventproof.errors import ProtocolViolation
from eventproof.wire.http import Body, Coding, Head, read_head

_TEXT = b'{"message":"no"}' * 20


def _raw_deflate(data: bytes) -> bytes:
    return zlib.compress(data)[2:-4]


def _chunked(data: bytes, size: int = 7, extension: bytes = b"") -> bytes:
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    return b"".join(b"%x%s\r\n%s\r\n" % (len(piece), extension, piece) for piece in pieces) + b"0\r\n\r\n"


def _head_of(data: bytes) -> Head:
    found = read_head(data)
    assert found is not None
    return found[0]


def _body_of(answer: bytes, *, step: int | None = None, most: int = 10_000) -> Body:
    found = read_head(answer)
    assert found is not None
    head, rest = found
    body = Body(head, most=most)
    for at in range(0, len(rest), step or len(rest) or 1):
        body.feed(rest[at : at + (step or len(rest))])
    return body


@pytest.mark.parametrize("interim", ["100 Continue", "102 Processing", "103 Early Hints\r\nLink: </a>", "199 x"])
def test_interim_answers_are_passed_over(interim: str) -> None:
    data = f"HTTP/1.1 {interim}\r\n\r\n".encode() * 3
    assert read_head(data) is None
    assert _head_of(data + b"HTTP/1.1 403 Forbidden\r\n\r\n").status == 403


def test_interim_answers_without_end_are_a_violation() -> None:
    with pytest.raises(ProtocolViolation, match="not valid HTTP"):
        read_head(b"HTTP/1.1 102 Processing\r\n\r\n" * 10_000)


@pytest.mark.parametrize("line", ["HTTP/1.0 403 Forbidden", "HTTP/1.1 403", "HTTP/1.1 403 ", "HTTP/1.1 403 Not you, é"])
def test_status_lines_of_all_kinds_are_read(line: str) -> None:
    assert _head_of(f"{line}\r\nX: y\r\n\r\n".encode("latin-1")).status == 403


@pytest.mark.parametrize("line", ["HTTP/2 403 x", "HTTP/1.1 4O3 x", "HTTP/1.1  403", "http/1.1 403 x", "ICY 200 OK"])
def test_what_is_no_status_line_is_a_violation(line: str) -> None:
    with pytest.raises(ProtocolViolation, match="not valid HTTP"):
        read_head(f"{line}\r\n\r\n".encode())


def test_a_folded_header_is_one_value_and_a_bare_newline_ends_a_line() -> None:
    head = _head_of(b"HTTP/1.1 401 No\nWWW-Authenticate: Bearer\n\trealm=x,\n  error=y\nX:z\n\n")
    assert head.headers == (("WWW-Authenticate", "Bearer realm=x, error=y"), ("X", "z"))


@pytest.mark.parametrize("step", [None, 1, 3, 50])
@pytest.mark.parametrize(
    ("headers", "coded"),
    [
        ("Content-Length: %d", _TEXT),
        ("content-length: %d, %d", _TEXT),
        ("Transfer-Encoding: chunked", _chunked(_TEXT)),
        ("Transfer-Encoding: chunked\r\nContent-Length: 3", _chunked(_TEXT)),
        ("Transfer-Encoding: Chunked", _chunked(_TEXT, 5, b" ;name=value")),
        ("Transfer-Encoding: chunked", _chunked(_TEXT)[:-2] + b"Trailer: x\r\n\r\n"),
        ("Content-Encoding: gzip\r\nContent-Length: %d", gzip.compress(_TEXT, mtime=0)),
        (
            "Content-Encoding: x-gzip\r\nContent-Length: %d",
            gzip.compress(_TEXT[:9], mtime=0) + gzip.compress(_TEXT[9:], mtime=0),
        ),
        ("Content-Encoding: deflate\r\nContent-Length: %d", zlib.compress(_TEXT)),
        ("Content-Encoding: deflate\r\nContent-Length: %d", _raw_deflate(_TEXT)),
        ("Content-Encoding: deflate, GZIP\r\nContent-Length: %d", gzip.compress(zlib.compress(_TEXT), mtime=0)),
        ("Content-Encoding: gzip\r\nTransfer-Encoding: chunked", _chunked(gzip.compress(_TEXT, mtime=0))),
        ("Transfer-Encoding: gzip, chunked", _chunked(gzip.compress(_TEXT, mtime=0))),
        ("Content-Encoding: identity\r\nContent-Length: %d", _TEXT),
    ],
)
def test_a_body_is_read_however_it_is_sent_and_cut(headers: str, coded: bytes, step: int | None) -> None:
    head = headers % ((len(coded),) * headers.count("%d"))
    body = _body_of(f"HTTP/1.1 400 Bad Request\r\n{head}\r\n\r\n".encode() + coded, step=step)
    assert body.is_complete
    assert body.is_delimited
    assert body.content == _TEXT
    assert body.rest == b""


def test_a_body_without_a_length_ends_with_the_connection() -> None:
    body = _body_of(b"HTTP/1.0 400 Bad Request\r\n\r\n" + _TEXT)
    assert not body.is_complete
    body.end()
    assert (body.is_complete, body.is_delimited, body.content) == (True, False, _TEXT)


@pytest.mark.parametrize("status", [204, 304])
def test_some_answers_have_no_body_whatever_their_headers_say(status: int) -> None:
    assert _body_of(f"HTTP/1.1 {status} x\r\nContent-Length: 5\r\n\r\n".encode()).is_complete


def test_a_205_has_the_body_that_its_headers_tell() -> None:
    answer = b"HTTP/1.1 205 Reset Content\r\nContent-Length: 2\r\n\r\n"
    assert not _body_of(answer).is_complete
    assert _body_of(answer + b"no").content == b"no"


@pytest.mark.parametrize(
    ("head", "keeps_alive"),
    [
        ("HTTP/1.1 200 OK", True),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", True),
        ("HTTP/1.1 200 OK\r\nConnection: x, Close", False),
        ("HTTP/1.0 200 OK", False),
        ("HTTP/1.0 200 OK\r\nConnection: keep-alive", True),
        ("HTTP/1.0 200 OK\r\nConnection: keep-alive, close", False),
        ("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked", False),
    ],
)
def test_a_connection_is_kept_alive_where_both_sides_know_its_end(head: str, keeps_alive: bool) -> None:
    assert _head_of(f"{head}\r\n\r\n".encode()).keeps_alive is keeps_alive


def test_what_comes_after_a_body_is_no_part_of_it() -> None:
    body = _body_of(b"HTTP/1.1 400 x\r\nContent-Length: 2\r\n\r\nnoHTTP/1.1 200 OK")
    assert (body.content, body.rest) == (b"no", b"HTTP/1.1 200 OK")


def test_a_coding_that_is_not_known_is_named_and_leaves_the_bytes() -> None:
    body = _body_of(b"HTTP/1.1 400 x\r\nContent-Encoding: gzip, br\r\nContent-Length: 3\r\n\r\n\x0b\x01\x80")
    assert (body.unknown_coding, body.content, body.is_complete) == ("br", b"\x0b\x01\x80", True)


@pytest.mark.parametrize(
    ("coding", "coded"),
    [
        ("gzip", gzip.compress(_TEXT, mtime=0)[:10]),
        ("gzip", gzip.compress(_TEXT, mtime=0)[:-1]),
        ("gzip", gzip.compress(_TEXT, mtime=0) + gzip.compress(b"", mtime=0)[:5]),
        ("deflate", zlib.compress(_TEXT)[:-1]),
        ("deflate", _raw_deflate(_TEXT)[:-1]),
        ("deflate, gzip", gzip.compress(zlib.compress(_TEXT)[:-1], mtime=0)),
    ],
)
def test_a_coding_that_breaks_off_is_a_violation_wherever_the_body_ends(coding: str, coded: bytes) -> None:
    with pytest.raises(ProtocolViolation, match="was complete"):
        _body_of(
            f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {len(coded)}\r\n\r\n".encode() + coded
        )
    with pytest.raises(ProtocolViolation, match="was complete"):
        _body_of(
            f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
            + _chunked(coded)
        )
    body = _body_of(f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\n\r\n".encode() + coded)
    with pytest.raises(ProtocolViolation, match="was complete"):
        body.end()


def test_a_body_of_nothing_lacks_nothing_whatever_its_coding() -> None:
    for length in ("Content-Length: 0", "Transfer-Encoding: chunked"):
        answer = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n{length}\r\n\r\n0\r\n\r\n"
        body = _body_of(answer.encode())
        assert (body.content, body.is_complete) == (b"", True)


@pytest.mark.parametrize(("times", "unknown"), [(4, ""), (5, "5 codings"), (1000, "1000 codings")])
def test_more_than_four_codings_are_not_undone(times: int, unknown: str) -> None:
    coded = _TEXT
    for _ in range(times):
        coded = zlib.compress(coded, 0)
    headers = f"Content-Encoding: {'deflate,' * times}\r\nContent-Length: {len(coded)}"
    body = _body_of(f"HTTP/1.1 400 x\r\n{headers}\r\n\r\n".encode() + coded, most=100_000)
    assert (body.unknown_coding, body.content) == (unknown, coded if unknown else _TEXT)


@pytest.mark.parametrize(
    ("headers", "coded"),
    [
        ("Content-Length: 5", _TEXT[:4]),
        ("Transfer-Encoding: chunked", _chunked(_TEXT)[:-2]),
        ("Transfer-Encoding: chunked", b"5\r\nabc"),
    ],
)
def test_a_body_that_breaks_off_is_a_violation(headers: str, coded: bytes) -> None:
    body = _body_of(f"HTTP/1.1 200 OK\r\n{headers}\r\n\r\n".encode() + coded)
    assert not body.is_complete
    with pytest.raises(ProtocolViolation, match="before its body was complete"):
        body.end()


@pytest.mark.parametrize(
    ("headers", "coded"),
    [
        ("Content-Length: x", b""),
        ("Content-Length: -1", b""),
        ("Content-Length: 5, 6", b"abcdef"),
        ("Content-Length: 99999999999999999999", b""),
        ("Transfer-Encoding: chunked", b"xyz\r\n"),
        ("Transfer-Encoding: chunked", b"-3\r\nabc\r\n"),
        ("Transfer-Encoding: chunked", b"3\r\nabcd\r\n"),
        ("Transfer-Encoding: chunked", b"5" * 10_000),
        ("Transfer-Encoding: chunked", b"0\r\n" + b"T" * 10_000),
        ("Content-Encoding: gzip\r\nContent-Length: 5", b"plain"),
        ("Content-Encoding: deflate\r\nContent-Length: 5", b"plain"),
    ],
)
def test_what_is_no_body_is_a_violation(headers: str, coded: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        _body_of(f"HTTP/1.1 200 OK\r\n{headers}\r\n\r\n".encode() + coded)


@pytest.mark.parametrize(
    ("headers", "coded"),
    [
        ("Content-Length: 5000", b"x" * 1001),
        ("Connection: close", b"x" * 1001),
        ("Transfer-Encoding: chunked", _chunked(b"x" * 1001)),
        ("Content-Encoding: gzip", gzip.compress(b"x" * 50_000_000, mtime=0)),
        ("Content-Encoding: gzip", gzip.compress(b"x" * 600, mtime=0) * 2),
        ("Content-Encoding: deflate, gzip", gzip.compress(zlib.compress(b"x" * 50_000_000), mtime=0)),
    ],
)
def test_a_body_that_is_too_big_is_a_violation_and_its_beginning_is_kept(headers: str, coded: bytes) -> None:
    found = read_head(f"HTTP/1.1 200 OK\r\n{headers}\r\n\r\n".encode())
    assert found is not None
    body = Body(found[0], most=1000)
    with pytest.raises(ProtocolViolation, match="too big"):
        body.feed(coded)
    assert len(body.content) <= 1000


@pytest.mark.parametrize(
    ("headers", "beginning", "piece"),
    [
        ("Transfer-Encoding: chunked", b"0\r\n", b"X: y\r\n" * 1000),
        ("Transfer-Encoding: chunked", b"", b"1;" + b"x" * 1000 + b"\r\n \r\n"),
        ("Content-Encoding: deflate", b"", b"\x00\x00\x00\xff\xff" * 1000),
        ("Content-Encoding: gzip", b"", gzip.compress(b"", mtime=0) * 300),
    ],
    ids=["trailers", "extensions of chunks", "empty blocks", "empty members"],
)
def test_what_is_much_longer_on_the_way_than_decoded_is_too_big(headers: str, beginning: bytes, piece: bytes) -> None:
    body = _body_of(f"HTTP/1.1 200 OK\r\n{headers}\r\n\r\n".encode() + beginning, most=1000)
    with pytest.raises(ProtocolViolation, match="too big"):
        body.feed(piece * 100)
    assert len(body.content) < 1000


def test_a_stream_is_decoded_piece_by_piece() -> None:
    compressor = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    coding = Coding(["gzip"])
    for piece in (b"data: 1\n\n", b"data: 2\n\n"):
        assert coding.feed(compressor.compress(piece) + compressor.flush(zlib.Z_SYNC_FLUSH)) == piece


@given(st.binary(max_size=200), st.sampled_from(["chunked", "gzip, chunked", "identity", ""]), st.integers(1, 50))
def test_whatever_bytes_come_a_body_is_read_or_a_violation(data: bytes, transfer: str, step: int) -> None:
    with suppress(ProtocolViolation):
        body = _body_of(f"HTTP/1.1 200 OK\r\nTransfer-Encoding: {transfer}\r\n\r\n".encode() + data, step=step, most=50)
        assert len(body.content) <= 50


_PIECES = st.sampled_from(
    [b"5\r\nhello\r\n", b"5\r\n\r\n\r\n\r\r\n", b"05\r\nhello\r\n", b"a;x\r\n0123456789\r\n", b"0\r\n\r\n", b"5\r\nhel"]
)


@given(st.lists(_PIECES, max_size=6), st.sampled_from(["Transfer-Encoding: chunked\r\n", ""]))
def test_a_piece_of_a_stream_that_comes_whole_is_read_as_one_that_comes_byte_by_byte(
    pieces: list[bytes], header: str
) -> None:
    read = []
    for fed in (pieces, [bytes([byte]) for byte in b"".join(pieces)]):
        body = _body_of(f"HTTP/1.1 200 OK\r\n{header}\r\n".encode())
        with suppress(ProtocolViolation):
            for piece in fed:
                body.feed(piece)
        read.append((body.content, body.is_complete, body.rest))
    assert read[0] == read[1]


def test_what_comes_at_once_is_bounded_by_what_nobody_has_taken() -> None:
    body = _body_of(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", most=9)
    for _ in range(3):
        body.feed(b"5\r\nhello\r\n")
        assert body.take() == b"hello"
    body.feed(b"5\r\nhello\r\n")
    with pytest.raises(ProtocolViolation, match="too big"):
        body.feed(b"5\r\nhello\r\n")
