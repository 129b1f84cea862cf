"""One file of a document: YAML or JSON in, plain values out, with the line on which each of them stands.

YAML is read as JSON means it: keys are texts and stand once, dates stay text, only `true` and `false` are booleans.
What is read is bounded: in bytes, in values, in depth, in what aliases repeat. Whatever is wrong is a ContractError
that names the file and the line.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Final, NoReturn

import yaml

from eventproof import textfile
from eventproof.catalog.pointer import pointer
from eventproof.errors import ContractError

__all__ = ["SUFFIXES", "Source", "read", "received"]

SUFFIXES: Final = (".yaml", ".yml", ".json")
_MOST: Final = 200_000
"""Values of one file; what an alias repeats counts each time."""
_DEEPEST: Final = 100
_LONGEST_PLACE: Final = 2_000
"""Letters of a place whose parts have lines of their own: what is below a longer one has the line of that."""
_HALF: Final = re.compile(r"\\u[dD][89a-fA-F]")
"""How JSON writes one of the two halves of a letter."""
_MERGE: Final = "<<"


@dataclass(frozen=True, slots=True)
class Source:
    """What a file holds, and the line of each value by its place (a JSON pointer)."""

    path: Path
    """What tells it from others."""
    content: Any
    lines: Mapping[str, int] = field(repr=False)
    url: str = ""
    """Where it was read, on the network; empty where it is a file."""

    def where(self, place: str) -> str:
        """Where a place stands, for a person: `chat.yaml:12`."""
        while place and place not in self.lines:
            place = place.rpartition("/")[0]
        name = self.url or str(self.path)
        return f"{name}:{self.lines[place]}" if place in self.lines else name


def read(path: Path) -> Source:
    """The file, read. Raises ContractError, and UsageError where it cannot be read at all."""
    return _parsed(textfile.read(path, "the document"), path, str(path), is_json=path.suffix.lower() == ".json")


def received(text: str, url: str) -> Source:
    """What came from the network, likewise: YAML, unless it begins as JSON does."""
    return replace(_parsed(text, Path(url), url, is_json=text.lstrip()[:1] in ("{", "[")), url=url)


def _parsed(text: str, path: Path, name: str, *, is_json: bool) -> Source:
    if not is_json:
        builder = _Builder(name)
        return Source(path, builder.built(text), builder.lines)
    content = _json(name, text)
    builder = _Builder(name)
    try:  # JSON is YAML, but for a few escapes: then there are no lines
        lines = builder.lines if builder.built(text) == content else {}
    except ContractError:
        lines = {}
    return Source(path, content, lines)


def _json(path: str, text: str) -> Any:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                raise ContractError(f'{path}: the key "{key}" stands twice in one object: leave one of them out')
            found[key] = value
        return found

    def refused(name: str) -> NoReturn:
        raise ContractError(f"{path}: {name} is no number of JSON: leave it out")

    try:
        content = json.loads(text, object_pairs_hook=unique, parse_constant=refused)
        if _HALF.search(text):
            json.dumps(content, ensure_ascii=False).encode()
        return content
    except UnicodeEncodeError:
        raise ContractError(
            f"{path}: a text in it has half a letter, such as \\ud83d alone: write both halves"
        ) from None
    except json.JSONDecodeError as error:
        raise ContractError(f"{path}:{error.lineno}: this is no JSON: {error.msg}") from None
    except ValueError:
        raise ContractError(f"{path}: a number in it has more digits than can be read") from None
    except RecursionError:
        raise ContractError(f"{path}: this is nested too deep to be read") from None


_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The faster one, where it is built; of it only what it parses is used."""
_SCALARS: Final[tuple[tuple[re.Pattern[str], Any], ...]] = (
    (re.compile(r"null|Null|NULL|~|"), lambda _: None),
    (re.compile(r"true|True|TRUE"), lambda _: True),
    (re.compile(r"false|False|FALSE"), lambda _: False),
    (re.compile(r"[-+]?(?:0|[1-9][0-9]{0,99})"), int),
    (re.compile(r"[-+]?(?:0|[1-9][0-9]{0,99})(?:\.[0-9]{1,99})?(?:[eE][-+]?[0-9]{1,3})?"), float),
)
"""What a text without quotes is: the first that it is whole; else a text."""


@dataclass(slots=True)
class _Open:
    """A table or a list that has not ended yet."""

    value: Any
    place: str
    mark: Any
    anchor: str | None
    began: int
    """How many values there were before it."""
    key: str | None = None
    key_line: int = 0
    merged: list[Any] = field(default_factory=list)


class _Builder:
    """Builds one document out of what the parser tells, one thing after the other, without recursion."""

    _TAGS: ClassVar[Mapping[str, Any]] = {
        "tag:yaml.org,2002:str": str,
        "tag:yaml.org,2002:int": int,
        "tag:yaml.org,2002:float": float,
        "tag:yaml.org,2002:null": lambda _: None,
    }

    def __init__(self, path: str) -> None:
        self.lines: dict[str, int] = {}
        self._path = path
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Any, int] | None] = {}
        """What each name stands for, with how many values that is; None while it has not ended."""
        self._count = 0
        self._root: Any = None
        self._documents = 0

    def built(self, text: str) -> Any:
        """The one document in the text."""
        try:
            for event in yaml.parse(text, Loader=_Loader):
                self._take(event)
        except yaml.MarkedYAMLError as error:
            self._fault(error.problem_mark, f"this is no YAML: {error.problem or error.context}")
        except yaml.YAMLError as error:
            raise ContractError(f"{self._path}: this is no YAML: {' '.join(str(error).split())}") from None
        return self._root

    def _take(self, event: Any) -> None:
        match event:
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    self._fault(event.start_mark, "a second document begins here: give it a file of its own")
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._begin(event, {} if isinstance(event, yaml.MappingStartEvent) else [])
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._end()
            case yaml.ScalarEvent():
                self._scalar(event)
            case yaml.AliasEvent():
                self._alias(event)

    def _begin(self, event: Any, value: Any) -> None:
        if self._is_key:
            self._fault(event.start_mark, "a key must be a text")
        if len(self._open) >= _DEEPEST:
            self._fault(event.start_mark, f"this is nested more than {_DEEPEST} deep")
        if event.tag is not None and not event.tag.startswith("tag:yaml.org,2002:"):
            self._fault(event.start_mark, f"the tag {event.tag} is not known: leave it out")
        self._count_up(event.start_mark, 1)
        place = self._place()
        self._mark(place, event.start_mark)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        self._open.append(_Open(value, place, event.start_mark, event.anchor, self._count))

    def _end(self) -> None:
        ended = self._open.pop()
        for merged in ended.merged:
            for key, value in merged.items():
                ended.value.setdefault(key, value)
        if ended.anchor is not None:
            self._anchors[ended.anchor] = (ended.value, self._count - ended.began + 1)
        self._put(ended.value, ended.mark)

    def _scalar(self, event: Any) -> None:
        if self._is_key:
            self._key(event)
            return
        self._count_up(event.start_mark, 1)
        self._mark(self._place(), event.start_mark)
        value = self._resolved(event)
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, 1)
        self._put(value, event.start_mark)

    def _resolved(self, event: Any) -> Any:
        if event.tag is not None and not event.implicit[0] and not event.implicit[1]:
            made = self._TAGS.get(event.tag)
            if made is None:
                self._fault(event.start_mark, f"the tag {event.tag} is not known: leave it out")
            try:
                return made(event.value)
            except ValueError:
                self._fault(event.start_mark, f"{event.value[:40]!r} is not what its tag says")
        if event.implicit[0]:  # it stands without quotes
            for pattern, made in _SCALARS:
                if pattern.fullmatch(event.value):
                    return made(event.value)
        return event.value

    def _alias(self, event: Any) -> None:
        if self._is_key:
            self._fault(event.start_mark, "a key must be a text")
        known = self._anchors.get(event.anchor, ...)
        if known is ...:
            self._fault(event.start_mark, f"nothing is called &{event.anchor}")
        if known is None:
            self._fault(event.start_mark, f"*{event.anchor} stands inside of itself")
        value, size = known
        self._count_up(event.start_mark, size)
        self._mark(self._place(), event.start_mark)
        self._put(value, event.start_mark)

    @property
    def _is_key(self) -> bool:
        """Whether what comes next is the key of a table."""
        return bool(self._open) and isinstance(self._open[-1].value, dict) and self._open[-1].key is None

    def _key(self, event: Any) -> None:
        holder = self._open[-1]
        if event.value in holder.value and event.value != _MERGE:
            self._fault(event.start_mark, f'the key "{event.value}" stands twice in one table: leave one of them out')
        holder.key, holder.key_line = event.value, event.start_mark.line + 1

    def _put(self, value: Any, mark: Any) -> None:
        """The value goes where the next one belongs."""
        if not self._open:
            self._root = value
            return
        holder = self._open[-1]
        if isinstance(holder.value, list):
            holder.value.append(value)
            return
        key, holder.key = holder.key, None
        if key != _MERGE:
            holder.value[key] = value
            return
        merged = value if isinstance(value, list) else [value]
        if not all(isinstance(each, dict) for each in merged):
            self._fault(mark, "<< takes tables alone")
        holder.merged += merged

    def _place(self) -> str:
        """The place of what comes next."""
        if not self._open:
            return ""
        holder = self._open[-1]
        if len(holder.place) > _LONGEST_PLACE:
            return holder.place
        step = len(holder.value) if isinstance(holder.value, list) else holder.key
        return holder.place + pointer([step])

    def _mark(self, place: str, mark: Any) -> None:
        holder = self._open[-1] if self._open else None
        is_in_table = holder is not None and isinstance(holder.value, dict)
        self.lines.setdefault(place, holder.key_line if holder is not None and is_in_table else mark.line + 1)

    def _count_up(self, mark: Any, values: int) -> None:
        self._count += values
        if self._count > _MOST:
            self._fault(mark, f"here it holds more than {_MOST:,} values, those counted that aliases repeat")

    def _fault(self, mark: Any, sentence: str) -> NoReturn:
        where = f"{self._path}:{mark.line + 1}" if mark is not None else str(self._path)
        raise ContractError(f"{where}: {sentence}") from None
