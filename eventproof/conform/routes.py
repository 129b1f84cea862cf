"""Which operation of an OpenAPI document a call of the profile is: pure comparison of paths.

Names of parameters, a query, a slash at the end and where the document begins its paths (`servers`) do not matter.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

__all__ = ["Route", "route_of"]

_PARAMETER = re.compile(r"\{([^}]+)\}")


@dataclass(frozen=True, slots=True)
class Route:
    """How a documented path is reached: `base` before it makes a URL of it."""

    base: str
    parameters: Mapping[str, str]
    """What the profile writes in the place of each parameter of the document: `{userId}`, or a text of its own."""
    rank: tuple[bool, int]
    """Of several routes for one call the greatest is meant: the one with the most in common."""


def route_of(url: str, path: str, document: Mapping[str, Any], documented: str) -> Route | None:
    """The route to a documented path, for a call with this path under `url`; None where it is another one."""
    parts = urlsplit(url)
    own = path.partition("?")[0]
    whole = parts.path.rstrip("/") + own
    for base in ("", *_bases(document, documented)):
        for written in (own, whole):
            found = _matched(base + documented, written)
            if found is not None:
                begin = _segments(whole)[: len(_segments(whole)) - len(_segments(documented))]
                literal = sum(len(text) for text in _PARAMETER.split(documented)[::2])
                return Route(
                    base="/".join((f"{parts.scheme}://{parts.netloc}", *begin)),
                    parameters=found,
                    rank=(all(map(_PARAMETER.fullmatch, found.values())), literal),
                )
    return None


def _matched(documented: str, written: str) -> dict[str, str] | None:
    """What a path of the profile has in the place of each parameter of a documented one; None where it is another."""
    texts = _PARAMETER.split(documented.rstrip("/"))
    pattern = "([^/]+?)".join(re.escape(text) for text in texts[::2])
    match = re.fullmatch(pattern, written.rstrip("/"))
    return None if match is None else dict(zip(texts[1::2], match.groups(), strict=True))


def _bases(document: Mapping[str, Any], documented: str) -> Iterator[str]:
    """The paths that the servers of a document, and of one path in it, put before its own."""
    paths = document.get("paths", {})
    item = paths.get(documented) if isinstance(paths, Mapping) else None
    methods = item.values() if isinstance(item, Mapping) else ()
    for holder in (document, item, *methods):
        servers = holder.get("servers") if isinstance(holder, Mapping) else None
        for server in servers if isinstance(servers, list) else ():
            if isinstance(server, Mapping) and isinstance(server.get("url"), str):
                yield _path_of(server)
    if isinstance(document.get("basePath"), str):
        yield str(document["basePath"]).rstrip("/")


def _path_of(server: Mapping[str, Any]) -> str:
    variables = server.get("variables")
    known = variables if isinstance(variables, Mapping) else {}

    def default(match: re.Match[str]) -> str:
        variable = known.get(match[1])
        return str(variable.get("default", "")) if isinstance(variable, Mapping) else ""

    try:
        path = urlsplit(_PARAMETER.sub(default, server["url"])).path.rstrip("/")
    except ValueError:  # an address that is none
        return ""
    return path if path.startswith("/") or not path else f"/{path}"


def _segments(path: str) -> list[str]:
    return [segment for segment in path.split("/") if segment]
