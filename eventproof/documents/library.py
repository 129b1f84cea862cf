"""The files of one document and what they refer to: every value knows the file and the line where it stands.

A reference (`$ref`) leads within its file, to another file beside it, or to an address that the profile names.
"""

import os.path
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urljoin

from eventproof.catalog.pointer import pointer, reached
from eventproof.catalog.reading import Remark, Weight
from eventproof.errors import ContractError
from eventproof.settings import nearest

from . import source
from .network import Network
from .source import SUFFIXES, Source

__all__ = ["Identity", "Library", "Node"]

Identity = tuple[Path, str]
"""The file and the place of a value: two files may have different things at the same place."""

_MOST_FILES: Final = 200
_MOST_REFERENCES: Final = 100
"""So many are followed in a row at most."""
_MOST_ON_THE_WAY: Final = 4
"""So many references may lie on the way that references lead, one on the way of the other."""
_LONGEST_INDEX: Final = 9


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
    def identity(self) -> Identity:
        """What tells it from every other value of the document."""
        return self.source.path, self.place

    @property
    def key(self) -> str:
        """The last part of its place: what the table that it stands in calls it."""
        return _plain(self.place.rpartition("/")[2])

    @property
    def referred(self) -> str:
        """The last part of the place that it refers to; empty where it refers to none."""
        reference = self.value.get("$ref") if isinstance(self.value, Mapping) else None
        return _plain(reference.rpartition("/")[2]) if isinstance(reference, str) else ""

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

    def __init__(self, network: Network | None = None) -> None:
        self._network = network or Network()
        self._sources: dict[Path, Source] = {}
        self._remarks: dict[tuple[Weight, str, str], list[str]] = {}
        self._led_to: dict[tuple[Path, str, str], Node] = {}
        """Where each reference leads: it is looked for once."""

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

    def followed(self, node: Node, depth: int = 0) -> Node:
        """What a reference leads to, through all that it leads to in turn; the node itself where it is none.

        `depth` is how many references are being followed to find where this one leads.
        """
        seen: set[Identity] = set()
        while isinstance(node.value, Mapping) and isinstance(reference := node.value.get("$ref"), str):
            if node.identity in seen or len(seen) > _MOST_REFERENCES:
                raise node.fault(f'the reference "{reference}" leads back to itself: give it what it stands for')
            seen.add(node.identity)
            key = (*node.identity, reference)
            if key not in self._led_to:
                self._led_to[key] = self._led(node, reference, depth)
            node = self._led_to[key]
        return node

    def _led(self, node: Node, reference: str, depth: int) -> Node:
        """Where one reference leads; what is on its way may be a reference itself."""
        file, _, fragment = reference.partition("#")
        start = self._file(node, reference, unquote(file)) if file else self.opened(node.source.path)
        place = unquote(fragment).rstrip("/")
        if place and not place.startswith("/"):
            raise node.fault(f'"{reference}" names no place: behind # it has to begin with /, as in "#/components/…"')
        found: Node | None = start
        for part in place.split("/")[1:]:
            found = None if found is None else self._step(found, _plain(part), depth)
        if found is None:
            raise node.fault(f'"{reference}" points to nothing{_near(start.value, place)}')
        return found

    def _step(self, node: Node, key: str, depth: int) -> Node | None:
        """What is under this key here, or where this leads; None where that is nothing."""
        step = int(key) if isinstance(node.value, list) and key.isdecimal() and len(key) < _LONGEST_INDEX else key
        child = node.child(step)
        if child is None and node.referred and depth < _MOST_ON_THE_WAY:
            child = self.followed(node, depth + 1).child(key)
        return child

    def _file(self, node: Node, reference: str, file: str) -> Node:
        if "://" in file or file.startswith("//") or node.source.url:
            return self._received(node, reference, urljoin(node.source.url, file))
        path = Path(os.path.normpath(node.source.path.parent / file))
        if file.startswith(("/", "~")) or path.suffix.lower() not in SUFFIXES:
            raise node.fault(f'"{reference}" must name a file beside this one that ends in {", ".join(SUFFIXES)}')
        if not path.is_file():
            raise node.fault(f'"{reference}" names a file that is not there: {path}')
        if len(self._sources) >= _MOST_FILES and path not in self._sources:
            raise node.fault(f"it refers to more than {_MOST_FILES} files")
        return self.opened(path)

    def _received(self, node: Node, reference: str, url: str) -> Node:
        path = Path(url)
        if path not in self._sources:
            if not self._network.allows(url):
                raise node.fault(
                    f'"{reference}" is on the network, where nothing is read but what the profile names: save it beside'
                    ' this file, and refer to that, or write network = ["https://…/"] under [contracts.NAME]'
                )
            self._sources[path] = source.received(self._network.text(url), url)
        return Node(self, self._sources[path], "", self._sources[path].content)


def _plain(part: str) -> str:
    """A part of a JSON pointer as the key that it stands for."""
    return part.replace("~1", "/").replace("~0", "~")


def _near(document: Any, place: str) -> str:
    """What is called nearly so, where the last part of a place is what is wrong."""
    above, _, last = place.rpartition("/")
    try:
        holder = reached(document, above)
    except KeyError:
        return _near(document, above) if above else ""
    return nearest(last, map(str, holder)) if isinstance(holder, Mapping) else ""
