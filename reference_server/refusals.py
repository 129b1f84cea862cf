"""Refusals: a code of `contracts/errors.yaml`, its HTTP status, and a sentence that a person can act on.

The same code and sentence are used on every wire: in the body of an HTTP answer, and in the data of a CONNECT_ERROR.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from eventproof import catalog


@cache
def contracts() -> catalog.Catalog:
    """The contracts that this server keeps, read once."""
    return catalog.load()


class Refusal(Exception):
    """Raised wherever a request or a connection is turned away; `code` is one of the contracts'."""

    def __init__(self, code: str, sentence: str | None = None, *, headers: Mapping[str, str] | None = None) -> None:
        known = contracts().errors[code]
        self.code = code
        self.status = known.status
        self.sentence = sentence or known.sentence
        self.headers = dict(headers or {})
        if known.status == 401:
            # RFC 9110, 15.5.2: the server MUST send a WWW-Authenticate header field.
            self.headers["WWW-Authenticate"] = "Bearer"
        super().__init__(self.sentence)

    def body(self) -> dict[str, Any]:
        """The answer's body, as every OpenAPI document of the contracts describes it."""
        return {"error": {"code": self.code, "message": self.sentence}}
