"""The calls of a system, out of its OpenAPI document."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .documents import Document
from .model import ErrorCode
from .operation import ADMIN, ANYONE, CALLER, USER, Ends, OfSession, Operation, Undoing
from .placeholders import PLACEHOLDER
from .pointer import pointer
from .states import in_order

_METHODS = ("get", "put", "post", "delete", "patch")


def operations(document: Document, system: str, errors: Mapping[str, ErrorCode] | None) -> tuple[Operation, ...]:
    """Every operation of the document; each must document exactly the statuses of its refusals.

    Without `errors` nothing is said of refusals.
    """
    found: dict[str, Operation] = {}
    for path, item in document.content["paths"].items():
        for method in _METHODS:
            if method not in item:
                continue
            place = pointer(["paths", path, method])
            operation = _operation(document, place, system, path, method, errors)
            if operation.id in found:
                raise document.fault(place, f'there are two operations "{operation.id}"')
            found[operation.id] = operation
    for operation in found.values():
        if operation.undone_by is not None:
            _must_be_callable(document, operation, found.get(operation.undone_by.operation))
        _must_have_an_order(document, operation, found, ())
        _must_tell_who_joins(document, operation)
    return tuple(found.values())


def ordered(document: Document, operations: Mapping[str, Operation]) -> Mapping[str, Operation]:
    """The operations, each also after what the states of its thing (`x-states`) have it come after.

    Raises ContractError where one would come after itself.
    """
    found = in_order(document, operations)
    for operation in found.values():
        _must_have_an_order(document, operation, found, ())
    return found


def _must_have_an_order(
    document: Document, operation: Operation, known: Mapping[str, Operation], after: tuple[str, ...]
) -> None:
    """What a call needs is there, and does not need the call."""
    place = pointer(["paths", operation.path, operation.method.lower(), "x-needs"])
    for needed in operation.needs:
        if needed not in known:
            raise document.fault(place, f'names "{needed}", which is no operation here')
        if needed in (operation.id, *after):
            raise document.fault(place, f"{operation.id} needs {needed}, and {needed} needs {operation.id}")
        _must_have_an_order(document, known[needed], known, (*after, operation.id))


def _must_tell_who_joins(document: Document, operation: Operation) -> None:
    """A call that has somebody join or leave a room takes, or answers with, who that is and which room."""
    known = {CALLER, *operation.parameters, *operation.answers}
    for key, rooms in (("x-joins", operation.joins), ("x-leaves", operation.leaves)):
        place = pointer(["paths", operation.path, operation.method.lower(), key])
        for room, who in rooms.items():
            if unknown := {who, *PLACEHOLDER.findall(room)} - known:
                raise document.fault(
                    place, f"{min(unknown)} is neither a parameter of {operation.id} nor in its answer (x-answers)"
                )


def _must_be_callable(document: Document, undone: Operation, by: Operation | None) -> None:
    """What undoes a call is a call of this document that takes the user and these parameters."""
    place, back = pointer(["paths", undone.path, undone.method.lower()]), undone.undone_by
    assert back is not None  # noqa: S101 - asked for those that something undoes
    if by is None:
        raise document.fault(place, f'x-undone-by names "{back.operation}", which is no operation here')
    about = set() if back.removes else {"userId"}
    if unknown := {*about, *back.parameters} - set(by.parameters):
        raise document.fault(place, f"x-undone-by: {by.id} has no parameter {min(unknown)}")


def _operation(
    document: Document, place: str, system: str, path: str, method: str, errors: Mapping[str, ErrorCode] | None
) -> Operation:
    item = document.content["paths"][path]
    entry = item[method]
    body = _body(document, entry)
    fields: Mapping[str, Any] = body.get("properties", {})
    described = [
        document.resolved(parameter) for parameter in [*item.get("parameters", ()), *entry.get("parameters", ())]
    ]
    headers = {each["name"]: _camel_case(each["name"]) for each in described if each["in"] == "header"}
    listed = [headers.get(each["name"], each["name"]) for each in described]
    unlisted = set(PLACEHOLDER.findall(path)) - set(listed)
    if unlisted:
        raise document.fault(place, f"the path's parameter {unlisted.pop()} is not described")
    return Operation(
        system=system,
        id=entry["operationId"],
        method=method.upper(),
        path=path,
        role=_roles(entry)[0],
        also=_roles(entry)[1:],
        summary=entry["summary"],
        parameters=(*listed, *fields),
        capability=entry.get("x-capability"),
        refusals=()
        if errors is None
        else _refusals(document, place, entry, errors, in_path=bool(PLACEHOLDER.search(path))),
        headers=headers,
        optional=frozenset(
            headers[each["name"]] for each in described if each["name"] in headers and not each.get("required", False)
        ),
        answers=entry.get("x-answers", {}),
        undone_by=_undoing(entry["x-undone-by"], entry.get("x-answers", {})) if "x-undone-by" in entry else None,
        session=OfSession(entry["x-session"]) if "x-session" in entry else None,
        ends=Ends(entry["x-ends-sessions"]) if "x-ends-sessions" in entry else None,
        lasts=entry.get("x-lasts", False),
        needs=tuple(entry.get("x-needs", ())),
        example={
            **dict(_examples(document, zip(listed, described, strict=True))),
            **next(iter(body.get("examples", ())), {}),
        },
        unique=frozenset(name for name, schema in fields.items() if schema.get("x-unique")),
        required=frozenset((*PLACEHOLDER.findall(path), *body.get("required", ()))),
        people={
            **{name: each["x-role"] for name, each in zip(listed, described, strict=True) if "x-role" in each},
            **{name: schema["x-role"] for name, schema in fields.items() if "x-role" in schema},
        },
        joins=entry.get("x-joins", {}),
        leaves=entry.get("x-leaves", {}),
    )


def _roles(entry: Mapping[str, Any]) -> tuple[str, ...]:
    named = entry["x-role"]
    return (named,) if isinstance(named, str) else tuple(named)


def _examples(document: Document, parameters: Iterable[tuple[str, Mapping[str, Any]]]) -> Iterator[tuple[str, Any]]:
    """The first example of each parameter that has one of its own; one of its schema is no example of this thing."""
    for name, described in parameters:
        for example in described.get("examples", {}).values():
            yield name, document.resolved(example)["value"]
            break


def _undoing(entry: Mapping[str, Any], answers: Mapping[str, str]) -> Undoing:
    parameters = entry.get("parameters", {})
    names = [PLACEHOLDER.fullmatch(value) for value in parameters.values()]
    removes = bool(names) and all(name is not None and name[1] in answers for name in names)
    return Undoing(entry["operation"], parameters, removes)


def _camel_case(header: str) -> str:
    first, *others = header.split("-")
    return first.lower() + "".join(map(str.capitalize, others))


def _body(document: Document, entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema of its body; an empty one where it has none."""
    body = document.resolved(entry.get("requestBody", {}))
    schema: Mapping[str, Any] = document.resolved(body.get("content", {}).get("application/json", {}).get("schema", {}))
    return schema


def _refusals(
    document: Document, place: str, entry: Mapping[str, Any], errors: Mapping[str, ErrorCode], *, in_path: bool
) -> tuple[str, ...]:
    own = entry.get("x-refusals", [])
    for code in own:
        if code not in errors:
            raise document.fault(place, f'x-refusals names "{code}", which errors.yaml does not have')
    holds = {
        "call": True,
        "path": in_path,
        "body": "requestBody" in entry,
        "session": _roles(entry)[0] != ANYONE,
        "role": _roles(entry)[0] not in (ANYONE, USER, ADMIN),
        "admin": _roles(entry)[0] == ADMIN,
    }
    implied = [error.code for error in errors.values() if error.applies and holds[error.applies]]
    refusals = tuple(dict.fromkeys([*own, *implied]))
    documented = {int(status) for status in entry["responses"] if status.startswith("4")}
    given = {errors[code].status for code in refusals}
    if documented != given:
        status = min(documented ^ given)
        why = "is documented, and no refusal has it" if status in documented else "is given, and not documented"
        raise document.fault(place + "/responses", f"the status {status} {why}")
    return refusals
