"""Takes secrets out of whatever leaves the process: the one redaction, at the last gate of every output.

Two nets. The first knows the secrets of this run: whoever reads or obtains one calls `learn`, once, and from then on it
is struck out in every spelling in which a target may echo it. The second knows secrets by their looks alone: JSON Web
Tokens, credentials in headers and URLs, the fields that are named like one. What is judged is never redacted, what is
written always is: a gate needs no argument, so the secrets known are those of the process.

What is shorter than 4 characters is not struck out: it would take innocent text with it. A weak secret (shorter than
8 characters, of letters or of digits alone, such as `user` or `1234`) goes where it is a whole value or stands in
quotation marks, for elsewhere it is a word or a number like any other.
"""

import base64
import html
import json
import math
import re
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from threading import Lock
from typing import Any, TextIO
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit

__all__ = [
    "REDACTED",
    "Secrets",
    "cut",
    "guarded",
    "holds_a_secret",
    "is_plain",
    "learn",
    "learn_from",
    "learnt",
    "names_a_secret",
    "redacted",
    "redacted_text",
    "secrets_of",
]

REDACTED = "[redacted]"

_SHORTEST = 4
_WEAK = 8
"""Below so many characters, letters or digits alone are a word or a number as well."""
_CUT = 6
"""So many characters of a secret, at the end of a text, are the beginning of one that was cut."""
_END = re.compile(r"(?:\\?[\"'])?\s?…|\Z")
"""Where a text ends: what is cut ends before our mark, which may stand behind a quotation mark."""
_COMMON = frozenset({"password"})
_LEAST_ENCODED = 8
"""Less of base64 than so many characters may be anything."""
_MOST = 500_000
"""Spellings that are known at once, at most; the oldest are forgotten first."""
_DEEPEST = 60
_SHORT_TEXT = 200
"""Texts of so many characters are remembered as they are written: names and addresses come again and again."""
_REMEMBERED = 10_000
_WORDS = (
    r"(?:(?:new|old|current)[_-]?)?pass(?:word|wd|phrase)|(?:client[_-]?)?secret|(?:(?:access|refresh|id|auth|session)[_-]?)?token|jwt"
    r"|(?:set-)?cookie|(?:proxy-)?authorization|(?:x-)?api[_-]?key"
)
_SECRET_NAME = re.compile(rf"(?:x-)?(?:{_WORDS})", re.IGNORECASE)
_SECRET_PARAMETER = re.compile(rf"{_WORDS}|auth|key|sig|signature", re.IGNORECASE)
_JWT = re.compile(r"eyJ[\w-]{8,}(?:\.[\w-]*){0,2}")
"""Also the beginning of one that was cut."""
_AUTHORIZATION = re.compile(r"\b(authorization\s{0,9}:\s{0,9}\w+)\s+(?!\[redacted\])[^\s\"'\\<>,;]+", re.IGNORECASE)
_BEARER = re.compile(r"\b(Bearer)\s+(?!\[redacted\])[^\s\"'\\<>,;]+", re.IGNORECASE)
_BASIC = re.compile(r"\b(Basic\s+)([A-Za-z0-9+/]{4,}={0,2})(?![\w+/=])", re.IGNORECASE)
_QUOTED_FIELD = re.compile(
    # A field of JSON inside a text, the text perhaps quoted once more, and perhaps cut before the closing quote.
    rf"(\\{{0,7}}[\"'](?:{_WORDS})\\{{0,7}}[\"']\s{{0,9}}:\s{{0,9}})(\\{{0,7}})([\"'])(?:(?!\2\3)(?:\\.|[^\\]))++(?:\2\3|\\?\Z)",
    re.IGNORECASE | re.DOTALL,
)
_QUERY_FIELD = re.compile(rf"\b((?:{_WORDS})=)(?!\[redacted\])[^&;\s\"'\\<>]+", re.IGNORECASE)
_USER_OF_URL = re.compile(r"(\w://)[^\s/@:\"']*:[^\s/@\"']+@")


class Secrets:
    """Secrets in all their spellings, and texts without them. The time that a text takes hangs on its length alone."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._plain: set[str] = set()
        self._spellings: dict[str, str] = {}
        """What each is replaced with; the oldest first."""
        self._lengths: dict[str, list[int]] = {}
        """How long the spellings are that begin so, the longest first."""
        self._cut: dict[str, list[str]] = {}
        """The spellings that begin with these `_CUT` characters, sorted."""
        self._longest = 0
        self._letters: tuple[set[str], ...] = tuple(set() for _ in range(_SHORTEST))
        self._beginning: re.Pattern[str] | None = None
        self._lock = Lock()
        self.written: dict[str, str] = {}
        """How short texts were written since the latest secret was learnt; a new one from then on."""

    def learn(self, secret: str) -> None:
        """Strike this out from now on."""
        if secret in self._known or secret in self._plain or len(secret) < _SHORTEST:
            return
        with self._lock:
            self._known.add(secret)
            if _is_weak(secret):
                for mark in ('"', "'", '\\"', "&quot;", "&#34;", "&#39;"):
                    self._add(f"{mark}{secret}{mark}", f"{mark}{REDACTED}{mark}")
            else:
                for part in (secret, *_signature(secret)):
                    for spelling in _spellings(part):
                        self._add(spelling, REDACTED)
            while len(self._spellings) > _MOST:
                self._forget(next(iter(self._spellings)))
            self.written = {}  # who was writing a text meanwhile remembers it in the old one

    def is_plain(self, text: str) -> None:
        """Never strike this out, unless it is known as a secret already."""
        self._plain.add(text)

    def strike(self, text: str) -> str:
        """The text without the secrets, and without the beginning of one at its end or before the mark of a cut."""
        if not self._spellings or len(text) < _SHORTEST:
            return text
        parts, done = [], 0
        ends = (match.start() for match in _END.finditer(text))
        end = 0
        for match in self._begins().finditer(text):
            start = match.start()
            if start < done:
                continue
            while end < start + _CUT and end < len(text):
                end = next(ends)
            found = self._at(text, start, end)
            if found:
                length, replacement = found
                parts += [text[done:start], replacement]
                done = start + length
        return "".join([*parts, text[done:]]) if parts else text

    def all(self) -> list[str]:
        """The secrets as they were learnt."""
        return list(self._known)

    def is_whole(self, text: str) -> bool:
        """Whether the text is a secret, and nothing else."""
        return text in self._known

    def _at(self, text: str, start: int, end: int) -> tuple[int, str] | None:
        """How long the secret is that begins here, and what stands for it; at `end` it may have been cut."""
        for length in self._lengths.get(text[start : start + _SHORTEST], ()):
            replacement = self._spellings.get(text[start : start + length])
            if replacement is not None:
                return length, replacement
        if _CUT <= end - start < self._longest:
            beginning = text[start:end]
            spellings = self._cut.get(beginning[:_CUT], [])
            place = bisect_left(spellings, beginning)
            if place < len(spellings) and spellings[place].startswith(beginning):
                return end - start, REDACTED
        return None

    def _begins(self) -> re.Pattern[str]:
        """Where a secret may begin; found in C, so that most of a text is passed over quickly."""
        if self._beginning is None:
            with self._lock:
                classes = ("[" + "".join(map(re.escape, sorted(letters))) + "]" for letters in self._letters)
                self._beginning = re.compile(f"(?={''.join(classes)})")
        return self._beginning

    def _add(self, spelling: str, replacement: str) -> None:
        if spelling in self._spellings:
            return
        self._spellings[spelling] = replacement
        lengths = self._lengths.setdefault(spelling[:_SHORTEST], [])
        if len(spelling) not in lengths:
            lengths.append(len(spelling))
            lengths.sort(reverse=True)
        if len(spelling) > _CUT:
            insort(self._cut.setdefault(spelling[:_CUT], []), spelling)
            self._longest = max(self._longest, len(spelling))
        for letters, letter in zip(self._letters, spelling, strict=False):
            if letter not in letters:
                letters.add(letter)
                self._beginning = None

    def _forget(self, spelling: str) -> None:
        del self._spellings[spelling]
        if len(spelling) > _CUT:
            spellings = self._cut[spelling[:_CUT]]
            del spellings[bisect_left(spellings, spelling)]


_SECRETS = Secrets()


def learn(*secrets: Any) -> None:
    """Strike these out of whatever leaves the process from now on; what is no text is none."""
    for secret in secrets:
        if isinstance(secret, str):
            _SECRETS.learn(secret)


def is_plain(text: str) -> None:
    """Do not learn this, as it is known to everybody, such as an id that is shown in place of a token."""
    _SECRETS.is_plain(text)


def learnt() -> list[str]:
    """All that was learnt: for another process of the same run, to which a target may echo it."""
    return _SECRETS.all()


def learn_from(document: Any, *, depth: int = 0) -> None:
    """Learn what stands in the fields of a document that are named like secrets; a template's `{names}` are none."""
    if depth == _DEEPEST:
        return
    if isinstance(document, Mapping):
        for name, value in document.items():
            if isinstance(value, str) and names_a_secret(str(name)) and "{" not in value:
                learn(*_credentials(value))
            else:
                learn_from(value, depth=depth + 1)
    elif isinstance(document, list | tuple):
        for value in document:
            learn_from(value, depth=depth + 1)


def names_a_secret(name: str) -> bool:
    """Whether a field or a header of this name holds a secret."""
    return _SECRET_NAME.fullmatch(name) is not None


def secrets_of(auth: Any = None, headers: Iterable[tuple[str, str]] = (), url: str = "") -> Iterator[str]:
    """What is secret in what a client sends: the token in its auth payload, credentials in headers and in the URL."""
    if isinstance(auth, str):
        yield from _credentials(auth)
    for name, value in (*_texts(auth), *headers):
        if names_a_secret(name):
            yield from _credentials(value)
    parts = urlsplit(url)
    if parts.password:
        yield parts.password
    for name, value in parse_qsl(parts.query):
        if _SECRET_PARAMETER.fullmatch(name):
            yield value


def cut(text: str, length: int) -> str:
    """The beginning of a text, with the mark by which the gate knows that a secret may have been cut through."""
    return text if len(text) <= length else f"{text[:length]} …"


def holds_a_secret(data: bytes | bytearray) -> bool:
    """Whether there is something in these bytes that a text would lose."""
    text = data.decode("latin-1")
    return redacted_text(text) != text


def redacted_text(text: str) -> str:
    """The text without known secrets, and with whatever looks like a token, a password or a cookie struck out."""
    if len(text) > _SHORT_TEXT:
        return _written(text)
    written = _SECRETS.written
    known = written.get(text)
    if known is None:
        known = _written(text)
        if len(written) == _REMEMBERED:
            written.clear()
        written[text] = known
    return known


def _written(text: str) -> str:
    text = _SECRETS.strike(text)
    text = _JWT.sub(REDACTED, text)
    text = _AUTHORIZATION.sub(rf"\1 {REDACTED}", text)
    text = _BEARER.sub(rf"\1 {REDACTED}", text)
    text = _BASIC.sub(_without_credentials, text)
    text = _QUOTED_FIELD.sub(rf"\1\2\3{REDACTED}\2\3", text)
    text = _QUERY_FIELD.sub(rf"\1{REDACTED}", text)
    text = _USER_OF_URL.sub(rf"\1{REDACTED}@", text)
    return text.encode("utf-8", "replace").decode("utf-8")


def redacted(value: Any, *, depth: int = 0) -> Any:
    """The value as JSON: records become objects, bytes `{"base64": …}`, numbers that are not finite null.

    Strings are redacted, and so is the whole value of a field that is named like a secret. What is nested
    deeper than anyone reads is left out.
    """
    match value:
        case None | bool():
            return value
        case Enum():
            return value.value
        case int():
            return REDACTED if value > 0 and depth and _SECRETS.is_whole(str(value)) else value
        case float():
            return value if math.isfinite(value) else None
        case str():
            return REDACTED if _SECRETS.is_whole(value) else redacted_text(value)
        case bytes() | bytearray():
            return {"base64": REDACTED if holds_a_secret(value) else base64.b64encode(value).decode("ascii")}
    if depth == _DEEPEST:
        return "[nested too deep]"
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _of_record(getattr(value, field.name), depth + 1) for field in fields(value)}
    if isinstance(value, dict):
        return {redacted_text(str(name)): _field(str(name), item, depth + 1) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redacted(item, depth=depth + 1) for item in value]
    return redacted_text(str(value))


def guarded(stream: TextIO) -> TextIO:
    """A stream that lets no secret through: whole lines, each redacted, to this one; itself where it is such a one."""
    if isinstance(stream, _Guarded):
        return stream
    return _Guarded(stream)  # type: ignore[return-value]  # it is one by all that is asked of it


class _Guarded:
    """A text stream as far as printing and logging go; what it does not know it asks of the stream behind it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._line = ""

    def write(self, text: str) -> int:
        whole, newline, rest = (self._line + text).rpartition("\n")
        self._line = rest
        if newline:
            self._stream.write(redacted_text(whole) + newline)
        return len(text)

    def flush(self) -> None:
        """Write what there is, a whole line or not."""
        line, self._line = self._line, ""
        self._stream.write(redacted_text(line))
        self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _of_record(value: Any, depth: int) -> Any:
    """A field of one of our records: its numbers are ours, and so are its words as long as nothing is quoted."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        return redacted_text(value)
    return value if isinstance(value, int) else redacted(value, depth=depth)


def _field(name: str, value: Any, depth: int) -> Any:
    if value and names_a_secret(name):
        return REDACTED
    return redacted(value, depth=depth)


def _without_credentials(match: re.Match[str]) -> str:
    """`Basic dXNlcjpwYXNz` without its credentials; `Basic users` is left, since it holds none."""
    try:
        holds_some = b":" in base64.b64decode(match[2], validate=True)
    except ValueError:
        holds_some = False
    return match[1] + REDACTED if holds_some else match[0]


def _credentials(value: str) -> Iterator[str]:
    """The whole value, and what stands behind its scheme (`Bearer …`)."""
    yield value
    _, space, credentials = value.partition(" ")
    if space:
        yield credentials


def _texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a JSON value, with the name of its field."""
    match value:
        case str():
            yield name, value
        case dict():
            for key, item in value.items():
                yield from _texts(item, str(key))
        case list() | tuple():
            for item in value:
                yield from _texts(item, name)


def _is_weak(secret: str) -> bool:
    return (len(secret) < _WEAK and (secret.isalpha() or secret.isdigit())) or secret.lower() in _COMMON


def _signature(secret: str) -> list[str]:
    """What makes a JSON Web Token good, where it is one."""
    return [part for part in secret.split(".")[2:] if len(part) >= _WEAK] if _JWT.fullmatch(secret) else []


def _spellings(secret: str) -> set[str]:
    """The secret as it is, and as it stands in JSON, a URL, HTML, Python's own notation, and base64."""
    escaped = json.dumps(secret)[1:-1]
    quoted = quote(secret, safe="")
    plain = {
        secret,
        escaped,
        json.dumps(secret, ensure_ascii=False)[1:-1],
        json.dumps(escaped)[1:-1],
        escaped.replace("/", "\\/"),
        re.sub(r"\\u[0-9a-f]{4}", lambda match: "\\u" + match[0][2:].upper(), escaped),
        re.sub("[<>&']", lambda match: f"\\u{ord(match[0]):04x}", escaped),
        re.sub("[<>&']", lambda match: f"\\u{ord(match[0]):04X}", escaped),
        quoted,
        re.sub("%..", lambda match: match[0].lower(), quoted),
        quote(secret),
        quote_plus(secret),
        html.escape(secret),
        html.escape(secret, quote=False),
        html.escape(secret).replace("&#x27;", "&#39;"),
        html.escape(secret).replace("&#x27;", "&#39;").replace("&quot;", "&#34;"),
        repr(secret)[1:-1],
    }
    return plain | {spelling for spelling in _base64(secret) if len(spelling) >= _LEAST_ENCODED}


def _base64(secret: str) -> Iterator[str]:
    """What the secret alone makes of base64, wherever it begins in what was encoded; `Basic …` for one."""
    data = secret.encode("utf-8", "replace")
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + data)
        # What the bytes before and behind have a part in is not the secret's own.
        core = encoded[-(-before * 8 // 6) : (before + len(data)) * 8 // 6].decode("ascii")
        yield core
        yield core.replace("+", "-").replace("/", "_")
