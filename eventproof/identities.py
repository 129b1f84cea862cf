"""Who may act on a target: the `[identities]` and `[jwt]` of a profile, and the files of credentials they name."""

import json
from collections.abc import Iterator
from pathlib import Path

from .errors import UsageError
from .settings import Table
from .target import Identity, Jwt

__all__ = ["read", "read_jwt"]

_ROLES = ("admin", "user")


def read(table: Table, folder: Path) -> tuple[tuple[Identity, ...], tuple[Identity, ...]]:
    """The admins and the users of `[identities]`; a file named there is looked for in `folder`."""
    found = [
        *(identity for entry in table.tables("admins") for identity in _listed(entry, "admin")),
        *(identity for entry in table.tables("users") for identity in _listed(entry, "user")),
    ]
    if (file := table.text("file", None)) is not None:
        found += _credentials(folder / file)
    table.finish()
    return (
        tuple(identity for identity in found if identity.role == "admin"),
        tuple(identity for identity in found if identity.role != "admin"),
    )


def _listed(entry: Table, role: str) -> Iterator[Identity]:
    """One `[[identities.users]]`: a person, or `count` of them with `{n}` in their id and e-mail address."""
    count, first = entry.number("count", 1), entry.number("first", 1)
    user_id, email = entry.text_or_number("id"), entry.text("email", None)
    password, token = entry.secret("password"), entry.secret("token")
    tier = entry.text("tier", None)
    if email is None and user_id is None and token is None:
        entry.fail("email", "is missing: an identity needs an email, an id or a token")
    entry.finish()
    for number in range(first, first + count):
        yield Identity(
            role=role,
            id=user_id.replace("{n}", str(number)) if isinstance(user_id, str) else user_id,
            email=email and email.replace("{n}", str(number)),
            password=password,
            tier=tier,
            token=token,
        )


def _credentials(path: Path) -> Iterator[Identity]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UsageError(f"{path}: the file of credentials cannot be read: {error.strerror}") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except ValueError:
            values = None
        if not isinstance(values, dict):
            raise UsageError(f"{path}:{number}: every line must be a JSON object with email, password and role")
        entry = Table(values, f"{path}:{number}", {})
        yield Identity(
            role=entry.choice("role", _ROLES, "user"),
            id=entry.text_or_number("id"),
            **{key: entry.text(key, None) for key in ("email", "password", "tier", "token")},
        )


def read_jwt(table: Table) -> Jwt:
    """How tokens are signed, from `[jwt]`."""
    secret, expired = table.secret("secret"), table.secret("expired")
    if secret is None and expired is None:
        table.fail("secret_env", "is missing: name the variable that holds the secret (or an expired token)")
    claims = table.template("claims", None)
    if claims is not None and not isinstance(claims, dict):
        table.fail("claims", 'must be a table, such as { sub = "{id}" }')
    if claims is not None and secret is None:
        table.fail("claims", "needs the secret that signs them: secret_env")
    result = Jwt(secret, expired, table.text("algorithm", "HS256"), claims, table.duration("lifetime", 3600.0))
    table.finish()
    return result
