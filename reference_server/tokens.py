"""Session tokens: JSON Web Tokens (RFC 7519) signed with HS256, and the secret that signs them."""

import base64
import hmac
import math
import os
import secrets
import stat
from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import jwt
import orjson

from eventproof.errors import UsageError

from .accounts.account import Account, Session
from .clocks import Clock
from .refusals import Refusal

ALGORITHM: Final = "HS256"
SECRET_VARIABLE: Final = "EVENTPROOF_JWT_SECRET"
SHORTEST_SECRET: Final = 32
"""Bytes: RFC 7518, 3.2 wants a key at least as long as the hash."""
LONGEST_TOKEN: Final = 4096
_MOST_KNOWN: Final = 1024
_CLAIMS: Final = frozenset({"sub", "jti", "iat", "exp", "epoch", "role"})
"""What a token of ours has."""


class Tokens:
    """Issues and reads session tokens; `clock` gives seconds of Unix time, `leeway` is how many it may step back.

    RFC 7519, 4.1.6 has nobody refuse a token for its `iat`. One that is further ahead than the leeway is none of ours.
    """

    def __init__(self, secret: bytes, lifetime: float, leeway: float, clock: Clock) -> None:
        self._secret = secret
        self._head = jwt.encode({}, secret, algorithm=ALGORITHM).partition(".")[0]
        self._lifetime = lifetime
        self._leeway = leeway
        self._clock = clock
        self._known: dict[str, dict[str, Any]] = {}
        """The claims of tokens whose signature was found good, by their text; the oldest go first."""

    def left(self, session: Session) -> float:
        """The seconds until a session expires; 0 where it has."""
        return max(0.0, session.expires_at - self._clock())

    def dead_since(self) -> float:
        """Whatever expired before this time does so also by a clock that steps back: it need be known no more."""
        return self._clock() - self._leeway

    def issue(self, account: Account) -> str:
        """A token for a new session of this account."""
        now = self._clock()
        return jwt.encode(
            {
                "sub": account.id,
                "jti": uuid4().hex,
                "iat": int(now),
                "exp": int(now + self._lifetime),
                "epoch": account.epoch,
                "role": account.role,
            },
            self._secret,
            algorithm=ALGORITHM,
        )

    def read(self, token: str | None, *, unverified: Container[str] = (), again: bool = False) -> Session:
        """What the token says. Raises Refusal where it is missing, not ours, not valid yet, or expired.

        `unverified` names what is not looked at: `signature`, `nbf`, `exp`. What will be read `again` is known by then.
        """
        if not token:
            raise Refusal("token_missing")
        if not isinstance(token, str) or len(token) > LONGEST_TOKEN:
            raise Refusal("token_invalid")
        try:
            claims = self._known.get(token) or self._own(token) or self._decoded(token, unverified)
            self._check_times(claims, unverified)
            session = Session(claims["sub"], claims["jti"], claims.get("epoch", 0), float(claims["exp"]))
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError):
            raise Refusal("token_invalid") from None
        texts = isinstance(session.user_id, str) and isinstance(session.token_id, str)
        if not texts or not isinstance(session.epoch, int) or math.isinf(session.expires_at):
            raise Refusal("token_invalid")
        if again and not unverified:
            self._keep(token, claims)
        return session

    def _keep(self, token: str, claims: dict[str, Any]) -> None:
        if token not in self._known:
            if len(self._known) >= _MOST_KNOWN:
                del self._known[next(iter(self._known))]
            self._known[token] = claims

    def _own(self, token: str) -> dict[str, Any] | None:
        """The claims of a token as we issue them, which has our signature; None for any other.

        A tenth of the time that the library takes to come to the same, and to say what is wrong with the others.
        """
        signed, _, signature = token.rpartition(".")
        head, _, payload = signed.partition(".")
        if head != self._head or not token.isascii():
            return None
        right = base64.urlsafe_b64encode(hmac.digest(self._secret, signed.encode(), "sha256")).rstrip(b"=")
        if not hmac.compare_digest(right, signature.encode()):
            return None
        try:
            claims = orjson.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        except ValueError:
            return None
        return claims if isinstance(claims, dict) and claims.keys() == _CLAIMS else None

    def _decoded(self, token: str, unverified: Container[str]) -> dict[str, Any]:
        """The claims of any token. Raises PyJWTError where it is not ours."""
        claims: dict[str, Any] = jwt.decode(
            token,
            self._secret,
            algorithms=[ALGORITHM],
            options={
                "require": ["exp", "iat", "sub", "jti"],
                "verify_signature": "signature" not in unverified,
                # The library would ask the system's clock for them.
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
            },
        )
        return claims

    def _check_times(self, claims: Mapping[str, Any], unverified: Container[str]) -> None:
        """RFC 7519, 4.1.4 and 4.1.5: not on or after `exp`, and not before `nbf`."""
        now = self._clock()
        if "nbf" not in unverified and "nbf" in claims and not float(claims["nbf"]) <= now:
            raise Refusal("token_invalid")
        if not float(claims["iat"]) <= now + self._leeway:
            raise Refusal("token_invalid")
        if "exp" not in unverified and not now < float(claims["exp"]):
            raise Refusal("token_expired")


def bearer(headers: Sequence[str]) -> str | None:
    """The token of an `Authorization` header, or None where there is none of the kind. Raises Refusal for several.

    RFC 9110, 5.3: "a sender MUST NOT generate multiple field lines with the same name" but for lists, which this is
    none of; a proxy in front may have looked at another one than we would.
    """
    scheme, _, token = (only(headers) or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def only(given: Sequence[str]) -> str | None:
    """The one that was given, None where there is none. Raises Refusal for several."""
    if len(given) > 1:
        raise Refusal("token_invalid", "More than one session token came with the request: send one.")
    return given[0] if given else None


def bare(token: str | None) -> str | None:
    """The token without the word `Bearer`, which clients may write before it."""
    return token.removeprefix("Bearer ") if isinstance(token, str) else token


def secret_for(database: Path | None) -> bytes:
    """The signing secret: from the environment, or kept beside the database, made at the first start.

    Raises UsageError where it is too short, cannot be read or written, or may be read by others.
    """
    given = os.environ.get(SECRET_VARIABLE)
    if given is not None:
        if len(given.encode()) < SHORTEST_SECRET:
            raise UsageError(f"{SECRET_VARIABLE} is too short: give at least {SHORTEST_SECRET} random characters")
        return given.encode()
    if database is None:
        raise UsageError(
            f"{SECRET_VARIABLE} is not set: only beside an SQLite file can the server keep a secret of its own"
        )
    return _kept(database.with_name(database.name + ".secret"))


def _kept(path: Path) -> bytes:
    try:
        if not path.exists():
            _write_once(path, secrets.token_urlsafe(48).encode())
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise UsageError(f"the secret in {path} can be read by others: chmod 600 it, or remove it to get a new one")
        secret = path.read_bytes().strip()
    except OSError as failure:
        raise UsageError(
            f"the secret in {path} cannot be kept ({failure.strerror}): set {SECRET_VARIABLE}"
        ) from failure
    if len(secret) < SHORTEST_SECRET:
        raise UsageError(f"the secret in {path} is too short: remove the file to get a new one")
    return secret


def _write_once(path: Path, secret: bytes) -> None:
    """Write a file whole or not at all, for the owner alone, and safe from a power cut."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secret)
        file.flush()
        os.fsync(descriptor)
    draft.replace(path)
