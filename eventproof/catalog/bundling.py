"""OpenAPI documents that take parts of each other, each made whole.

A document may take a path item or a component of another by `$ref: '../other/openapi.yaml#/paths/…'` or
`'…#/components/KIND/NAME'`. What is taken keeps its path, or its kind and name, and brings along whatever it refers to
in turn; afterwards every reference is local.
"""

import os.path
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .documents import Document, Formats
from .pointer import pointer


def bundled(document: Document, formats: Formats) -> Document:
    """The document with all that it refers to inside; itself, where nothing is elsewhere.

    Raises ContractError where a reference points to nothing, or a name means two things.
    """
    if all(reference.startswith("#") for reference in _references(document.content)):
        return document
    return _Bundle(document, formats).whole()


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if isinstance(reference := value.get("$ref"), str):
            yield reference
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from _references(part)


class _Bundle:
    """Everything taken in so far, by its place in the whole document."""

    def __init__(self, document: Document, formats: Formats) -> None:
        self._document = document
        self._formats = formats
        self._documents = {_normal(document.path): document}
        self._components: dict[str, Any] = {}
        self._origins: dict[str, Path] = {}

    def whole(self) -> Document:
        content = self._document.content
        for kind, named in content.get("components", {}).items():
            for name in named:
                self._take(self._document, "#" + pointer(["components", kind, name]))
        paths = {path: self._path_item(path, item) for path, item in content["paths"].items()}
        components: dict[str, dict[str, Any]] = {}
        for place, component in self._components.items():
            _, _, kind, name = place.split("/")
            components.setdefault(kind, {})[name] = component
        borrowed = {place: path for place, path in self._origins.items() if path != self._document.path}
        return Document(self._document.path, {**content, "paths": paths, "components": components}, borrowed)

    def _path_item(self, path: str, item: Mapping[str, Any]) -> Any:
        if "$ref" not in item:
            return self._local(self._document, item)
        source, place = self._followed(self._document, item["$ref"])
        if place != pointer(["paths", path]):
            raise self._document.fault(pointer(["paths", path]), f"{item['$ref']} is another path")
        self._origins[place] = source.path
        return self._local(source, source.at("#" + place))

    def _local(self, source: Document, value: Any) -> Any:
        """A part of a document with its references made local; what they point to is taken in."""
        if isinstance(value, list):
            return [self._local(source, part) for part in value]
        if not isinstance(value, Mapping):
            return value
        if isinstance(reference := value.get("$ref"), str):
            return {**value, "$ref": "#" + self._take(source, reference)}
        return {key: self._local(source, part) for key, part in value.items()}

    def _take(self, source: Document, reference: str) -> str:
        """Take a component in, unless it is there; its place."""
        source, place = self._followed(source, reference)
        component = source.at("#" + place)
        passed: set[Path] = set()
        while isinstance(component, Mapping) and not (onward := component.get("$ref", "#")).startswith("#"):
            if source.path in passed:
                raise self._document.fault(place, "the reference leads back to itself")
            passed.add(source.path)
            source, there = self._followed(source, onward)
            if there != place:
                raise self._document.fault(place, f"{onward} is another component")
            component = source.at("#" + there)
        if place.count("/") != 3 or not place.startswith("/components/"):
            raise source.fault(place, "a reference must name a component, #/components/KIND/NAME")
        if self._origins.setdefault(place, source.path) != source.path:
            raise self._document.fault("", f"{source.path} has another {place}")
        if place not in self._components:
            self._components[place] = None  # for what refers back to it
            self._components[place] = self._local(source, component)
        return place

    def _followed(self, source: Document, reference: str) -> tuple[Document, str]:
        """The document that a reference leads to, and the place in it."""
        file, _, place = reference.partition("#")
        path = _normal(source.path.parent / file) if file else _normal(source.path)
        if path not in self._documents:
            self._documents[path] = self._formats.read(path, "openapi")
        return self._documents[path], place


def _normal(path: Path) -> Path:
    return Path(os.path.normpath(path))
