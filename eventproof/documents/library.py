"""The files of one document and what they refer to: every value knows the file and the line where it stands.

A reference (`$ref`) leads within its file or to another file beside it, never to the network.
"""

import os.path
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from eventproof.catalog.pointer import pointer, reached
from eventproof.catalog.reading import Remark, Weight
from eventproof.errors import ContractError
from eventproof.settings import nearest

from . import source
from .source import SUFFIXES, Source

__all__ = ["Library", "Node"]

_MOST_FILES: Final = 200
_MOST_REFERENCES: Final = 100
"""So many are followed in a row at most."""


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a document, and where it stands."""

    library: "Library" = field(repr=False)
    source: Source = field(repr=False)
    place: str
    value: Any

    @property
    def where(self) -> str:
        """File and line."""
        return self.source.where(self.place)

    @property
    def key(self) -> str:
        """The last part of its place: what the table that it stands in calls it."""
        return self.place.rpartition("/")[2].replace("~1", "/").replace("~0", "~")

    def child(self, key: str | int) -> "Node | None":
        """What stands in it under this key, as it stands; None where nothing does."""
        if isinstance(self.value, Mapping) and key in self.value:
            return replace(self, place=self.place + pointer([key]), value=self.value[key])
        if isinstance(self.value, list) and isinstance(key, int) and key < len(self.value):
            return replace(self, place=self.place + pointer([key]), value=self.value[key])
        return None

    def get(self, *keys: str) -> "Node | None":
        """What these keys lead to, one after the other, with every reference followed; None where that is nothing."""
        node: Node | None = self.followed()
        for key in keys:
            node = None if node is None else node.child(key)
            node = None if node is None else node.followed()
        return node

    def followed(self) -> "Node":
        """Itself, or what it leads to where it is a reference."""
        return self.library.followed(self)

    def table(self, key: str) -> Iterator[tuple[str, "Node"]]:
        """What the table under this key holds by name, each with its reference followed."""
        node = self.get(key)
        if node is None or node.value is None:
            return
        if not isinstance(node.value, Mapping):
            raise node.fault(f"{key} must be a table")
        for name in node.value:
            child = node.child(name)
            if child is not None and not name.startswith("x-"):
                yield name, child.followed()

    def each(self, key: str) -> Iterator["Node"]:
        """What the list under this key holds, as it stands; nothing where there is none."""
        node = self.get(key)
        if node is None:
            return
        if not isinstance(node.value, list):
            raise node.fault(f"{key} must be a list")
        for index in range(len(node.value)):
            child = node.child(index)
            if child is not None:
                yield child

    def text(self, *keys: str) -> str | None:
        """The text that these keys lead to; None where there is none."""
        node = self.get(*keys)
        return node.value if node is not None and isinstance(node.value, str) else None

    def fault(self, sentence: str) -> ContractError:
        """The error to raise for something wrong here."""
        return ContractError(f"{self.where}: {sentence}")

    def remark(self, weight: Weight, sentence: str, remedy: str = "") -> None:
        """Tell something of this place."""
        self.library.remark(weight, self.where, sentence, remedy)


class Library:
    """The files that were opened so far, and what is worth telling of them."""

    def __init__(self) -> None:
        self._sources: dict[Path, Source] = {}
        self._remarks: dict[tuple[Weight, str, str], list[str]] = {}

    def opened(self, path: Path) -> Node:
        """The whole of a file, read once."""
        path = Path(os.path.normpath(path))
        if path not in self._sources:
            self._sources[path] = source.read(path)
        return Node(self, self._sources[path], "", self._sources[path].content)

    def remark(self, weight: Weight, where: str, sentence: str, remedy: str = "") -> None:
        """Keep a remark; the same one about several places is kept once."""
        places = self._remarks.setdefault((weight, sentence, remedy), [])
        if where not in places:
            places.append(where)

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What was worth telling, in the order in which it was found."""
        return tuple(
            Remark(weight, places[0], sentence, remedy, len(places) - 1)
            for (weight, sentence, remedy), places in self._remarks.items()
        )

    def followed(self, node: Node) -> Node:
        """What a reference leads to, through all that it leads to in turn; the node itself where it is none."""
        seen: set[tuple[Path, str]] = set()
        while isinstance(node.value, Mapping) and isinstance(reference := node.value.get("$ref"), str):
            if (node.source.path, node.place) in seen or len(seen) > _MOST_REFERENCES:
                raise node.fault(f'the reference "{reference}" leads back to itself: give it what it stands for')
            seen.add((node.source.path, node.place))
            node = self._led(node, reference)
        return node

    def _led(self, node: Node, reference: str) -> Node:
        """Where one reference leads."""
        file, _, fragment = reference.partition("#")
        start = self._file(node, reference, unquote(file)) if file else self.opened(node.source.path)
        place = unquote(fragment).rstrip("/")
        if place and not place.startswith("/"):
            raise node.fault(f'"{reference}" names no place: behind # it has to begin with /, as in "#/components/…"')
        try:
            return replace(start, place=place, value=reached(start.value, place))
        except KeyError:
            raise node.fault(f'"{reference}" points to nothing{_near(start.value, place)}') from None

    def _file(self, node: Node, reference: str, file: str) -> Node:
        if "://" in file or file.startswith("//"):
            raise node.fault(
                f'"{reference}" is on the network, where nothing is read: save it beside this file, and refer to that'
            )
        path = Path(os.path.normpath(node.source.path.parent / file))
        if file.startswith(("/", "~")) or path.suffix.lower() not in SUFFIXES:
            raise node.fault(f'"{reference}" must name a file beside this one that ends in {", ".join(SUFFIXES)}')
        if not path.is_file():
            raise node.fault(f'"{reference}" names a file that is not there: {path}')
        if len(self._sources) >= _MOST_FILES and path not in self._sources:
            raise node.fault(f"it refers to more than {_MOST_FILES} files")
        return self.opened(path)


def _near(document: Any, place: str) -> str:
    """What is called nearly so, where the last part of a place is what is wrong."""
    above, _, last = place.rpartition("/")
    try:
        holder = reached(document, above)
    except KeyError:
        return _near(document, above) if above else ""
    return nearest(last, map(str, holder)) if isinstance(holder, Mapping) else ""
