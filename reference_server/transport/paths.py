"""Paths: what serves a method and a path. No I/O.

OpenAPI, 4.8.8.1: "concrete (non-templated) paths would be matched before their templated counterparts". So a concrete
path is served by its own methods alone: `PUT /things/count` does not change the thing `count`.
"""

from collections.abc import Mapping
from typing import Final, Generic, TypeVar

from ..refusals import Refusal

H = TypeVar("H")
ANY: Final = "*"
"""Stands for every method."""
_NOTHING: Final[Mapping[str, str]] = {}


class _Place(Generic[H]):
    """A path as far as it goes: what serves it there, and what may follow."""

    __slots__ = ("following", "named", "served")

    def __init__(self) -> None:
        self.served: dict[str, tuple[H, tuple[str, ...]]] = {}
        """By method: the handler, and the names of its parameters."""
        self.following: dict[str, _Place[H]] = {}
        """By the next segment."""
        self.named: _Place[H] | None = None
        """Where the next segment is a parameter."""


class Paths(Generic[H]):
    """Handlers by method and path; a segment like `{userId}` stands for any."""

    def __init__(self) -> None:
        self._concrete: dict[str, _Place[H]] = {}
        self._root: _Place[H] = _Place()

    def add(self, method: str, path: str, handler: H) -> None:
        """Have this handler serve it."""
        names = tuple(segment[1:-1] for segment in path.split("/") if segment.startswith("{"))
        if names:
            place = self._root
            for segment in path.split("/"):
                if segment.startswith("{"):
                    place.named = place = place.named or _Place()
                else:
                    place = place.following.setdefault(segment, _Place())
        else:
            place = self._concrete.setdefault(path, _Place())
        place.served[method] = handler, names

    def find(self, method: str, path: str) -> tuple[H, Mapping[str, str]]:
        """The handler, and what the path gives its parameters; a path has only slashes of its segments left encoded.

        Raises Refusal where nothing is there, or nothing for this method.
        """
        concrete = self._concrete.get(path)
        place, values = (concrete, ()) if concrete else _walk(self._root, path.split("/"), 0) or _missing()
        found = place.served.get(method) or place.served.get(ANY)
        if found is None:
            raise Refusal("method_not_allowed", headers={"Allow": ", ".join(sorted(place.served))})
        handler, names = found
        return handler, dict(zip(names, map(_decoded, values), strict=True)) if names else _NOTHING


def _walk(place: _Place[H], segments: list[str], at: int) -> tuple[_Place[H], tuple[str, ...]] | None:
    if at == len(segments):
        return (place, ()) if place.served else None
    segment = segments[at]
    following = place.following.get(segment)
    found = _walk(following, segments, at + 1) if following is not None else None
    if found is None and place.named is not None and segment:
        found = _walk(place.named, segments, at + 1)
        return found and (found[0], (segment, *found[1]))
    return found


def _missing() -> tuple[_Place[H], tuple[str, ...]]:
    raise Refusal("not_found")


def _decoded(value: str) -> str:
    """What is left encoded in yarl's `path_safe`."""
    return value.replace("%2F", "/").replace("%25", "%") if "%" in value else value
