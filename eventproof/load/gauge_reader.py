"""Reads the gauges of a target, where its profile says that it counts them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from eventproof import actions
from eventproof.catalog import ANYONE
from eventproof.errors import UsageError
from eventproof.gauges import values_of
from eventproof.target import Metrics, Target

from .calls import Calls
from .exchange import Response

__all__ = ["read_gauges"]


@dataclass(frozen=True, slots=True)
class Read:
    """An answer with gauges in it."""

    response: Response

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.response.status

    @property
    def kind(self) -> str:
        """Its Content-Type; empty where there is none."""
        return self.response.headers.get("content-type", "")

    @property
    def text(self) -> str:
        """The content as text; what cannot be decoded is replaced."""
        return self.response.content.decode(errors="replace")

    @property
    def document(self) -> Any:
        """The content as JSON; None where it is none."""
        try:
            return orjson.loads(self.response.content)
        except ValueError:
            return None


def read_gauges(target: Target, metrics: Metrics, token: str | None = None) -> Mapping[str, float]:
    """The gauges that `metrics` names, by name; waits for the answer.

    Where that takes an admin, and no token is given, one logs in. Raises EventproofError where they are not told.
    """
    url = metrics.path if "://" in metrics.path else target.base_url + metrics.path
    calls = Calls(target)
    try:
        if metrics.identity != ANYONE and token is None and target.admins:
            token = calls.token_of(target.admins[0])
        headers = {**actions.headers_for(target, None if metrics.identity == ANYONE else token), **metrics.headers}
        return values_of(metrics, url, Read(calls.fetch(url, headers)))
    except OSError as error:
        raise UsageError(f"{url} did not answer: {error}") from error
    finally:
        calls.close()
