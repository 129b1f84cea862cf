"""What Hypothesis makes of a schema: many things at once that nobody thought of, the same for the same seed.

Its strategies are those of Schemathesis, which is here for the calls, and draws from an OpenAPI document.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import hypothesis
import schemathesis
from hypothesis import configuration

from eventproof.catalog import Event
from eventproof.catalog.arguments import Arguments
from eventproof.variants import LARGEST

__all__ = ["drawn", "generated"]

_TIMES: Final = 2
"""How many are drawn for each that is wanted: some come twice."""


def drawn(strategy: Any, count: int, seed: int | None = None) -> list[Any]:
    """So many values of a strategy, or fewer; without a seed the same each time."""
    values: list[Any] = []

    def keep(value: Any) -> None:
        values.append(value)

    few = hypothesis.settings(
        max_examples=count,
        database=None,
        deadline=None,
        derandomize=seed is None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    draw: Any = hypothesis.given(strategy)(few(keep))  # type: ignore[no-untyped-call]  # Hypothesis gives no type to the result
    with _hypothesis_at_home(), suppress(hypothesis.errors.Unsatisfiable):
        (draw if seed is None else hypothesis.seed(seed)(draw))()
    return values


@lru_cache(maxsize=64)
def generated(event: Event, seed: int, count: int) -> tuple[Any, ...]:
    """So many different payloads that the event's contract takes, or fewer: all that Hypothesis finds."""
    schema = {key: value for key, value in event.schema.items() if key not in ("$schema", "definitions", "examples")}
    if isinstance(schema.get("items"), list):
        schema |= {"prefixItems": schema["items"], "items": schema.pop("additionalItems", True)}
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": event.name, "version": ""},
        "paths": {"/": {"post": {"requestBody": body, "responses": {"200": {"description": ""}}}}},
        "definitions": event.schema.get("definitions", {}),
    }
    call = schemathesis.openapi.from_dict(document)["/"]["POST"]
    found: dict[str, Any] = {}
    for case in drawn(call.as_strategy(schemathesis.GenerationMode.POSITIVE), count * _TIMES, seed):
        body = _plain(case.body)
        payload = Arguments(body) if event.takes_list and isinstance(body, list) else body
        if event.is_valid(payload) and _is_for_everybody(payload):
            found.setdefault(repr(payload), payload)
    return tuple(found.values())[:count]


def _is_for_everybody(value: Any) -> bool:
    """Whether each number in it is one that every language takes from JSON as it is (RFC 8259, 6)."""
    if isinstance(value, dict | list):
        return all(map(_is_for_everybody, value.values() if isinstance(value, dict) else value))
    return not isinstance(value, int | float) or abs(value) <= LARGEST


def _plain(value: Any) -> Any:
    """The same with each whole number as clients write it: 7, where a schema takes 7.0 for one, too."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return list(map(_plain, value))
    return int(value) if isinstance(value, float) and value.is_integer() else value


@contextmanager
def _hypothesis_at_home() -> Iterator[None]:
    """What Hypothesis remembers goes into the user's cache, not into the working directory."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    configuration.set_hypothesis_home_dir(cache / "eventproof" / "hypothesis")
    try:
        yield
    finally:
        configuration.set_hypothesis_home_dir(None)
