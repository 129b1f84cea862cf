"""The OpenAPI document that a target publishes, from a file or a URL, looked over before anything relies on it."""

import asyncio
import codecs
import json
import re
from collections.abc import Hashable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Final
from urllib.parse import urljoin

import yaml

from eventproof.errors import EventproofError, UsageError

from .exchange import LONGEST, exchange, session

__all__ = ["published"]

_SECONDS: Final = 20.0
_REDIRECTS: Final = 5
_MOST: Final = 1_000_000
"""How many values a document may hold, those that an alias repeats counted each time."""
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NO_TABLE = "it is no table with openapi, info and paths"
_SAID_AS_IT_IS = frozenset({"example", "examples", "default", "enum", "const"})
"""Under these a `$ref` is a part of a value."""


def published(place: str) -> Mapping[str, Any]:
    """The document at a path or a URL. Not to be called where a loop runs: a URL is fetched on one of its own.

    Raises UsageError, naming the place, where it cannot be read or is no OpenAPI document that stands alone.
    """
    content = asyncio.run(_fetched(place)) if "://" in place else _file(place)
    document = None
    try:
        document = _parsed(place, content)
        problem = _problem(document)
    except RecursionError:
        problem = "it is nested too deep"
    if problem or not isinstance(document, dict):
        raise UsageError(f"{place} is no OpenAPI document: {problem or _NO_TABLE}")
    return document


def _file(place: str) -> bytes:
    try:
        with Path(place).open("rb") as file:
            content = file.read(LONGEST + 1)
    except OSError as error:
        raise UsageError(f"the OpenAPI document {place} cannot be read: {error.strerror or error}") from None
    if len(content) > LONGEST:
        raise UsageError(f"the OpenAPI document {place} cannot be read: it has more than {LONGEST // 2**20} MB")
    return content


async def _fetched(place: str) -> bytes:
    url = place
    async with session() as http:
        for _ in range(_REDIRECTS):
            try:
                received = await exchange(http, "GET", url, what=f"GET {url}", seconds=_SECONDS)
            except EventproofError as error:
                raise UsageError(f"the OpenAPI document {place} cannot be read: {error}") from error
            if not 300 <= received.status < 400 or "Location" not in received.headers:
                break
            url = urljoin(url, received.headers["Location"])
    if received.status != 200:
        raise UsageError(f"the OpenAPI document {place} cannot be read: it was answered with {received.status}")
    return received.content


def _parsed(place: str, content: bytes) -> Any:
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
        try:
            return json.loads(text)
        except ValueError:
            return yaml.load(text, _Yaml)  # noqa: S506 - a safe loader of ours
    except UnicodeDecodeError as error:
        raise UsageError(f"the OpenAPI document {place} cannot be read: it is no {encoding}: {error}") from None
    except yaml.YAMLError as error:
        raise UsageError(f"the OpenAPI document {place} cannot be read: {' '.join(str(error).split())}") from None


_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The faster one, where it is built."""


class _Yaml(_Loader):  # type: ignore[misc]  # yaml has no types for either
    """OpenAPI is written in the YAML of JSON: `no` is a word there, `200` the name of a response, a date a text."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """A table, whose keys are texts."""
        self.flatten_mapping(node)
        result: dict[Hashable, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key must be a text", key.start_mark)
            result[key.value] = self.construct_object(value, deep=deep)
        return result

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Put in what `<<` names; what names itself over and over is no document."""
        super().flatten_mapping(node)
        if len(node.value) > _MOST:
            raise yaml.constructor.ConstructorError(None, None, "it holds too many values", node.start_mark)


for _tag, _pattern, _first in (
    ("tag:yaml.org,2002:bool", r"(?:true|True|TRUE|false|False|FALSE)", "tTfF"),
    ("tag:yaml.org,2002:null", r"(?:null|Null|NULL|~|)", ["n", "N", "~", ""]),
    ("tag:yaml.org,2002:int", r"[-+]?(?:0|[1-9][0-9]*)", "-+0123456789"),
    ("tag:yaml.org,2002:float", r"[-+]?(?:0|[1-9][0-9]*)(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?", "-+0123456789"),
    ("tag:yaml.org,2002:merge", "<<", "<"),
):
    _Yaml.add_implicit_resolver(_tag, re.compile(f"^{_pattern}$"), list(_first))


def _problem(document: Any) -> str:
    """What keeps a document from being used; empty where nothing does."""
    if not isinstance(document, dict):
        return _NO_TABLE
    if "paths" not in document:
        return "it has no paths"
    if not isinstance(document["paths"], dict):
        return "its paths are no table"
    if not isinstance(document.get("openapi", document.get("swagger")), str):
        return 'it does not say its version, such as openapi: "3.1.0"'
    if _size(document) > _MOST:
        return f"it holds more than {_MOST} values"
    names = {value for key, value in _references(document) if key == "$id"}
    for key, value in _references(document):
        file = value.partition("#")[0]
        if key == "$ref" and file and file not in names:
            return f"it refers to {value}, which is outside of it: bundle both into one document"
    return ""


def _size(document: Any) -> int:
    """How many values it holds, those that an alias repeats counted each time; more than any where it holds itself."""
    sizes: dict[int, int] = {}

    def size(value: Any) -> int:
        if not isinstance(value, dict | list):
            return 1
        if id(value) not in sizes:
            sizes[id(value)] = _MOST + 1
            sizes[id(value)] = 1 + sum(map(size, value.values() if isinstance(value, dict) else value))
        return sizes[id(value)]

    return size(document)


def _references(value: Any) -> Iterator[tuple[str, str]]:
    """Every `$ref` and `$id` that is one."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("$ref", "$id") and isinstance(inner, str):
                yield key, inner
            elif key not in _SAID_AS_IT_IS:
                yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)
