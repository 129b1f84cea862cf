"""What an event carries: one argument, a list of several (a tuple), or nothing that the document tells of."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from eventproof.catalog.reading import Weight
from eventproof.catalog.schema import Schema, SchemaError

from .described import Message
from .library import Node
from .schemas import DRAFT, Schemas

__all__ = ["Payload", "Payloads"]

Json = Any
_FOREIGN: Final = re.compile(r"avro|protobuf|raml|xml", re.IGNORECASE)
_CLOSED: Final[tuple[Json, ...]] = (False, {"not": {}})


@dataclass(frozen=True, slots=True)
class Payload:
    """A schema in draft-07, with examples of what fits it."""

    schema: Mapping[str, Json]
    takes_list: bool = False
    """Whether it describes the list of the arguments; otherwise the one argument."""
    examples: tuple[Json, ...] = ()
    is_known: bool = True
    """Whether the document says anything of it."""

    def takes(self, example: Json) -> bool:
        """Whether an example fits the schema."""
        return Schema(self.schema).is_valid(example)


class Payloads:
    """Those of one document. On a wire `with_arguments` (Socket.IO) a tuple is the list of an event's arguments."""

    def __init__(self, schemas: Schemas, *, with_arguments: bool) -> None:
        self._schemas = schemas
        self._with_arguments = with_arguments

    def of_message(self, message: Message) -> Payload:
        """What a message carries, with its examples; those that do not fit are left out, and that is told."""
        node = message.payload
        if node is None:
            return Payload({"$schema": DRAFT}, is_known=False, examples=message.shown)
        if _FOREIGN.search(message.schema_format):
            node.remark(
                Weight.WARNING, f"a payload in {message.schema_format} cannot be read here: nothing is judged of it"
            )
            return Payload({"$schema": DRAFT}, is_known=False)
        payload = self.of(node)
        of_message = [_unwrapped(example, payload, node, self) for example in message.examples]
        examples = self._fitting(node, payload, [*of_message, *payload.schema.get("examples", ())])
        examples += tuple(example for example in message.shown if example not in examples and payload.takes(example))
        plain = {key: value for key, value in payload.schema.items() if key != "examples"}
        return replace(payload, schema=plain, examples=examples)

    def of(self, node: Node) -> Payload:
        """What a schema describes, as arguments where the wire has them."""
        schema = self._schemas.read(node)
        first = schema.get("items")
        if not (self._with_arguments and self.is_tuple(node)):
            return Payload(schema)
        rest = schema.get("additionalItems", True)
        is_one = isinstance(first, list) and len(first) == 1 and (rest in _CLOSED or schema.get("maxItems") == 1)
        if is_one:
            assert isinstance(first, list)  # noqa: S101 - as was seen
            return Payload(_alone(schema, first[0]))
        return Payload(schema, takes_list=True)

    @staticmethod
    def is_tuple(node: Node) -> bool:
        """Whether a schema gives each item of a list its own: a list of arguments, on a wire that has them."""
        value = node.followed().value
        return isinstance(value, Mapping) and ("prefixItems" in value or isinstance(value.get("items"), list))

    @staticmethod
    def _fitting(node: Node, payload: Payload, examples: list[Json]) -> tuple[Json, ...]:
        try:
            schema = Schema(payload.schema)
        except SchemaError as error:
            raise node.fault(f"the schema does not compile: {error}") from None
        fitting = tuple(example for example in examples if schema.is_valid(example))
        if len(fitting) < len(examples):
            node.remark(Weight.WARNING, "an example does not fit its own schema, and is left out")
        return fitting


def _alone(schema: Mapping[str, Json], item: Json) -> Mapping[str, Json]:
    """The schema of a single argument, by itself."""
    kept = {key: schema[key] for key in ("$schema", "definitions") if key in schema}
    if not isinstance(item, Mapping):
        return {**kept, **({} if item else {"not": {}})}
    if set(item) == {"$ref"}:
        return {**kept, **schema["definitions"][item["$ref"].rpartition("/")[2]]}
    return {**kept, **item}


def _unwrapped(example: Json, payload: Payload, node: Node, payloads: Payloads) -> Json:
    """An example of the list of arguments is one of the argument, where there is one."""
    is_list = isinstance(example, list) and len(example) == 1 and not payload.takes_list
    return example[0] if is_list and payloads._with_arguments and payloads.is_tuple(node) else example
