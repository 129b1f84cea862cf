"""`/ws/orders`, a native WebSocket: who comes in, and what becomes of frames that RFC 6455 allows and forbids."""

import asyncio
import os
import struct
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

import pytest

from eventproof.conform.bad_tokens import changed
from eventproof.conform.cases import (
    Case,
    Closed,
    ContractViolation,
    Inconclusive,
    Kind,
    Line,
    Person,
    Record,
    requirement,
)

from .market import ORDER_UPDATED, ORDERS, a_seller, about, order, product

_FIN, _MASK = 0x80, 0x80
_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING = 0x0, 0x1, 0x2, 0x8, 0x9
_GLANCE: Final = 0.02
"""Seconds between two looks at whether a frame came."""
_PROTOCOL, _UNACCEPTABLE, _NO_UTF8, _TOO_BIG = 1002, 1003, 1007, 1009


def _frame(opcode: int, payload: bytes = b"", *, first: int = _FIN, masked: bool = True) -> bytes:
    """A frame of a client; `first` are the upper bits of its first byte."""
    size, flag = len(payload), _MASK if masked else 0
    if size < 126:
        head = bytes((first | opcode, flag | size))
    else:
        head = bytes((first | opcode, flag | 126)) + struct.pack("!H", size)
    key = os.urandom(4)
    return head + key + bytes(byte ^ key[place % 4] for place, byte in enumerate(payload)) if masked else head + payload


_FORBIDDEN: Final[Mapping[str, tuple[bytes, tuple[int, ...]]]] = {
    "a-reserved-bit": (_frame(_TEXT, b"x", first=_FIN | 0x40), (_PROTOCOL,)),
    "no-utf-8": (_frame(_TEXT, b"\xff\xfe"), (_NO_UTF8,)),
    "unmasked": (_frame(_TEXT, b"x", masked=False), (_PROTOCOL,)),
    "a-long-ping": (_frame(_PING, b"x" * 126), (_PROTOCOL,)),
    "a-ping-in-parts": (_frame(_PING, b"x", first=0), (_PROTOCOL,)),
    "an-unknown-opcode": (_frame(0x3, b"x"), (_PROTOCOL,)),
    "a-continuation-of-nothing": (_frame(_CONTINUATION, b"x"), (_PROTOCOL,)),
}
"""What ends a connection, each with the codes of RFC 6455, 7.4.1, that say why."""
_ENDLESS: Final = 2**40
"""Bytes that the oversized message announces: more than any server takes."""
_STEP, _STEPS, _PAUSE = 2**20, 32, 0.1
"""Bytes of it that are sent at once, how often at most, and the seconds between, in which a close is read."""


_PLAIN: Final[Mapping[str, tuple[str | None, str]]] = {
    "missing": (None, "without a token"),
    "malformed": ("no.such.token", "with a malformed token"),
}
"""Bad tokens that are not made of a good one."""


@requirement("MKT-WS-1")
@pytest.mark.parametrize("token", ["missing", "malformed", "forged", "expired"])
async def test_a_connection_without_a_valid_token_is_refused(case: Case, token: str) -> None:
    """Beside one with a good token."""
    buyer = await case.user()
    twin = buyer.connection(await buyer.session(), channel=ORDERS)
    presented: str | None
    if token in _PLAIN:
        presented, special = _PLAIN[token]
    else:
        made = await changed(case, buyer, token)
        presented, special = made.token, f"with {made.special}"
    await case.must_refuse(buyer.connection(presented, channel=ORDERS), beside=twin, special=special)


@requirement("MKT-WS-1")
async def test_pings_are_answered_and_parts_put_together(case: Case) -> None:
    """Also a ping between two parts of one message, and one that comes byte by byte."""
    seller, buyer = await a_seller(case), await case.user()
    line = await buyer.connect(channel=ORDERS)
    await line.say_bytes(_frame(_PING, b"there?"))
    await _ponged(case, line, b"there?", "a ping")
    parts = (
        _frame(_TEXT, '{"é'.encode()[:3], first=0),
        _frame(_PING, b"between"),
        _frame(_CONTINUATION, '{"é'.encode()[3:] + b'": 1}'),
    )
    await line.say_bytes(b"".join(parts))
    await _ponged(case, line, b"between", "a ping between two parts of a message")
    for byte in _frame(_PING, b"slowly"):
        await line.say_bytes(bytes((byte,)))
    await _ponged(case, line, b"slowly", "a ping that came byte by byte")
    made = await order(buyer, await product(seller))
    await line.hears(ORDER_UPDATED, about(case, made))


async def _ponged(case: Case, line: Line, data: bytes, what: str) -> None:
    """Wait until a ping with this application data was answered with the same."""
    if not await _pongs(case, line, data):
        raise ContractViolation(
            f"{line} was not answered {what}",
            expected=f"a PONG with its data, `{data.decode()}`",
            observed=_state(line),
        )


async def _pongs(case: Case, line: Line, data: bytes) -> bool:
    """Whether such a PONG comes in time, and before the end."""
    deadline, wanted = case.now + case.budgets.event_arrival, f"[PONG {data.decode()}]"
    while not any(frame.payload == wanted for frame in _heard_frames(line)):
        if not line.is_open or case.now > deadline:
            return False
        await asyncio.sleep(_GLANCE)
    return True


def _state(line: Line) -> str:
    others = [str(frame.payload) for frame in _heard_frames(line) if str(frame.payload).startswith("[PONG")]
    how = "it is open" if line.is_open else f"it ended: {line.closed}"
    return f"{', '.join(others) or 'no PONG'}; {how}"


def _heard_frames(line: Line) -> list[Record]:
    return [frame for frame in line.frames if frame.kind is Kind.FRAME_IN]


@requirement("MKT-WS-1")
@pytest.mark.parametrize("sent", _FORBIDDEN)
async def test_what_the_protocol_forbids_ends_its_own_connection_with_its_code(case: Case, sent: str) -> None:
    """Others go on: a witness hears what comes after."""
    seller, buyer = await a_seller(case), await case.user()
    line, witness = await buyer.connect(channel=ORDERS), await buyer.connect(channel=ORDERS)
    data, codes = _FORBIDDEN[sent]
    await line.say_bytes(data)
    _must_say(line, sent.replace("-", " "), await line.ends(), codes)
    await _goes_on(case, witness, await _ordered(seller, buyer))


@requirement("MKT-WS-1")
async def test_a_binary_message_is_refused_with_its_code_or_passed_over(case: Case) -> None:
    """Where it is passed over, the connection is as good as before: it answers a ping, and hears of a later order."""
    seller, buyer = await a_seller(case), await case.user()
    line, witness = await buyer.connect(channel=ORDERS), await buyer.connect(channel=ORDERS)
    await line.say_bytes(_frame(_BINARY, b"\x00\x01") + _frame(_PING, b"still?"))
    answers = await _pongs(case, line, b"still?")
    made = await _ordered(seller, buyer)
    await _goes_on(case, witness, made)
    if answers:
        try:
            await line.hears(ORDER_UPDATED, about(case, made))
        except ContractViolation:
            if line.is_open:
                raise
    if not line.is_open:
        _must_say(line, "binary", await line.ends(), (_UNACCEPTABLE,))
    elif not answers:
        raise ContractViolation(
            f"{line} was sent a binary message, and is neither closed nor of use",
            expected=f"{_UNACCEPTABLE}, or a PONG for the ping after it",
            observed=_state(line),
        )


@requirement("MKT-WS-1")
async def test_a_message_larger_than_anything_ends_its_own_connection_with_its_code(case: Case) -> None:
    """By the length that it announces, or by what really comes of it, up to a limit of ours."""
    seller, buyer = await a_seller(case), await case.user()
    line, witness = await buyer.connect(channel=ORDERS), await buyer.connect(channel=ORDERS)
    key = os.urandom(4)
    await line.say_bytes(bytes((_FIN | _TEXT, _MASK | 127)) + struct.pack("!Q", _ENDLESS) + key)
    closed, came = await _fed(line, bytes(byte ^ ord("x") for byte in key) * (_STEP // len(key)))
    if closed is None:
        raise Inconclusive(f"{line} took {came // 2**20} MB of one message, and is open: where it ends was not seen")
    if closed.code is None and came:
        raise Inconclusive(f"{line} ended, and its code may be lost with what was on its way then: {closed.reason}")
    _must_say(line, "a message larger than anything", closed, (_TOO_BIG,))
    await _goes_on(case, witness, await _ordered(seller, buyer))


async def _fed(line: Line, step: bytes) -> tuple[Closed | None, int]:
    """Send the same again and again until the server has enough: how it closed, if it did, and the bytes sent."""
    came = 0
    for _ in range(_STEPS):
        with suppress(ContractViolation):
            return await line.ends(_PAUSE), came
        await line.say_bytes(step)
        came += len(step)
    with suppress(ContractViolation):
        return await line.ends(), came
    return None, came


def _must_say(line: Line, sent: str, closed: Closed, codes: tuple[int, ...]) -> None:
    if closed.code not in codes:
        raise ContractViolation(
            f"{line} was sent {sent}, and closed otherwise than RFC 6455 has it",
            expected=" or ".join(map(str, codes)),
            observed=str(closed.code or closed.reason),
        )


async def _ordered(seller: Person, buyer: Person) -> str | int:
    return await order(buyer, await product(seller))


async def _goes_on(case: Case, witness: Line, made: str | int) -> None:
    try:
        await witness.awaits(ORDER_UPDATED, about(case, made))
    except Inconclusive:
        if witness.is_open:
            raise
        ended = witness.closed.reason if witness.closed else "a closed one"
        raise ContractViolation(f"{witness} ended with it", expected="an open connection", observed=ended) from None
