"""Whether an answer is one that the OpenAPI document describes."""

import re
from functools import cache
from typing import Any

import jsonschema_rs

from eventproof.catalog import Operation
from reference_server.refusals import contracts

SYSTEM = contracts().system("shield")


def check(method: str, path: str, status: int, body: Any) -> None:
    """The status is documented for this call, and so is the body."""
    operation = next(each for each in SYSTEM.operations if each.method == method and _pattern(each).fullmatch(path))
    if status >= 400 and body["error"]["code"] != "not_found":
        assert contracts().errors[body["error"]["code"]].status == status
    validator = _validator(operation.id, str(status))
    assert (validator is None) == (body is None), f"{operation.id}: {body}"
    if validator is not None:
        validator.validate(body)


def _pattern(operation: Operation) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{\w+\}", "[^/]+", operation.path))


@cache
def _validator(operation_id: str, status: str) -> jsonschema_rs.Draft202012Validator | None:
    operation = SYSTEM.operation(operation_id)
    described = SYSTEM.openapi["paths"][operation.path][operation.method.lower()]["responses"][status]
    if "$ref" in described:
        described = SYSTEM.openapi["components"]["responses"][described["$ref"].rsplit("/", 1)[-1]]
    if "content" not in described:
        return None
    schema = described["content"]["application/json"]["schema"]
    return jsonschema_rs.Draft202012Validator(
        {**schema, "components": SYSTEM.openapi["components"]}, validate_formats=True, offline=True
    )
