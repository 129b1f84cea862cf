"""What an answer's status proves: that the caller was refused, or what they asked for, or nothing of the kind.

RFC 9110 gives each status its meaning, and frameworks use some of them otherwise by default. What may mean two things
proves a refusal only beside an accepted call that differs in the refused thing alone. Pure: no answer is known here.
"""

from collections.abc import Collection, Mapping
from enum import Enum, auto
from typing import Final

__all__ = ["COMMAND", "LIMITED", "UNKNOWN", "Proof", "Refusal", "expected", "proof", "says_why_not"]


class Refusal(Enum):
    """What has to be refused."""

    CALLER = auto()
    """Who calls: no token, a bad or a revoked one, no admin, a banned user."""
    LOGIN = auto()
    """The login of a banned user."""
    ENTITLEMENT = auto()
    """A caller whose plan does not include it."""
    VALUE = auto()
    """What a caller who may asks for: an unknown user, a wrong input, an illegal transition."""


class Proof(Enum):
    """What a status says of a refusal."""

    FULL = auto()
    """It is refused."""
    BESIDE = auto()
    """It is refused where a call that differs in the refused thing alone is accepted."""
    NONE = auto()
    """Neither refused nor done: it says something else."""
    BROKEN = auto()
    """It was done (2xx), or the server failed (5xx)."""


COMMAND: Final = 480
"""The status of a program that ended with the exit code that the profile names as its refusal; none of HTTP's."""
UNKNOWN: Final = 401
"""Nobody is known by what was shown: a login with it is of no use a second time either."""
LIMITED: Final = 429
"""Too many calls: nothing is said of this one."""

_CALLER: Final = frozenset({401, 403, 407, 419, 423, 440, 451, 498, 499, COMMAND})
"""Also the session that is over (419 of Laravel, 440 of IIS, 498 and 499 of ArcGIS) and the account that is locked."""
_FORM: Final = frozenset({400, 422})
"""What frameworks say of a token that is none or is missing as of any other wrong input."""

_FULL: Final[Mapping[Refusal, frozenset[int]]] = {
    Refusal.CALLER: _CALLER,
    Refusal.LOGIN: frozenset({400, 401, 403, 422, 423, 451, COMMAND}),
    Refusal.ENTITLEMENT: _CALLER | {402},
    Refusal.VALUE: frozenset({409, 410, 412, 423, 424, COMMAND}),
}
_BESIDE: Final[Mapping[Refusal, frozenset[int]]] = {
    Refusal.CALLER: _FORM,
    Refusal.LOGIN: frozenset(),
    Refusal.ENTITLEMENT: _FORM | {409},
    Refusal.VALUE: _FORM | {403, 404, 428},
}
_EXPECTED: Final[Mapping[Refusal, str]] = {
    Refusal.CALLER: "401 or 403",
    Refusal.LOGIN: "400, 401, 403, 422 or 423",
    Refusal.ENTITLEMENT: "401, 402 or 403",
    Refusal.VALUE: "400, 404, 409, 410, 412 or 422",
}
_MEANINGS: Final[Mapping[int, str]] = {
    400: "that the call itself was malformed",
    401: "that the caller's token is no good",
    403: "that the caller may not call it at all",
    404: "that there is no such call",
    405: "that there is no such call by this method",
    406: "that it has no answer of the wanted type",
    408: "that the request came too slowly",
    409: "that the state does not allow it",
    411: "that the request lacks a length",
    413: "that the request is too large",
    414: "that the path is too long",
    415: "that it takes no body of this type",
    421: "that another server is responsible",
    422: "that the call itself was malformed",
    426: "that another protocol is wanted",
    428: "that the request lacks a condition",
    LIMITED: "that there were too many calls",
    431: "that the headers are too large",
}


def proof(status: int, refusal: Refusal, further: Collection[int] = ()) -> Proof:
    """What this status says; `further` are those with which the target refuses callers by its profile."""
    if status == LIMITED:
        return Proof.NONE
    if not 300 <= status < 500:
        return Proof.BROKEN
    if status in _FULL[refusal]:
        return Proof.FULL
    if status in _BESIDE[refusal] or (status in further and refusal is not Refusal.VALUE):
        return Proof.BESIDE
    return Proof.NONE


def expected(refusal: Refusal, further: Collection[int] = ()) -> str:
    """The statuses that prove it, in words."""
    named = [str(status) for status in sorted(further) if refusal is not Refusal.VALUE]
    return " or ".join([_EXPECTED[refusal], *named])


def says_why_not(status: int, refusal: Refusal, further: Collection[int] = ()) -> str:
    """A sentence: what the status may mean instead, and what was expected."""
    redirect = "that it is somewhere else" if 300 <= status < 400 else "something else"
    return f"{status} may say {_MEANINGS.get(status, redirect)}; {expected(refusal, further)} was expected"
