"""`/ws/orders`, a native WebSocket: who comes in, and what becomes of frames that RFC 6455 allows and forbids."""

import asyncio
import os
import struct
from collections.abc import Mapping
from typing import Final

import pytest

from eventproof.conform.bad_tokens import changed
from eventproof.conform.cases import Case, ContractViolation, Kind, Line, requirement

from .market import ORDER_UPDATED, ORDERS, a_seller, order, product, told

_FIN, _MASK = 0x80, 0x80
_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING = 0x0, 0x1, 0x2, 0x8, 0x9
_GLANCE: Final = 0.02
"""Seconds between two looks at whether a frame came."""
_PROTOCOL, _UNACCEPTABLE, _NO_UTF8, _TOO_BIG = 1002, 1003, 1007, 1009


def _frame(
    opcode: int, payload: bytes = b"", *, first: int = _FIN, masked: bool = True, says: int | None = None
) -> bytes:
    """A frame of a client; `first` are the upper bits of its first byte, `says` the length that it gives."""
    size, flag = len(payload) if says is None else says, _MASK if masked else 0
    if size < 126:
        head = bytes((first | opcode, flag | size))
    elif size < 2**16:
        head = bytes((first | opcode, flag | 126)) + struct.pack("!H", size)
    else:
        head = bytes((first | opcode, flag | 127)) + struct.pack("!Q", size)
    key = os.urandom(4)
    return head + key + bytes(byte ^ key[place % 4] for place, byte in enumerate(payload)) if masked else head + payload


_FORBIDDEN: Final[Mapping[str, tuple[bytes, tuple[int, ...]]]] = {
    "binary": (_frame(_BINARY, b"\x00\x01"), (_UNACCEPTABLE,)),
    "larger-than-anything": (_frame(_TEXT, b"x", says=2**40), (_TOO_BIG,)),
    "a-reserved-bit": (_frame(_TEXT, b"x", first=_FIN | 0x40), (_PROTOCOL,)),
    "no-utf-8": (_frame(_TEXT, b"\xff\xfe"), (_NO_UTF8,)),
    "unmasked": (_frame(_TEXT, b"x", masked=False), (_PROTOCOL,)),
    "a-long-ping": (_frame(_PING, b"x" * 126), (_PROTOCOL,)),
    "a-ping-in-parts": (_frame(_PING, b"x", first=0), (_PROTOCOL,)),
    "an-unknown-opcode": (_frame(0x3, b"x"), (_PROTOCOL,)),
    "a-continuation-of-nothing": (_frame(_CONTINUATION, b"x"), (_PROTOCOL,)),
}
"""What ends a connection, each with the codes of RFC 6455, 7.4.1, that say why."""


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
    await _ponged(case, line, 1, "a ping")
    parts = (
        _frame(_TEXT, '{"é'.encode()[:3], first=0),
        _frame(_PING),
        _frame(_CONTINUATION, '{"é'.encode()[3:] + b'": 1}'),
    )
    await line.say_bytes(b"".join(parts))
    await _ponged(case, line, 2, "a ping between two parts of a message")
    for byte in _frame(_PING, b"slowly"):
        await line.say_bytes(bytes((byte,)))
    await _ponged(case, line, 3, "a ping that came byte by byte")
    made = await order(buyer, await product(seller))
    await line.hears(ORDER_UPDATED, told(made))


async def _ponged(case: Case, line: Line, count: int, what: str) -> None:
    """Wait until so many pings were answered."""
    deadline = case.now + case.budgets.event_arrival
    while sum(frame.payload == "[PONG]" and frame.kind is Kind.FRAME_IN for frame in line.frames) < count:
        if not line.is_open or case.now > deadline:
            how = "it is open" if line.is_open else f"it ended: {line.closed}"
            raise ContractViolation(f"{line} was not answered {what}", expected="a PONG", observed=how)
        await asyncio.sleep(_GLANCE)


@requirement("MKT-WS-1")
@pytest.mark.parametrize("sent", _FORBIDDEN)
async def test_what_the_protocol_forbids_ends_its_own_connection_with_its_code(case: Case, sent: str) -> None:
    """Others go on: a witness hears what comes after."""
    seller, buyer = await a_seller(case), await case.user()
    line, witness = await buyer.connect(channel=ORDERS), await buyer.connect(channel=ORDERS)
    data, codes = _FORBIDDEN[sent]
    await line.say_bytes(data)
    closed = await line.ends()
    if closed.code not in codes:
        raise ContractViolation(
            f"{line} was sent {sent.replace('-', ' ')}, and closed otherwise than RFC 6455 has it",
            expected=" or ".join(map(str, codes)),
            observed=str(closed.code or closed.reason),
        )
    if not witness.is_open:
        raise ContractViolation(f"{witness} ended with it", expected="an open connection", observed=str(witness.closed))
    made = await order(buyer, await product(seller))
    await witness.awaits(ORDER_UPDATED, told(made))
