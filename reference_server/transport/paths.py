"""Paths: what serves a method and a path. No I/O.

OpenAPI, 4.8.8.1: "concrete (non-templated) paths would be matched before their templated counterparts". So a concrete
path is served by its own methods alone: `PUT /things/count` does not change the thing `count`.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Generic, TypeVar

from ..refusals import Refusal

H = TypeVar("H")
ANY: Final = "*"
"""Stands for every method."""
READING: Final = ("GET", "HEAD")
"""RFC 9110, 9.1: "All general-purpose servers MUST support the methods GET and HEAD."; calls are as their contract has
them.
"""
_PARAMETER: Final = "{}"
_NOTHING: Final[Mapping[str, str]] = {}


class Paths(Generic[H]):
    """Handlers by method and path; a segment like `{userId}` stands for any that is not empty."""

    def __init__(self) -> None:
        self._served: dict[str, dict[str, tuple[H, tuple[str, ...]]]] = {}
        """By path, where `{}` is every parameter, then by method: the handler, and the parameters' names."""
        self._shapes: dict[int, list[tuple[int, ...]]] = {}
        """By the number of segments: where parameters may be; later ones come first."""

    def add(self, method: str, path: str, handler: H) -> None:
        """Have this handler serve it."""
        segments = path.split("/")
        named = tuple(at for at, segment in enumerate(segments) if segment.startswith("{"))
        names = tuple(segments[at][1:-1] for at in named)
        self._served.setdefault(_key(segments, named), {})[method] = handler, names
        shapes = self._shapes.setdefault(len(segments), [])
        if named and named not in shapes:
            shapes.append(named)
            shapes.sort(reverse=True)

    def find(self, method: str, path: str) -> tuple[H, Mapping[str, str]]:
        """The handler, and what the path gives its parameters; a path has only slashes of its segments left encoded.

        Raises Refusal where nothing is there, or nothing for this method.
        """
        served, values = self._at(path)
        found = served.get(method) or served.get(ANY)
        if found is None:
            raise Refusal("method_not_allowed", headers={"Allow": ", ".join(sorted(served))})
        handler, names = found
        return handler, dict(zip(names, values, strict=True)) if names else _NOTHING

    def _at(self, path: str) -> tuple[dict[str, tuple[H, tuple[str, ...]]], list[str]]:
        if "{" in path:
            raise Refusal("not_found")  # It would be taken for a parameter.
        served = self._served.get(path)
        if served is not None:
            return served, []
        segments = path.split("/")
        for named in self._shapes.get(len(segments), ()):
            served = self._served.get(_key(segments, named))
            values = [segments[at] for at in named]
            if served is not None and "" not in values:
                return served, [_decoded(value) for value in values] if "%" in path else values
        raise Refusal("not_found")


def _key(segments: Sequence[str], named: Sequence[int]) -> str:
    written = list(segments)
    for at in named:
        written[at] = _PARAMETER
    return "/".join(written)


def _decoded(value: str) -> str:
    """What is left encoded in yarl's `path_safe`."""
    return value.replace("%2F", "/").replace("%25", "%")
