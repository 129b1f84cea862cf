"""The calls that cause events: somebody's OpenAPI document in the form of ours, and what the profile says of calls.

A call that no document has is described by the profile alone: its method, its path and an example of what it takes.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from eventproof.catalog import ADMIN, ANYONE, USER
from eventproof.catalog.documents import Document
from eventproof.catalog.placeholders import PLACEHOLDER
from eventproof.catalog.pointer import at, pointer
from eventproof.catalog.reading import Weight
from eventproof.errors import ContractError
from eventproof.settings import nearest

from . import items
from .library import Library, Node
from .overlay import Overlay

__all__ = ["described"]

Json = Any
_METHODS: Final = ("get", "put", "post", "delete", "patch")
_JSON: Final = "application/json"
_TOKENS: Final = ("token", "accessToken", "access_token", "jwt", "sessionToken")
_LOGINS: Final = re.compile("login|signin|session|token|auth")
_OURS: Final = frozenset({"example", "people", "unique", "method", "path"})
"""What is said of a call and is no extension of OpenAPI."""


def described(library: Library, overlay: Overlay, *, sessions: bool, asked: Iterable[str]) -> Document:
    """All calls, in the form of our OpenAPI documents; `asked` are the ids that events are known by.

    Raises ContractError with the line, or with the table of the profile.
    """
    content: dict[str, Json] = {"openapi": "3.1.0", "info": {"title": overlay.name, "version": ""}, "paths": {}}
    origins: dict[str, str] = {}
    if overlay.openapi is not None:
        content = _document(library.opened(overlay.openapi))
        _complete(library.opened(overlay.openapi), content, origins, sessions=sessions, asked=set(asked))
    known = {entry["operationId"]: (path, method) for path, method, entry in _operations(content)}
    for call, words in overlay.calls.items():
        where = overlay.where("calls", call)
        if call in known:
            path, method = known[call]
        elif "path" in words:
            path, method = words["path"], words.get("method", "POST").lower()
            _added(content, call, path, method, words, where)
        else:
            raise ContractError(
                f"{where}: no document has a call of that name{nearest(call, known)}; give its path (and its method), "
                "or name one that is there"
            )
        entry = content["paths"][path][method]
        entry |= {word: value for word, value in words.items() if word not in _OURS}
        _exemplify(content, entry, words)
        origins[pointer(["paths", path, method])] = where
    _needs(content)
    if overlay.states:
        content["x-states"] = {**content.get("x-states", {}), **overlay.states}
        origins |= {pointer(["x-states", thing]): overlay.where("states", thing) for thing in overlay.states}
    return Document(overlay.openapi or Path(overlay.source), content, origins=origins)


def _operations(content: Mapping[str, Json]) -> Iterator[tuple[str, str, dict[str, Json]]]:
    for path, item in content["paths"].items():
        for method in _METHODS:
            if method in item:
                yield path, method, item[method]


def _document(root: Node) -> dict[str, Json]:
    """A copy of an OpenAPI document; it is whole in itself, and without its streams, which are no calls."""
    items.must_be_openapi(root)
    content: dict[str, Json] = _whole(root, root.source.path, frozenset())
    for path in items.paths(root):
        content["paths"][path].pop("get", None)
    return content


def _whole(node: Node, root: Path, inside: frozenset[str]) -> Json:
    """A copy of what stands here; what it takes from other files is put in its place."""
    value = node.value
    if isinstance(value, Mapping):
        reference = value.get("$ref")
        if isinstance(reference, str) and not (reference.startswith("#") and node.source.path == root):
            target = node.followed()
            key = f"{target.source.path}#{target.place}"
            if key in inside:
                raise node.fault(f'"{reference}" leads back to itself across files: bundle them into one document')
            return _whole(target, root, inside | {key})
        return {key: _whole(child, root, inside) for key in value if (child := node.child(key)) is not None}
    if isinstance(value, list):
        children = (node.child(index) for index in range(len(value)))
        return [_whole(child, root, inside) for child in children if child is not None]
    return value


def _complete(
    root: Node, content: dict[str, Json], origins: dict[str, str], *, sessions: bool, asked: set[str]
) -> None:
    """What our documents say and others leave out: names, who calls, what is read from the answer."""
    secured = content.get("security")
    for path, method, entry in _operations(content):
        place = pointer(["paths", path, method])
        origins[place] = root.source.where(place)
        entry.setdefault("operationId", f"{method} {path}")
        entry.setdefault("summary", entry.get("description") or entry["operationId"])
        entry.setdefault("responses", {})
        _collect(content, entry)
        security = entry.get("security", secured)
        role = ADMIN if "/admin" in path else USER
        is_open = not security if security is not None else not sessions
        fields = _answer_fields(content, entry)
        token = next((name for name in _TOKENS if name in fields), None)
        is_login = method == "post" and token is not None and _LOGINS.search(path.lower()) is not None
        entry.setdefault("x-role", ANYONE if is_open or is_login else role)
        if is_login and "x-session" not in entry:
            entry["x-session"] = "begins"
            root.library.remark(
                Weight.NOTE, origins[place], f"{entry['operationId']} is taken for what begins a session"
            )
        named = {name: f"/{name}" for name in fields if name in asked or name.endswith(("Id", "_id"))}
        named |= {"token": f"/{token}"} if is_login else {}
        if "x-answers" not in entry and named:
            entry["x-answers"] = named


def _answer_fields(content: Mapping[str, Json], entry: Mapping[str, Json]) -> Mapping[str, Json]:
    """The fields of the answer to an accepted call."""
    for status, response in entry.get("responses", {}).items():
        if str(status).startswith("2"):
            schema = _resolved(content, at(_resolved(content, response), f"/content/{_JSON.replace('/', '~1')}/schema"))
            if isinstance(schema, Mapping) and isinstance(schema.get("properties"), Mapping):
                found: Mapping[str, Json] = schema["properties"]
                return found
    return {}


def _resolved(content: Mapping[str, Json], value: Json) -> Json:
    for _ in range(16):
        if not (isinstance(value, Mapping) and isinstance(reference := value.get("$ref"), str)):
            return value
        value = at(content, reference.removeprefix("#"))
    return None


def _added(content: dict[str, Json], call: str, path: str, method: str, words: Mapping[str, Json], where: str) -> None:
    """A call that the profile alone describes."""
    if method not in _METHODS:
        raise ContractError(f"{where}: {method.upper()} is no method; there are {', '.join(_METHODS).upper()}")
    if not path.startswith("/"):
        raise ContractError(f'{where}: a path begins with "/", unlike "{path}"')
    example = words.get("example", {})
    in_path = PLACEHOLDER.findall(path)
    parameters = [{"name": name, "in": "path", "required": True, "schema": {}} for name in in_path]
    others = [name for name in example if name not in in_path]
    entry: dict[str, Json] = {"operationId": call, "summary": call, "x-role": USER, "responses": {}}
    if method in ("get", "delete"):
        parameters += [{"name": name, "in": "query", "schema": {}} for name in others]
    elif others:
        schema = {"type": "object", "properties": {name: {} for name in others}, "required": others}
        entry["requestBody"] = {"content": {_JSON: {"schema": schema}}}
    content["paths"].setdefault(path, {})[method] = {**entry, "parameters": parameters}


def _collect(content: dict[str, Json], entry: dict[str, Json]) -> None:
    """Put the examples of a document, which it may give in many places, where our documents have them."""
    parameters = [_resolved(content, each) for each in entry.get("parameters", ())]
    for number, each in enumerate(parameters):
        if isinstance(each, Mapping) and "examples" not in each and (usual := _usual(content, each)):
            parameters[number] = {**each, "examples": {"document": {"value": usual[0]}}}
    if parameters:
        entry["parameters"] = parameters
    place = f"/content/{_JSON.replace('/', '~1')}"
    body = _resolved(content, entry.get("requestBody"))
    media = _resolved(content, at(body, place))
    schema = _resolved(content, at(media, "/schema"))
    if not isinstance(schema, Mapping) or not isinstance(media, Mapping):
        return
    properties = schema.get("properties")
    fields = (
        {name: _usual(content, part) for name, part in properties.items()} if isinstance(properties, Mapping) else {}
    )
    found = {name: usual[0] for name, usual in fields.items() if usual}
    whole = next((each for each in _usual(content, media) if isinstance(each, Mapping)), {})
    if found or whole:
        shown = {**schema, "examples": [{**found, **whole}]}
        entry["requestBody"] = {**body, "content": {**body["content"], _JSON: {**media, "schema": shown}}}


def _usual(content: Mapping[str, Json], holder: Json) -> list[Json]:
    """The examples of a parameter, of a media type or of a schema: its own, else those of its schema."""
    described = _resolved(content, holder)
    return _shown(content, described) or _shown(content, _resolved(content, at(described, "/schema")))


def _shown(content: Mapping[str, Json], described: Json) -> list[Json]:
    if not isinstance(described, Mapping):
        return []
    found = [described["example"]] if "example" in described else []
    examples = described.get("examples")
    if isinstance(examples, Mapping):
        named = [_resolved(content, each) for each in examples.values()]
        found += [each["value"] for each in named if isinstance(each, Mapping) and "value" in each]
    found += examples if isinstance(examples, list) else []
    return found + [described[word] for word in ("const", "default") if word in described]


def _exemplify(content: dict[str, Json], entry: dict[str, Json], words: Mapping[str, Json]) -> None:
    """Put what the profile gives as examples where our documents have them."""
    example = words.get("example", {})
    parameters = [_resolved(content, each) for each in entry.get("parameters", ())]
    entry["parameters"] = [
        {**each, "examples": {"profile": {"value": example[each["name"]]}}} if each.get("name") in example else each
        for each in parameters
    ]
    for each in entry["parameters"]:
        if (role := words.get("people", {}).get(each["name"])) is not None:
            each["x-role"] = role
    body = _resolved(content, at(entry, f"/requestBody/content/{_JSON.replace('/', '~1')}/schema"))
    if isinstance(body, Mapping):
        properties = {name: dict(part) for name, part in body.get("properties", {}).items()}
        for name, part in properties.items():
            part |= {"x-unique": True} if name in words.get("unique", ()) else {}
            part |= {"x-role": words["people"][name]} if name in words.get("people", {}) else {}
        fields = {name: value for name, value in example.items() if name in properties}
        usual = next(iter(body.get("examples", ())), body.get("example", {}))
        schema = {**body, "properties": properties, "examples": [{**usual, **fields}]}
        entry["requestBody"] = {"content": {_JSON: {"schema": schema}}}


def _needs(content: dict[str, Json]) -> None:
    """A call about something comes after the one that makes it, where only one answers with its id."""
    makers: dict[str, list[str]] = {}
    for _, _, entry in _operations(content):
        for name in entry.get("x-answers", {}):
            makers.setdefault(name, []).append(entry["operationId"])
    for path, _, entry in _operations(content):
        names = PLACEHOLDER.findall(path)
        needed = [makers[name][0] for name in names if len(makers.get(name, ())) == 1]
        needed = [name for name in needed if name != entry["operationId"]]
        if needed and "x-needs" not in entry:
            entry["x-needs"] = list(dict.fromkeys(needed))
