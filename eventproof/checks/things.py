"""What calls have made, and what was said of it then: a later call about the same thing need not say it again."""

from collections.abc import Mapping
from typing import Any

from eventproof.catalog import Operation

from .answering import Called

__all__ = ["Things"]


class Things:
    """By the name of their id and its value, in the order of the calls."""

    def __init__(self, operations: Mapping[str, Operation]) -> None:
        self._operations = operations
        self._said: dict[tuple[str, str], Mapping[str, Any]] = {}

    def enter(self, call: Called) -> None:
        """Remember what an accepted call said of what it made: whatever it answers with an id of, and did not take."""
        operation = self._operations.get(call.record.name)
        for name in operation.answers if operation else ():
            if operation is not None and name not in operation.parameters and name in call.says:
                self._said.setdefault((name, str(call.says[name])), call.says)

    def known(self, call: Called) -> Mapping[str, Any]:
        """What was said of the thing that the path of a call names; nothing where no call made it here."""
        operation = self._operations.get(call.record.name)
        given = call.record.payload if isinstance(call.record.payload, Mapping) else {}
        found: dict[str, Any] = {}
        for name in operation.in_path if operation else ():
            found |= self._said.get((name, str(given.get(name))), {})
        return found
