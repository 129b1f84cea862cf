"""The first admin, and any number of made-up users for load tests."""

import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Final
from uuid import uuid4

import orjson

from eventproof.errors import UsageError

from .accounts.account import ADMIN, USER, Account, Tier
from .services import Services

ADMINS: Final = 4
MOST_OF_A_ROLE: Final = 2000
BEST_EVERY: Final = 10
"""Every user of such a number has the best tier: what such a user has and others lack is to be tried too."""
EMAIL_VARIABLE: Final = "EVENTPROOF_ADMIN_EMAIL"
PASSWORD_VARIABLE: Final = "EVENTPROOF_ADMIN_PASSWORD"
SHORTEST_PASSWORD: Final = 12


def new_account(email: str, role: str, tier: Tier = Tier.FREE) -> Account:
    """An account that the store has not seen."""
    return Account(f"usr_{uuid4().hex}", email, role, tier, banned=False, epoch=0)


def checked(email: str, password: str) -> tuple[str, str]:
    """The first admin's email and password. Raises UsageError where they are none."""
    if "@" not in email or not 3 <= len(email) <= 254:
        raise UsageError(f"{email!r} is no email address: write it like admin@example.com")
    if len(password) < SHORTEST_PASSWORD or len(password) > 1024:
        raise UsageError(f"the administrator's password must have between {SHORTEST_PASSWORD} and 1024 characters")
    return email, password


def admin_from_environment() -> tuple[str, str] | None:
    """The admin that the environment names, if it names one."""
    email, password = os.environ.get(EMAIL_VARIABLE), os.environ.get(PASSWORD_VARIABLE)
    if email is None:
        return None
    if password is None:
        raise UsageError(f"{EMAIL_VARIABLE} is set and {PASSWORD_VARIABLE} is not: set both or neither")
    return checked(email, password)


async def create_admin(services: Services, email: str, password: str) -> None:
    """Make this an admin's account with this password; one that exists becomes an admin's."""
    await services.accounts.add([new_account(email, ADMIN)], await services.passwords.hash(password))


async def seed(services: Services, users: int, roles: Iterable[str], credentials: Path) -> None:
    """Have so many users and a few admins in the store, and write how each can come in; replaces what the file held.

    Of each of the other `roles` there are as many as users, up to `MOST_OF_A_ROLE`. All share one random password, new
    at each start. Raises UsageError where the file cannot be written.
    """
    password = secrets.token_urlsafe(18)
    made = [new_account(f"{ADMIN}-{number}@seed.example", ADMIN) for number in range(1, ADMINS + 1)]
    made += [new_account(f"{USER}-{number}@seed.example", USER, _tier(number)) for number in range(1, users + 1)]
    for role in roles:
        made += [
            new_account(f"{role}-{number}@seed.example", role) for number in range(1, min(users, MOST_OF_A_ROLE) + 1)
        ]
    await services.accounts.add(made, await services.passwords.hash(password))
    accounts = await services.accounts.all(account.email for account in made)
    _write(credentials, (_line(services, account, password) for account in accounts))


def _tier(number: int) -> Tier:
    return Tier.FREE if number % BEST_EVERY else Tier.PREMIUM


def _line(services: Services, account: Account, password: str) -> bytes:
    return orjson.dumps(
        {
            "id": account.id,
            "email": account.email,
            "password": password,
            "role": account.role,
            "tier": account.tier.value,
            "token": services.tokens.issue(account),
        },
        option=orjson.OPT_APPEND_NEWLINE,
    )


def _write(path: Path, lines: Iterable[bytes]) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(lines)
        draft.replace(path)
    except OSError as failure:
        raise UsageError(
            f"the credentials {path} cannot be written ({failure.strerror}): choose another file"
        ) from failure
