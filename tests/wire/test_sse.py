"""Server-Sent Events, by the examples and rules of the HTML standard."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventproof.errors import ProtocolViolation
from eventproof.wire.sse import Comment, Decoder, ServerSentEvent


def _fed(stream: bytes) -> list[ServerSentEvent | Comment]:
    return Decoder().feed(stream)


def _message(data: str, event: str = "message", event_id: str = "", retry: int | None = None) -> ServerSentEvent:
    return ServerSentEvent(event, data, event_id, retry)


def test_data_lines_are_joined_by_newlines() -> None:
    assert _fed(b"data: YHOO\ndata: +2\ndata: 10\n\n") == [_message("YHOO\n+2\n10")]


def test_comments_are_told_apart_and_ids_are_kept_until_they_are_reset() -> None:
    stream = b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n"
    assert _fed(stream) == [
        Comment("test stream"),
        _message("first event", event_id="1"),
        _message("second event"),
        _message(" third event"),
    ]


def test_empty_data_is_an_event_and_no_data_is_none() -> None:
    assert _fed(b"data\n\ndata\ndata\n\ndata:") == [_message(""), _message("\n")]
    assert _fed(b"event: lost\n\ndata: x\n\n") == [_message("x")]


def test_a_space_after_the_colon_is_ignored_once() -> None:
    assert _fed(b"data:test\n\ndata: test\n\n") == [_message("test"), _message("test")]


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_each_line_ending_ends_a_line(end: str) -> None:
    decoder = Decoder()
    stream = f"event: a{end}data: 1{end}data: 2{end}{end}data: 3{end}{end}".encode()
    expected = [_message("1\n2", "a"), _message("3")]
    assert decoder.feed(stream) == expected
    decoder = Decoder()
    assert [item for index in range(len(stream)) for item in decoder.feed(stream[index : index + 1])] == expected


def test_a_carriage_return_dispatches_without_waiting_for_a_newline() -> None:
    decoder = Decoder()
    assert decoder.feed(b"data: x\r\r") == [_message("x")]
    assert decoder.feed(b"\ndata: y\n\n") == [_message("y")]


def test_one_byte_order_mark_is_ignored_at_the_beginning_alone() -> None:
    assert _fed(b"\xef\xbb\xbfdata: x\n\n") == [_message("x")]
    assert _fed(b"\xef\xbb\xbf\xef\xbb\xbfdata: x\n\n") == []
    decoder = Decoder()
    assert decoder.feed(b"\xef") == decoder.feed(b"\xbb") == decoder.feed(b"\xbf") == []
    assert decoder.feed(b"data: x\n\n") == [_message("x")]


def test_an_id_with_a_nul_is_ignored() -> None:
    assert _fed(b"id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n") == [_message("a", event_id="1"), _message("b", event_id="1")]


@pytest.mark.parametrize(
    ("value", "retry"),
    [("3000", 3000), ("0", 0), ("-1", None), ("3s", None), ("", None), ("\u0663", None), ("1.5", None)],
)
def test_retry_is_digits_alone(value: str, retry: int | None) -> None:
    decoder = Decoder()
    assert decoder.feed(f"retry: {value}\ndata: x\n\n".encode()) == [_message("x", retry=retry)]
    assert decoder.retry == retry


def test_the_stream_remembers_what_to_reconnect_with() -> None:
    decoder = Decoder()
    decoder.feed(b"retry: 3000\nid: 41\n\n: still here\n\nunknown: field\nid: 42\ndata: x\n\n")
    assert (decoder.retry, decoder.last_event_id) == (3000, "42")


def test_what_the_end_cuts_off_is_never_dispatched() -> None:
    assert _fed(b"data: x\n\ndata: lost\n") == [_message("x")]


@pytest.mark.parametrize(
    ("stream", "last_event_id"),
    [
        (b"id: 5\ndata: whole\n\nid: 6\ndata: cut off", "5"),
        (b"id: 5\ndata: whole\n\nid: 6\ndata: cut off\n", "5"),
        (b"retry:1000\ndata:test1\n\nid:test\ndata:test2", ""),
        (b"id: 5\n\n", "5"),
        (b"id: 5\n", ""),
        (b"id: 5\n:comment\n", ""),
        (b"id: 5\nid: 6\ndata: x\n\n", "6"),
        (b"id: 5\ndata: x\n\nid\ndata: y\n\n", ""),
        (b"id: 5\ndata: x\n\nid: \ndata: y", "5"),
        (b"id: 5\ndata: x\n\nid: 6\0\ndata: y\n\n", "5"),
        (b"id: 5\ndata: x\n\nevent: y\n\n", "5"),
    ],
)
def test_an_id_counts_once_its_block_is_dispatched(stream: bytes, last_event_id: str) -> None:
    decoder = Decoder()
    decoder.feed(stream)
    assert decoder.last_event_id == last_event_id


_LONG = "x" * 2048


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        ("\ufeffdata:1\n\n\ufeffdata:2\n\ndata:3\n\n", ["1", "3"]),
        ("\ufeff\ufeffdata:1\n\ndata:2\n\ndata:3\n\n", ["2", "3"]),
        (f"data:1\n:\0\n:\r\ndata:2\n:{_LONG}\ndata:3\n:data:fail\n:{_LONG}\ndata:4\n\n", ["1\n2\n3\n4"]),
        ("retry:1000\ndata:test1\n\nid:test\ndata:test2", ["test1"]),
        ("data:\n\ndata\ndata\n\ndata:test\n\n", ["", "\n", "test"]),
        (
            "data:\0\ndata:  2\rData:1\ndata\0:2\ndata:1\r\0data:4\nda-ta:3\rdata_5\ndata:3\rdata:\r\n"
            " data:32\ndata:4\n\n",
            ["\0\n 2\n1\n3\n\n4"],
        ),
        ("data:test\n data\ndata\nfoobar:xxx\njustsometext\n:thisisacommentyay\ndata:test\n\n", ["test\n\ntest"]),
        ("data:\ttest\rdata: \ndata:test\n\n", ["\ttest\n\ntest"]),
        ("data:test\r\ndata\ndata:test\r\n\r\n", ["test\n\ntest"]),
        ("data:\0\n\n\n\n", ["\0"]),
        ("data:ok…\n\n", ["ok…"]),
    ],
    ids=[
        "bom",
        "bom-2",
        "comments",
        "data-before-final-empty-line",
        "field-data",
        "field-parsing",
        "field-unknown",
        "leading-space",
        "newlines",
        "null-character",
        "utf-8",
    ],
)
@pytest.mark.parametrize("step", [1, 2, 10_000])
def test_streams_are_read_as_the_web_platform_tests_have_them(stream: str, events: list[str], step: int) -> None:
    decoder, data = Decoder(), stream.encode()
    items = [item for at in range(0, len(data), step) for item in decoder.feed(data[at : at + step])]
    assert [item.data for item in items if isinstance(item, ServerSentEvent)] == events


@pytest.mark.parametrize(("field", "name"), [("event:test", "test"), ("event: ", "message"), ("event", "message")])
def test_an_empty_name_is_the_default_one(field: str, name: str) -> None:
    (event,) = _fed(f"{field}\ndata:data\n\n".encode())
    assert isinstance(event, ServerSentEvent)
    assert event.event == name


def test_what_is_no_utf_8_is_replaced() -> None:
    assert _fed(b"data: \xff\xc3\xa9\n\n") == [_message("\ufffdé")]


def test_an_endless_event_is_a_violation_however_it_is_cut() -> None:
    decoder = Decoder(max_event=100)
    with pytest.raises(ProtocolViolation, match="too big"):
        decoder.feed(b"data: " + b"x" * 100)
    decoder = Decoder(max_event=100)
    for _ in range(100 // 7):
        decoder.feed(b"data: x\n")
    with pytest.raises(ProtocolViolation, match="too big"):
        decoder.feed(b"data: x\n")
    decoder = Decoder(max_event=100)
    for _ in range(100):
        decoder.feed(b": a comment of some length\n")
        decoder.feed(b"data: " + b"x" * 50 + b"\n\n")


@given(
    st.lists(
        st.sampled_from(["data: é", "data", "event: x", "id: 1", "retry: 5", ": c", "", "\ufeff", "x"]), max_size=12
    ),
    st.lists(st.sampled_from(["\n", "\r", "\r\n"]), min_size=12, max_size=12),
    st.lists(st.integers(0, 12), max_size=20),
)
def test_chunks_change_nothing(lines: list[str], ends: list[str], cuts: list[int]) -> None:
    stream = "".join(line + end for line, end in zip(lines, ends, strict=False)).encode()
    decoder, items, rest = Decoder(), [], stream
    for cut in cuts:
        items += decoder.feed(rest[:cut])
        rest = rest[cut:]
    assert items + decoder.feed(rest) == _fed(stream)


_WHOLE = (
    "data: x\n\n",
    "data:x\n\n",
    "data:  x\n\n",
    "data: \n\n",
    "data: ä😀\n\n",
    "id: 7\ndata: y\n\n",
    "id:\ndata: z\n\n",
)
_OTHER = (
    "data: 1\ndata: 2\n\n",
    "event: e\ndata: y\n\n",
    "id: 8\n\n",
    "id: a\0b\ndata: y\n\n",
    "data: y\r\n\r\n",
    "\n",
)
_OPEN = (": still there\n\n", "retry: 5\n", "data: open\n", "id: 9\n", "data: \r\r", "data: y\n\ndata: cut")
_BLOCKS = st.lists(st.sampled_from([*_WHOLE, *_OTHER, *_OPEN]), max_size=6)


@given(st.lists(_BLOCKS.map("".join), max_size=4))
def test_a_block_that_comes_whole_is_read_as_one_that_comes_byte_by_byte(chunks: list[str]) -> None:
    whole, slow, stream = Decoder(), Decoder(), "".join(chunks).encode()
    assert [item for chunk in chunks for item in whole.feed(chunk.encode())] == [
        item for place in range(len(stream)) for item in slow.feed(stream[place : place + 1])
    ]
    assert (whole.last_event_id, whole.retry) == (slow.last_event_id, slow.retry)


def test_a_usual_block_is_bounded_too() -> None:
    decoder = Decoder(max_event=20)
    assert decoder.feed(b"data: 1\n\n") == decoder.feed(b"data: 1\n\n") == [_message("1")]
    with pytest.raises(ProtocolViolation, match="too big"):
        decoder.feed(b"data: " + b"x" * 20 + b"\n\n")
