"""Who may act on a target: the `[identities]` and `[jwt]` of a profile, and the files of credentials they name."""

import json
import warnings
from base64 import b64decode
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import jwt as pyjwt
from jwt.algorithms import get_default_algorithms, requires_cryptography

from . import templates, textfile, wellformed
from .catalog import ADMIN, USER
from .errors import UsageError
from .redaction import is_plain
from .settings import Table, nearest
from .target import Identity, Jwt

__all__ = ["read", "read_jwt"]

_CLAIMS = frozenset({"id", "userId", "email", "password", "role", "tier", "now", "expires", "nonce"})
"""What the claims of a minted token may name."""
_LARGEST: Final = 256 * 1024**2
"""Bytes of a file of credentials: each of hundreds of thousands of people has a token of half a kilobyte."""
_BASE64: Final = "base64"
_OF_CALLS: Final = "; a role is known by a call that it makes: role = … under [contracts.NAME.calls.CALL]"
_SECRETS: Final = ("text", _BASE64)
"""What a secret may be: its text signs, or the bytes of which it is the base64."""


def read(
    table: Table, folder: Path, roles: tuple[str, ...], *, of_own: bool = False
) -> dict[str, tuple[Identity, ...]]:
    """The people of `[identities]` by their roles, each one of these; a file named there is looked for in `folder`.

    Roles that are `of_own` contracts are those of their calls, which is told to whoever names another one.
    """
    found = [
        *(identity for entry in table.tables("admins") for identity in _listed(entry, ADMIN)),
        *(identity for entry in table.tables("users") for identity in _listed(entry, USER)),
    ]
    for entry in table.tables("people"):
        found += _listed(entry, entry.choice("role", roles, hint=_OF_CALLS if of_own else ""))
    if (file := table.text("file", None)) is not None:
        found += _credentials(folder / file, roles)
    table.finish()
    _must_differ(table, found)
    return {role: tuple(identity for identity in found if identity.role == role) for role in roles}


def _listed(entry: Table, role: str) -> Iterator[Identity]:
    """One `[[identities.users]]`: a person, or `count` of them with `{n}` in their id and e-mail address."""
    count, first = entry.number("count", 1), entry.number("first", 1)
    user_id, email = entry.text_or_number("id"), entry.text("email", None)
    _may_be_shown(entry, user_id, email, range(first, first + count))
    password, token = entry.secret("password"), entry.secret("token")
    tier = entry.text("tier", None)
    if email is None and user_id is None and token is None:
        entry.fail("email", "is missing: an identity needs an email, an id or a token")
    if count > 1 and not any(isinstance(name, str) and "{n}" in name for name in (user_id, email, token)):
        entry.fail("count", f"is {count}, but no {{n}} in its email, id or token tells them apart")
    _must_be_text(entry, user_id, email, token)
    entry.finish()
    for number in range(first, first + count):
        yield Identity(
            role=role,
            id=user_id.replace("{n}", str(number)) if isinstance(user_id, str) else user_id,
            email=email and email.replace("{n}", str(number)),
            password=password,
            tier=tier,
            token=token and token.replace("{n}", str(number)),
        )


def _credentials(path: Path, roles: tuple[str, ...]) -> Iterator[Identity]:
    # Nothing but a line feed ends a line: a password may hold U+2028 and U+0085.
    for number, line in enumerate(textfile.read(path, "the file of credentials", _LARGEST).split("\n"), 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except (ValueError, RecursionError):
            values = None
        if not isinstance(values, dict):
            raise UsageError(f"{path}:{number}: every line must be a JSON object with email, password and role")
        entry = Table({key: value for key, value in values.items() if value is not None}, f"{path}:{number}", None)
        user_id, email = entry.text_or_number("id"), entry.text("email", None)
        _may_be_shown(entry, user_id, email)
        token = entry.secret("token")
        if email is None and user_id is None and token is None:
            entry.fail("email", "is missing: every line needs an email, an id or a token")
        _must_be_text(entry, user_id, email, token)
        yield Identity(
            role=entry.choice("role", roles, USER),
            id=user_id,
            email=email,
            password=entry.secret("password"),
            tier=entry.text("tier", None),
            token=token,
        )


def _may_be_shown(entry: Table, user_id: str | int | None, email: str | None, numbers: Iterable[int] = ()) -> None:
    """A token that stands there in plain text and is the id or the e-mail address is no secret: both are shown."""
    token = entry.values.get("token")
    if isinstance(token, str) and token in (user_id, email):
        for text in (token, *(token.replace("{n}", str(number)) for number in numbers)):
            is_plain(text)


def _must_be_text(entry: Table, user_id: str | int | None, email: str | None, token: str | None) -> None:
    for key, value in (("id", user_id), ("email", email)):
        if isinstance(value, str):
            entry.check(key, wellformed.text(value))
    if token is not None:
        entry.check("token", _no_token(token))


def _no_token(token: str) -> str:
    """What is wrong with a token that no header could carry; the token itself is not repeated."""
    return "has characters in it that no header can hold" if wellformed.header("Authorization", token) else ""


def _must_differ(table: Table, people: Iterable[Identity]) -> None:
    """Whoever is lent twice would be banned by one case while another one needs them."""
    seen: set[tuple[str, str]] = set()
    for person in people:
        for key, value in (("email", person.email), ("id", person.id), ("token", person.token)):
            if value is None:
                continue
            if (key, str(value)) in seen:
                which = "one token" if key == "token" else f'the {key} "{value}"'
                raise UsageError(
                    f"{table.file}: [identities] gives {which} to two people: every identity is listed once"
                )
            seen.add((key, str(value)))


def read_jwt(table: Table) -> Jwt:
    """How tokens are signed, from `[jwt]`."""
    secret, expired = table.secret("secret"), table.secret("expired")
    if secret is None and expired is None:
        table.fail("secret_env", "is missing: name the variable that holds the secret (or an expired token)")
    claims = table.template("claims", None)
    if claims is not None and not isinstance(claims, dict):
        table.fail("claims", 'must be a table, such as { sub = "{id}" }')
    table.check("claims", templates.unknown(claims, _CLAIMS))
    if expired is not None:
        table.check("expired", _no_token(expired))
    if claims is not None and secret is None:
        table.fail("claims", "needs the secret that signs them: secret_env")
    algorithm = table.text("algorithm", "HS256")
    key = _key(table, secret) if table.choice("secret_is", _SECRETS, _SECRETS[0]) == _BASE64 else secret
    _must_sign(table, algorithm, key)
    result = Jwt(key, expired, algorithm, claims, table.duration("lifetime", 3600.0))
    table.finish()
    return result


def _key(table: Table, secret: str | None) -> bytes | None:
    """The bytes that a secret in base64 stands for, also in that of URLs, padded or not."""
    if secret is None:
        table.fail("secret_is", "is about a secret, and there is none: give secret_env")
    text = secret.strip().rstrip("=").replace("-", "+").replace("_", "/")
    try:
        key = b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        key = b""
    if not key:
        table.fail("secret_is", f'cannot be "{_BASE64}": what the secret says is none')
    return key


def _must_sign(table: Table, algorithm: str, secret: str | bytes | None) -> None:
    """Of an algorithm that signs, here and now, with this secret; it is not repeated where it cannot."""
    known = {*get_default_algorithms(), *requires_cryptography} - {"none"}
    if algorithm not in known:
        why = "signs nothing" if algorithm.lower() == "none" else f"is no algorithm{nearest(algorithm, known)}"
        table.fail("algorithm", f'"{algorithm}" {why}; there are {", ".join(sorted(known))}')
    if secret is None:
        return
    if algorithm not in get_default_algorithms():
        table.fail("algorithm", f'"{algorithm}" needs the package cryptography: pip install "pyjwt[crypto]"')
    kind = (
        "the key (PEM) that signs, not the public one" if algorithm in requires_cryptography else "a text of your own"
    )
    try:
        with warnings.catch_warnings(action="ignore"):  # a secret that is short is the target's affair
            pyjwt.encode({}, secret, algorithm)
    except (pyjwt.PyJWTError, NotImplementedError, TypeError, ValueError, AttributeError):
        table.fail("secret_env", f"gives a secret with which {algorithm} cannot sign: it must be {kind}")
