"""Documents of the contracts as files: read strictly, and held against the format that they must have.

Every error is a ContractError that names the file and the place in it: a line, or a JSON pointer.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from eventproof.errors import ContractError

from .pointer import reached
from .schema import Schema


@dataclass(frozen=True, slots=True)
class Document:
    """What a file holds, and where it is."""

    path: Path
    content: Mapping[str, Any]
    borrowed: Mapping[str, Path] = field(default_factory=dict)
    """The places (JSON pointers) whose content came from another file."""
    origins: Mapping[str, str] = field(default_factory=dict)
    """Of a document that was made of others: where its places stand there, such as `chat.yaml:12`."""

    def fault(self, place: str, sentence: str) -> ContractError:
        """The error to raise for something wrong at a place (a JSON pointer) of this document."""
        if origin := self.origin(place):
            return ContractError(f"{origin}: {sentence}")
        path = next((path for start, path in self.borrowed.items() if (place + "/").startswith(start + "/")), self.path)
        return ContractError(f"{path}: {place or '/'}: {sentence}")

    def origin(self, place: str) -> str:
        """Where the nearest known place around this one stands; empty where none is known."""
        while place and place not in self.origins:
            place = place.rpartition("/")[0]
        return self.origins.get(place, "")

    def at(self, reference: str) -> Any:
        """What a local reference (`#/…`) points to; ContractError where that is nothing."""
        try:
            return reached(self.content, reference.removeprefix("#"))
        except KeyError:
            raise self.fault(reference, "the reference points to nothing") from None

    def resolved(self, value: Any) -> Any:
        """The value itself, or what it points to where it is a reference."""
        followed: set[str] = set()
        while isinstance(value, Mapping) and isinstance(reference := value.get("$ref"), str):
            if reference in followed:
                raise self.fault(reference, "the reference leads back to itself")
            followed.add(reference)
            value = self.at(reference)
        return value


class Formats:
    """The formats of our documents: one JSON Schema each, in the contracts' folder `formats`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._schemas: dict[str, Schema] = {}

    def read(self, path: Path, name: str) -> Document:
        """The document in this file, which must have the format of this name."""
        document = _read(path)
        if name not in self._schemas:
            self._schemas[name] = Schema(_read(self._folder / f"{name}.schema.json").content)
        schema = self._schemas[name]
        if not schema.is_valid(document.content):
            problem = max(schema.explain(document.content), key=lambda problem: problem.path.count("/"))
            raise document.fault(problem.path, f"expected {problem.expected}, found {problem.observed}")
        return document


def _read(path: Path) -> Document:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ContractError(f"{path}: the file is missing") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ContractError(f"{path}: cannot be read: {error}") from None
    content = _json(path, text) if path.suffix == ".json" else _yaml(path, text)
    if not isinstance(content, dict):
        raise ContractError(f"{path}: must hold an object")
    return Document(path, content)


def _json(path: Path, text: str) -> Any:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        repeated = _repeated(key for key, _ in pairs)
        if repeated is not None:
            raise ContractError(f'{path}: the key "{repeated}" stands twice in one object')
        return dict(pairs)

    try:
        return json.loads(text, object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        raise ContractError(f"{path}: line {error.lineno}: no valid JSON: {error.msg}") from None


def _yaml(path: Path, text: str) -> Any:
    try:
        return yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - a subclass of the safe loader
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise ContractError(f"{path}: line {line}: {error.problem}") from None
    except yaml.YAMLError as error:
        raise ContractError(f"{path}: no valid YAML: {' '.join(str(error).split())}") from None


def _repeated(keys: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            return key
        seen.add(key)
    return None


class _StrictLoader(yaml.CSafeLoader):
    """YAML as JSON sees it: keys are text and stand once, dates stay text, and only `true` and `false` are booleans."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        for key, _ in node.value:
            if key.tag != "tag:yaml.org,2002:str":
                raise yaml.constructor.ConstructorError(None, None, f"the key {key.value} must be text", key.start_mark)
        repeated = _repeated(key.value for key, _ in node.value)
        if repeated is not None:
            raise yaml.constructor.ConstructorError(
                None, None, f'the key "{repeated}" stands twice in one object', node.start_mark
            )
        return super().construct_mapping(node, deep)


_StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":bool"))]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
_StrictLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), ["t", "f"])
