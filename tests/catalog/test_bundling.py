"""An OpenAPI document that takes parts of another is made whole."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from eventproof import layout
from eventproof.catalog.bundling import bundled
from eventproof.catalog.documents import Document, Formats
from eventproof.errors import ContractError

READ = {
    "get": {
        "operationId": "readThing",
        "summary": "Read.",
        "x-role": "user",
        "responses": {"200": {"$ref": "#/components/responses/Thing"}},
    }
}
ANSWER = {
    "description": "It.",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}},
}
THING = {"type": "object", "properties": {"inner": {"$ref": "#/components/schemas/Thing"}}}
FIRST: dict[str, Any] = {
    "paths": {"/thing": READ},
    "components": {"responses": {"Thing": ANSWER}, "schemas": {"Thing": THING}},
}


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from references(part)


@pytest.fixture
def whole(tmp_path: Path) -> Any:
    """Write a first document and a second one that takes parts of it, and make the second whole."""

    def write(second: dict[str, Any], first: dict[str, Any] = FIRST) -> Document:
        formats = Formats(layout.CONTRACTS / "formats")
        for name, content in (("first", first), ("second", second)):
            head = {"openapi": "3.1.1", "info": {"title": name, "version": "1"}}
            (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(head | content), encoding="utf-8")
        return bundled(formats.read(tmp_path / "second.yaml", "openapi"), formats)

    return write


def test_a_path_item_brings_along_what_it_refers_to(whole: Any) -> None:
    document = whole({"paths": {"/thing": {"$ref": "first.yaml#/paths/~1thing"}}})
    assert document.content["paths"] == FIRST["paths"]
    assert document.content["components"] == FIRST["components"]


def test_a_component_keeps_its_name_and_every_reference_becomes_local(whole: Any) -> None:
    answers = {"responses": {"Thing": {"$ref": "first.yaml#/components/responses/Thing"}}}
    document = whole({"paths": {"/other": READ}, "components": answers})
    assert document.content["paths"] == {"/other": READ}
    assert document.content["components"]["responses"] == {"Thing": ANSWER}
    assert set(references(document.content)) == {"#/components/responses/Thing", "#/components/schemas/Thing"}


def test_what_is_wrong_in_what_was_taken_is_said_of_where_it_stands(whole: Any) -> None:
    document = whole({"paths": {"/thing": {"$ref": "first.yaml#/paths/~1thing"}, "/thingy": {}}})
    assert "first.yaml: /paths/~1thing/get: " in str(document.fault("/paths/~1thing/get", "wrong"))
    assert "second.yaml: /paths/~1thingy/get: " in str(document.fault("/paths/~1thingy/get", "wrong"))


def test_a_document_that_takes_nothing_stays_what_it_is(whole: Any, tmp_path: Path) -> None:
    formats = Formats(layout.CONTRACTS / "formats")
    whole({"paths": {"/thing": READ}})
    document = formats.read(tmp_path / "first.yaml", "openapi")
    assert bundled(document, formats) is document


@pytest.mark.parametrize(
    ("second", "sentence"),
    [
        pytest.param(
            {"paths": {"/mine": {"$ref": "first.yaml#/paths/~1thing"}}}, "/paths/~1mine: first.yaml", id="another-path"
        ),
        pytest.param({"paths": {"/no": {"$ref": "first.yaml#/paths/~1no"}}}, "points to nothing", id="no-path"),
        pytest.param({"paths": {"/thing": {"$ref": "gone.yaml#/paths/~1thing"}}}, "the file is missing", id="no-file"),
        pytest.param(
            {
                "paths": {"/thing": {"$ref": "first.yaml#/paths/~1thing"}},
                "components": {"schemas": {"Thing": {"type": "string"}}},
            },
            "first.yaml has another /components/schemas/Thing",
            id="two-of-one-name",
        ),
        pytest.param(
            {
                "paths": {"/other": READ},
                "components": {"responses": {"Mine": {"$ref": "first.yaml#/components/responses/Thing"}}},
            },
            "first.yaml#/components/responses/Thing is another component",
            id="another-name",
        ),
        pytest.param(
            {
                "paths": {"/other": READ},
                "components": {"responses": {"Thing": {"$ref": "first.yaml#/paths/~1thing"}}},
            },
            "is another component",
            id="no-component",
        ),
        pytest.param(
            {
                "paths": {"/other": READ},
                "components": {"responses": {"Thing": {"$ref": "second.yaml#/components/responses/Thing"}}},
            },
            "leads back to itself",
            id="itself",
        ),
        pytest.param(
            {"paths": {"/other": {"get": READ["get"] | {"requestBody": {"$ref": "first.yaml#/info"}}}}},
            "a reference must name a component",
            id="not-a-component",
        ),
    ],
)
def test_what_cannot_be_taken_is_refused(whole: Any, second: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ContractError) as caught:
        whole(second)
    assert sentence in str(caught.value)
