"""An attack as data: what is sent, at which door, by whom, and what it breaks. Nothing here does I/O.

A text of what is sent is a template: `$ns` is the namespace as packets have it, `$event` a good event without its
brackets, `$name` its name alone, `$id` the number under which an acknowledgement is asked for that only a handler could
give, `$said` a whole good message with the namespace, the number and the event, `$auth` what a CONNECT carries; in HTTP
`$target` is the door's path, `$upgrade` that of a WebSocket, `$host` the host.
A byte that is no UTF-8 is written as its surrogate escape (`\\udcff`).
"""

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from string import Template
from typing import Final

__all__ = [
    "ASKED",
    "MALFORMED",
    "ONCE",
    "TEN",
    "TWIN",
    "Attack",
    "Binary",
    "Body",
    "Bytes",
    "Door",
    "Force",
    "Frame",
    "Kind",
    "Message",
    "Scene",
    "Sent",
    "Who",
    "framed",
    "named",
]

ASKED: Final = 71
"""The number of `$id`."""
TWIN: Final = 72
"""The number of the good event behind an attack: once that is acknowledged, the attack has been read."""
SEPARATOR: Final = "\x1e"
_TEXT, _BINARY = 0x81, 0x82


class Door(StrEnum):
    """Where an attack is made."""

    WEBSOCKET = "websocket"
    """A session of Engine.IO over WebSocket."""
    POLLING = "polling"
    """A session of Engine.IO over polling."""
    NATIVE = "native websocket"
    HTTP = "http"
    """A bare TCP connection."""
    STREAM = "stream"
    """Server-Sent Events."""


class Who(StrEnum):
    """Who makes it."""

    STRANGER = "a stranger"
    """Nobody who has shown a session."""
    MEMBER = "somebody logged in"


class Kind(StrEnum):
    """What of a protocol is broken. Only the first four are what ALL-WIRE-1 speaks of: `MALFORMED`."""

    FRAME = "frames that RFC 6455 forbids"
    ENGINE = "malformed packets of Engine.IO"
    PACKET = "malformed packets of Socket.IO"
    ATTACHMENT = "attachments that never come or that nobody announced"
    PAYLOAD = "malformed payloads of polling"
    HTTP = "requests that are no HTTP"
    SLOW = "connections that are slow, or do nothing"
    FLOOD = "more than anybody needs"


MALFORMED: Final = (Kind.FRAME, Kind.ENGINE, Kind.PACKET, Kind.ATTACHMENT)
"""What no server has to bear of anybody: the rest may also be an operator's matter, or a proxy's."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of Engine.IO, as text."""

    text: str


@dataclass(frozen=True, slots=True)
class Binary:
    """One binary message of Engine.IO."""

    text: str


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of a WebSocket, well-formed or not; `first` is its first byte: FIN, the reserved bits, the opcode.

    `length` is what its header says in place of the payload's own, `width` how many bytes say it.
    """

    first: int
    text: str = ""
    masked: bool = True
    length: int | None = None
    width: int | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """The body of one POST of polling, as it is; `repeated` so many times, with separators between."""

    text: str
    repeated: int = 1


@dataclass(frozen=True, slots=True)
class Bytes:
    """Bytes on a TCP connection on which nothing was said before."""

    text: str


Sent = Message | Binary | Frame | Body | Bytes


@dataclass(frozen=True, slots=True)
class Force:
    """How much of it: connections at once, and how often what is sent is repeated on each."""

    connections: int = 1
    times: int = 1


ONCE: Final = Force()
TEN: Final = Force(10)


@dataclass(frozen=True, slots=True)
class Attack:
    """One way to break a protocol; `breaks` is the sentence of it that says so."""

    name: str
    kind: Kind
    breaks: str
    sends: tuple[Sent, ...]
    doors: tuple[Door, ...]
    who: tuple[Who, ...] = (Who.STRANGER, Who.MEMBER)
    tolerated: str = ""
    """Why an event in it may reach a handler after all: what libraries of the field do, and nobody is hurt by."""
    last: bool = False
    """Whether no good event can be told from it behind it: it would be taken as a part of it, or not at all."""
    holds: bool = False
    """Whether its connections stay, reading nothing, until all attacks beside it are over."""
    gentle: Force = ONCE
    full: Force = TEN

    @property
    def asks(self) -> bool:
        """Whether it asks for an acknowledgement that only a handler could give."""
        return any("$id" in sent.text or "$said" in sent.text for sent in self.sends)

    def framed(self, scene: "Scene", times: int = 1) -> Iterator[bytes]:
        """What goes over a WebSocket, behind its handshake."""
        for _ in range(times):
            for sent in self.sends:
                yield _framed(sent, scene)

    def posted(self, scene: "Scene", times: int = 1) -> Iterator[bytes]:
        """The bodies of what is posted to a session over polling: messages go together, a body by itself."""
        messages = [_record(sent, scene) for sent in self.sends if isinstance(sent, Message | Binary)]
        if messages:
            yield SEPARATOR.encode().join(messages * times)
        for sent in self.sends:
            if isinstance(sent, Body):
                yield SEPARATOR.encode().join([scene.filled(sent.text)] * (sent.repeated * times))

    def raw(self, scene: "Scene", times: int = 1) -> Iterator[bytes]:
        """What goes over a bare TCP connection."""
        for _ in range(times):
            yield from (scene.filled(sent.text) for sent in self.sends)


@dataclass(frozen=True, slots=True)
class Scene:
    """What templates are filled with at one door of one target."""

    namespace: str = "/"
    event: str = '"message"'
    auth: str = ""
    target: str = "/"
    upgrade: str = "/"
    host: str = ""

    @property
    def ns(self) -> str:
        """The namespace as packets have it."""
        return "" if self.namespace == "/" else f"{self.namespace},"

    @property
    def name(self) -> str:
        """The event's name, in JSON, without its argument."""
        return json.dumps(json.loads(f"[{self.event}]")[0])

    def asking(self, number: int) -> str:
        """A good message of Engine.IO: the event, with an acknowledgement asked for under this number."""
        return f"42{self.ns}{number}[{self.event}]"

    def filled(self, template: str) -> bytes:
        """The bytes that this text stands for."""
        values = {
            "ns": self.ns,
            "event": self.event,
            "name": self.name,
            "id": str(ASKED),
            "said": self.asking(ASKED),
            "auth": self.auth,
            "target": self.target,
            "upgrade": self.upgrade,
            "host": self.host,
        }
        return Template(template).safe_substitute(values).encode("utf-8", "surrogateescape")


def framed(
    first: int, payload: bytes, *, masked: bool = True, length: int | None = None, width: int | None = None
) -> bytes:
    """One frame, as it is told: the mask is four zeros, so that the payload can be read where it is shown."""
    said = len(payload) if length is None else length
    if width is None:
        width = 0 if said < 126 else 2 if said < 1 << 16 else 8
    mask_bit = 0x80 if masked else 0
    header = bytes((first, mask_bit | (said if width == 0 else 126 if width == 2 else 127)))
    extended = said.to_bytes(width, "big") if width else b""
    return header + extended + (bytes(4) if masked else b"") + payload


def _framed(sent: Sent, scene: Scene) -> bytes:
    payload = scene.filled(sent.text)
    match sent:
        case Frame():
            return framed(sent.first, payload, masked=sent.masked, length=sent.length, width=sent.width)
        case Binary():
            return framed(_BINARY, payload)
        case _:
            return framed(_TEXT, payload)


def _record(sent: Message | Binary, scene: Scene) -> bytes:
    payload = scene.filled(sent.text)
    return b"b" + b64encode(payload) if isinstance(sent, Binary) else payload


def named(attacks: Iterable[Attack]) -> Sequence[Attack]:
    """The attacks as they are; raises ValueError where two have one name."""
    found = tuple(attacks)
    names = [attack.name for attack in found]
    if len(set(names)) != len(names):
        raise ValueError(f"two attacks have one name: {sorted({name for name in names if names.count(name) > 1})}")
    return found
