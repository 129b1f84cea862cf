"""Tokens that have to be refused, each made of a good one by one change alone; and what shows that it was that change.

A JSON Web Signature (RFC 7515) keeps the bytes of its header: `kid` chooses the key (4.1.4), `typ` the kind of token.
Claims keep their order and their types. What is signed again has a control: the same token, signed again with a change
that harms nothing. Pure: the time is an argument.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Final

import jwt as pyjwt

from .target import Target
from .unknown import unlike, unlike_text

__all__ = [
    "CHANGES",
    "Changed",
    "altered",
    "expired",
    "expiring",
    "forged",
    "misfit",
    "not_yet_valid",
    "signed_by_another",
    "unsigned",
    "without_expiry",
]

_REPEATABLE: Final = ("HS", "RS", "Ed")
"""The families of algorithms that sign the same alike every time."""
_HOUR: Final = 3600
_ANOTHER_KEY: Final = "a key that is not the one of any server, and as long as the longest hash wants it to be"
_MILLISECONDS: Final = 10**11
"""Times from here on are in milliseconds: in seconds they would be in the year 5138."""
_TIMES: Final = ("exp", "iat", "nbf")
_ADMIN: Final = "admin"
_SUBJECTS: Final = ("sub", "userId", "user_id", "uid", "id")


@dataclass(frozen=True, slots=True)
class Changed:
    """A token that has to be refused, beside one that has to be accepted: they differ in one thing.

    `control` is None where that is the session's own token, as it is.
    """

    special: str
    """What is special about it, in words: `an expired token`."""
    token: str = field(repr=False)
    control: str | None = field(default=None, repr=False)
    uncontrolled: str = ""
    """What no control can show."""


@dataclass(frozen=True, slots=True)
class _Jws:
    """A token in its parts; `header` and `claims` as they were written, decoded once."""

    head: str
    payload: str
    signature: str
    header: Mapping[str, Any]
    claims: Mapping[str, Any]

    @classmethod
    def of(cls, token: str) -> "_Jws | None":
        """None where it is no JSON Web Token of three parts."""
        parts = token.split(".")
        if len(parts) != 3:
            return None
        header, claims = _object(parts[0]), _object(parts[1])
        if header is None or claims is None or not isinstance(header.get("alg"), str):
            return None
        return cls(head=parts[0], payload=parts[1], signature=parts[2], header=header, claims=claims)

    def __str__(self) -> str:
        return f"{self.head}.{self.payload}.{self.signature}"

    def with_claims(self, claims: Mapping[str, Any]) -> "_Jws":
        """Other claims under the same signature."""
        return replace(self, payload=_encoded(claims), claims=claims)

    def signed(self, key: str | bytes) -> "_Jws | None":
        """The same, signed by the algorithm of its header; None where this key is none for it."""
        try:
            algorithm = pyjwt.get_algorithm_by_name(self.header["alg"])
            signature = algorithm.sign(f"{self.head}.{self.payload}".encode(), algorithm.prepare_key(key))
        except (pyjwt.PyJWTError, NotImplementedError, ValueError, TypeError):
            return None
        return replace(self, signature=_base64(signature))


def expired(target: Target, token: str, now: float) -> str | None:
    """The same token, signed again, but expired an hour ago; or the expired one of the profile; or None."""
    made = expiring(target, token, now - _HOUR)
    return made or (None if target.jwt is None else target.jwt.expired)


def expiring(target: Target, token: str, at: float) -> str | None:
    """The same token, signed again, that expires at this time of the wall clock; None where it cannot be made."""
    return _timed(target, token, "exp", at)


def without_expiry(target: Target, token: str) -> str | None:
    """The same token, signed again, that never expires; None where it cannot be made, or never expires as it is."""
    known = _Jws.of(token)
    if known is None or "exp" not in known.claims:
        return None
    return _signed_again(target, known, {name: value for name, value in known.claims.items() if name != "exp"})


def not_yet_valid(target: Target, token: str, now: float) -> str | None:
    """The same token, signed again, that is good from an hour later on; None where it cannot be made."""
    return _timed(target, token, "nbf", now + _HOUR)


def forged(token: str) -> str:
    """The same token with another signature, of which every byte is another one.

    What has no parts is changed as a whole, and keeps its shape.
    """
    head, dot, signature = token.rpartition(".")
    raw = _decoded(signature)
    if dot and raw and _base64(raw) == signature:
        return head + dot + _base64(bytes(byte ^ 0xFF for byte in raw))
    return head + dot + unlike_text(signature, Random(token))  # noqa: S311 - repeatable, not secret


def unsigned(token: str) -> str | None:
    """The same token of the algorithm `none`, without a signature; None where it is no JSON Web Token."""
    known = _Jws.of(token)
    if known is None:
        return None
    header = {**known.header, "alg": "none"}
    return str(replace(known, head=_encoded(header), header=header, signature=""))


def signed_by_another(token: str) -> str | None:
    """The same token signed with a key that is not the target's; None where it is no JSON Web Token.

    Of an algorithm for which we have no key, only the signature can be another one.
    """
    known = _Jws.of(token)
    if known is None:
        return None
    is_shared = known.header["alg"].startswith("HS")
    signed = known.signed(_ANOTHER_KEY) if is_shared else None
    return forged(token) if signed is None else str(signed)


def altered(token: str, subject: str | int | None = None) -> str | None:
    """The same token that gives its bearer more, under the old signature; None where it is no JSON Web Token.

    That is the role of an admin where it names a role, else another subject: this one, where it is given. One claim
    is another one, and nothing else.
    """
    known = _Jws.of(token)
    if known is None:
        return None
    return str(known.with_claims({**known.claims, **_more(known.claims, subject)}))


def misfit(target: Target, token: str) -> str:
    """Why a server may refuse what was made of its good token with the profile's secret: what is wrong in `[jwt]`."""
    known, jwt = _Jws.of(token), target.jwt
    if known is None or jwt is None or jwt.secret is None:
        return "the [jwt] of the profile does not fit"
    again = known.signed(jwt.secret)
    named = known.header["alg"]
    if again is None or (named[:2] in _REPEATABLE and again.signature != known.signature):
        wrong = f" (and algorithm, which is {jwt.algorithm} there)" if named != jwt.algorithm else ""
        return (
            f"the secret in [jwt] is not the one that signs the target's own tokens, which are of {named}: "
            f'correct secret_env{wrong}, or write secret_is = "base64" where it is the base64 of the bytes that sign'
        )
    return (
        "the secret in [jwt] signs the target's own tokens, yet the target takes none with other claims, perhaps since "
        "it keeps a list of those it issued: give [jwt] expired_env, a token that was good once, in place of the secret"
    )


def _expired(target: Target, token: str, now: float, _: str | int | None) -> Changed | None:
    made = expiring(target, token, now - _HOUR)
    if made is not None:
        return Changed("an expired token", made, _lasting(target, token, now))
    given = None if target.jwt is None else target.jwt.expired
    if given is None:
        return None
    return Changed(
        "the expired token of the profile", given, uncontrolled="nothing shows that it was good once: see [jwt] expired"
    )


def _endless(target: Target, token: str, now: float, _: str | int | None) -> Changed | None:
    known = _Jws.of(token)
    without = token if known is not None and "exp" not in known.claims else without_expiry(target, token)
    control = _lasting(target, token, now)
    return None if control is None else _beside("a token without an expiry", without, control)


def _early(target: Target, token: str, now: float, _: str | int | None) -> Changed | None:
    begun = _timed(target, token, "nbf", now - 60)
    return _beside("a token that is not valid yet", not_yet_valid(target, token, now), begun)


def _lasting(target: Target, token: str, now: float) -> str | None:
    """Signed again with another expiry that is yet to come."""
    return expiring(target, token, now + 600)


def _beside(special: str, token: str | None, control: str | None = None) -> Changed | None:
    return None if token is None else Changed(special, token, control)


CHANGES: Final[Mapping[str, Callable[[Target, str, float, str | int | None], Changed | None]]] = {
    "expired": _expired,
    "no-expiry": _endless,
    "future-not-before": _early,
    "forged": lambda _target, token, _now, _: _beside("a token with a forged signature", forged(token)),
    "alg-none": lambda _target, token, _now, _: _beside("an unsigned token of the algorithm none", unsigned(token)),
    "wrong-key": lambda _target, token, _now, _: _beside("a token that another key signed", signed_by_another(token)),
    "changed-payload": lambda _target, token, _now, subject: _beside(
        "a token whose claims were changed under its signature", altered(token, subject)
    ),
}
"""By name, what makes a bad token of a good one: of the target, the token, the time, and the id of somebody else."""


def _timed(target: Target, token: str, name: str, at: float) -> str | None:
    known = _Jws.of(token)
    if known is None:
        return None
    example = next((known.claims[time] for time in (name, *_TIMES) if time in known.claims), 0)
    try:
        return _signed_again(target, known, {**known.claims, name: _like(example, at)})
    except (TypeError, ValueError):
        return None


def _like(example: Any, at: float) -> Any:
    """A time as the token writes them: in seconds or milliseconds, whole or with a fraction, a number or a text."""
    if isinstance(example, str):
        return str(_like(float(example) if "." in example else int(example), at))
    if isinstance(example, bool) or not isinstance(example, int | float):
        raise TypeError(f"{example!r} is no time")
    return type(example)(int(at) * (1000 if example >= _MILLISECONDS else 1))


def _signed_again(target: Target, known: _Jws, claims: Mapping[str, Any]) -> str | None:
    """None where the profile gives no secret, or none for the algorithm of the token."""
    if target.jwt is None or target.jwt.secret is None:
        return None
    signed = known.with_claims(claims).signed(target.jwt.secret)
    return None if signed is None else str(signed)


def _more(claims: Mapping[str, Any], subject: str | int | None) -> dict[str, Any]:
    """The one claim that is another one."""
    for name, value in claims.items():
        if (granted := _granted(name.lower().replace("_", ""), value)) is not None:
            return {name: granted}
    for name in _SUBJECTS:
        value = claims.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool):
            if subject is None or str(subject) == str(value):
                return {name: unlike(value, Random(str(value)))}  # noqa: S311 - repeatable, not secret
            return {name: str(subject) if isinstance(value, str) else subject}
    return {"role": _ADMIN}


def _granted(name: str, value: Any) -> Any:
    """What this claim says of an admin; None where it grants nothing, or that already."""
    if name in ("isadmin", "admin") and value is False:
        return True
    if name in ("role", "roles", "scope", "scp", "permissions", "groups"):
        if isinstance(value, str) and _ADMIN not in value.lower().split():
            return f"{value} {_ADMIN}" if name in ("scope", "scp") else _ADMIN
        if isinstance(value, list) and _ADMIN not in value:
            return [*value, _ADMIN]
    return None


def _object(part: str) -> dict[str, Any] | None:
    raw = _decoded(part)
    try:
        value = None if raw is None else json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _decoded(part: str) -> bytes | None:
    """What unpadded base64url stands for; None where it stands for nothing."""
    try:
        return urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        return None


def _encoded(value: Mapping[str, Any]) -> str:
    return _base64(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())


def _base64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
