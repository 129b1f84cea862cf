"""A visit: one member's things, read, decided on and written in one transaction, so that no two decisions cross."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar
from uuid import uuid4

from ...accounts.account import Account
from ...delivery.courier import Courier
from ...delivery.message import Message
from ...refusals import Refusal
from ...store.database import Store
from ...store.sql import SqlConnection
from . import events, tables
from .channel import SYSTEM
from .claims import Claim
from .due import due, is_due
from .member import Member, begin

T = TypeVar("T")


def new_id(kind: str) -> str:
    """An id that nobody has and nobody can guess: `clm_…`."""
    return f"{kind}_{uuid4().hex}"


@dataclass(slots=True)
class Visit:
    """What a change works with. It assigns `member`, writes the rest, and tells what users are to hear."""

    connection: SqlConnection
    account: Account
    """Whose things these are."""
    member: Member
    now: datetime
    """By the member's clock."""
    messages: list[Message]

    async def claim(self, claim_id: str) -> Claim:
        """The member's claim of this id. Raises Refusal."""
        found = await tables.find(self.connection, Claim, self.member.user_id, claim_id)
        if found is None:
            raise Refusal("claim_not_found")
        return found

    def tell(self, messages: Sequence[Message]) -> None:
        """These are sent once all is committed, in the order in which they were told."""
        self.messages.extend(messages)

    def catch_up(self) -> None:
        """Let happen what has fallen due."""
        self.now = self.member.time(datetime.now(UTC))
        self.member, fallen = due(self.member, self.now)
        self.tell([events.fell_due(each) for each in fallen])


class Visits:
    """The way to the members. Whoever was no member yet becomes one with the first visit."""

    def __init__(self, courier: Courier, store: Store) -> None:
        self._courier = courier
        self._store = store

    async def change(self, account: Account, act: Callable[[Visit], Awaitable[T]]) -> T:
        """Do this with an account's things: all of it, with what is told of it, or nothing where it raises."""

        async def change(connection: SqlConnection) -> tuple[T, list[Message]]:
            before = await tables.member(connection, account.id, to_change=True)
            now = datetime.now(UTC)
            member = before or begin(account.id, account.tier, new_id("sub"), now)
            visit = Visit(connection, account, member, now, [])
            visit.catch_up()
            result = await act(visit)
            if visit.member != before:
                await tables.save_member(connection, visit.member)
            return result, visit.messages

        return await self._courier.carry(SYSTEM, change)

    async def member(self, account: Account) -> tuple[Member, datetime]:
        """The member and the time by the member's clock, with nothing overdue."""
        async with self._store.reading() as connection:
            member = await tables.member(connection, account.id)
        if member is not None:
            now = member.time(datetime.now(UTC))
            if not is_due(member, now):
                return member, now

        async def look(visit: Visit) -> tuple[Member, datetime]:
            return visit.member, visit.now

        return await self.change(account, look)
