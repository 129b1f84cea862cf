"""What can work as a URL, a path, a namespace, a header or a JSON pointer.

Each function returns what is wrong, as the end of a sentence that began with the setting's name, or nothing. A URL may
hold a secret, so none of them repeats one as it is.
"""

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import urlsplit

__all__ = ["header", "host", "masked", "namespace", "path", "pointer", "repeated", "text", "url"]

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")
_BLANK = re.compile(r"[\s\x00-\x1f\x7f]")
_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PLACEHOLDER = re.compile(r"\{[A-Za-z_][A-Za-z0-9_]*\}")
_MASKED = re.compile(r"//[^/?#]*@|\?.*", re.DOTALL)
_LONGEST = 200


def masked(url: str) -> str:
    """A URL for people: without the user and the password in it, and without its query."""
    short = _MASKED.sub(lambda found: "//…@" if found[0].startswith("/") else "?…", url)
    return short if len(short) <= _LONGEST else short[:_LONGEST] + "…"


def url(value: str) -> str:
    """Of the URL of a server: http or https, a host, perhaps a port and a path that the paths of all calls follow."""
    example = f'must be a URL such as "http://127.0.0.1:8080", not "{masked(value)}"'
    if _BLANK.search(value):
        return "has a blank or a control character in it, which no URL has"
    try:
        parts = urlsplit(value)
        name, port = parts.hostname, parts.port
    except ValueError as error:
        return f"{example}: {_without_values(error)}"
    if parts.scheme not in ("http", "https") or not name:
        return example
    if "@" in parts.netloc:
        return (
            "has a user or a password in its URL, which are not sent: take them out; "
            'where the server wants them, write headers = { Authorization = "Basic ${NAME}" } under [rest]'
        )
    if port == 0:
        return f"{example}: nothing listens on port 0"
    if parts.query or "?" in value:
        return f'has a query: "{masked(value)}"; leave it out, since paths are appended to it'
    if parts.fragment or "#" in value:
        return f'has a fragment (#…): "{masked(value)}"; leave it out, since paths are appended to it'
    if "{" in parts.path or "}" in parts.path:
        return f'"{masked(value)}" has a path that cannot be sent: nothing is filled in here'
    if parts.path and (wrong := path(parts.path)):
        return f'"{masked(value)}" has a path that cannot be sent: it {wrong}'
    return host(name)


def host(name: str) -> str:
    """Of the name or the address of a machine."""
    if ":" in name:
        return "" if _is_address(name, IPv6Address) else f'names the host "[{name}]", which is no IPv6 address'
    labels = name.removesuffix(".").split(".")
    if len(labels) == 4 and all(label.isdigit() for label in labels):
        return "" if _is_address(name, IPv4Address) else f'names the host "{name}", which is no IPv4 address'
    if not all(labels):
        return f'names the host "{name}", which has an empty part: two dots in a row, or one at the beginning'
    try:
        ascii_name = name.encode("idna").decode("ascii")
    except UnicodeError:
        return f'names the host "{name[:80]}", which is no host name: each part has 1 to 63 letters'
    if len(ascii_name) > 253:
        return f'names the host "{name[:80]}…", which is longer than a host name can be (253 letters)'
    if not _NAME.fullmatch(ascii_name):
        return f'names the host "{name}", which is no host name: it has letters, digits, hyphens and dots'
    return ""


def path(value: str, *, query: bool = False) -> str:
    """Of a path on a server, with a query where it may have one; `{names}` stand for what is filled in."""
    plain = _PLACEHOLDER.sub("x", value)
    if "://" in plain.partition("?")[0]:
        return f'must be a path such as "/api/me", not a whole URL: "{masked(value)}"'
    if not plain.startswith("/"):
        return f'must be a path that begins with "/", such as "/api/me", not "{masked(value)}"'
    if _BLANK.search(plain) or not plain.isascii():
        return (
            f"must have blanks, control characters and letters outside ASCII percent-encoded (%20), not as in {value!r}"
        )
    if "#" in plain:
        return f'has a fragment (#…), which is never sent: "{masked(value)}"'
    if "?" in plain and not query:
        return f'has a query, which does not belong here: "{masked(value)}"'
    if "{" in plain or "}" in plain:
        return f'has a brace that is no {{name}} of letters, digits and underscores: "{value}"'
    return ""


def namespace(value: str) -> str:
    """Of a Socket.IO namespace."""
    if not value.startswith("/"):
        return f'must be a namespace that begins with "/", such as "/{value.strip()}", not "{value}"'
    if "," in value:
        return f'has a comma, which ends a namespace in the protocol: "{value}"'
    if "?" in value or "#" in value:
        return f'has a query or a fragment, which no namespace has: "{value}"'
    if _BLANK.search(value):
        return f"has a blank or a control character: {value!r}"
    return ""


def header(name: str, value: str) -> str:
    """Of a header of HTTP."""
    if not _TOKEN.fullmatch(name):
        return f"names {name!r}, which is no name of a header: letters, digits and hyphens"
    if _UNPRINTABLE.search(value.replace("\t", "")):
        return f'gives "{name}" a line break or a control character, which no header can hold'
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        return f'gives "{name}" a character outside Latin-1, which no header can hold'
    if value != value.strip():
        return f'gives "{name}" a blank at its beginning or end, which no header keeps'
    return ""


IN_HEADER = re.compile(r"\$response\.header\.([!#$%&'*+.^_`|~0-9A-Za-z-]+)")
"""A header of an answer, as OpenAPI names it in its runtime expressions."""


IN_COOKIE = re.compile(r"\$response\.cookie\.([!#$%&'*+.^_`|~0-9A-Za-z-]+)")
"""A cookie that an answer sets."""


def place(value: str) -> str:
    """Of a place in an answer: a JSON pointer, `$response.header.NAME` or `$response.cookie.NAME`."""
    return "" if IN_HEADER.fullmatch(value) or IN_COOKIE.fullmatch(value) else pointer(value)


def pointer(value: str) -> str:
    """Of a JSON pointer (RFC 6901)."""
    if value and not value.startswith("/"):
        guess = "/" + value.removeprefix("$").lstrip(".").replace(".", "/")
        return f'must be a JSON pointer such as "/user/id", not "{value}"; did you mean "{guess}"?'
    if re.search(r"~(?![01])", value):
        return f'must be a JSON pointer, in which "~" is written "~0" and "/" within a name "~1", not "{value}"'
    return ""


def text(value: str) -> str:
    """Of an id or an e-mail address: a program, a URL and a header must be able to hold it."""
    if _UNPRINTABLE.search(value):
        return f"has a control character in it: {value!r}"
    if not value.strip():
        return "is empty"
    return encodable(value)


def encodable(value: str) -> str:
    """Of any text that is to be sent."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return "has half a surrogate pair in it, which is no text and cannot be sent"
    return ""


def repeated(values: Iterable[str]) -> str:
    """Of values each of which stands once."""
    seen: set[str] = set()
    for value in values:
        if value in seen:
            return f'names "{value}" twice'
        seen.add(value)
    return ""


def _is_address(name: str, kind: type[IPv4Address] | type[IPv6Address]) -> bool:
    try:
        kind(name)
    except ValueError:
        return False
    return True


def _without_values(error: ValueError) -> str:
    """What `urllib` says, without the part of the URL that it repeats."""
    words = str(error)
    if "Port" in words or "port" in words:
        return "the port must be a number from 1 to 65535"
    return "the host is no IPv6 address in brackets" if "IP" in words else "the host cannot be read"
