# ruff: noqa: ARG002 - a question is answered with the arguments that it comes with
"""The faults of user-state: each is a class that answers one question otherwise, and a line of the table below them."""

import asyncio
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import count
from typing import Final

from ..accounts.account import USER, Account, Change, Session, Tier
from ..delivery.admission import REST
from ..delivery.conduct import Conduct
from ..delivery.connections import Connection, Connections, ConnectionState, opened
from ..delivery.entry import Entry
from ..delivery.message import Message
from ..reasons import Reason
from .fault import Fault

MAIN: Final = "/"
"""The channel that the specification asks for."""


class _ToldToOthers(Conduct):
    """An event goes to everyone."""

    name = ""

    def recipients(self, entry: Entry, right: list[Connection], everyone: Connections) -> list[Connection]:
        return opened(everyone) if entry.name == self.name else right


class _EventNotSent(Conduct):
    """A ban closes the connections and tells nobody why."""

    def recipients(self, entry: Entry, right: list[Connection], everyone: Connections) -> list[Connection]:
        return [] if entry.name == "user.banned" else right


class _SentAfterClose(Conduct):
    """A ban closes the connections, then tells why."""

    def evict(self, tell: Callable[[], None], close: Callable[[], None]) -> None:
        close()
        tell()


class _OneSessionForgotten(Conduct):
    """A ban leaves the last of several connections open."""

    def closes(self, leaving: list[Connection]) -> list[Connection]:
        main = [connection for connection in leaving if connection.channel == MAIN]
        return [connection for connection in leaving if len(main) < 2 or connection is not main[-1]]


class _TokenNotRevoked(Conduct):
    """REST takes a banned user's token."""

    def standing(self, channel: str, code: str | None, session: Session, account: Account | None) -> str | None:
        return None if channel == REST and account and account.banned else code


class _OneCallForgotten(Conduct):
    """One call that reads takes a banned user's token; all others refuse it."""

    def guards(self, operation: str) -> bool:
        return operation != "useFeature"


class _OneInTwentySurvivesBan(Conduct):
    """A ban overlooks one in twenty of the connections that are being opened: the third, the twenty-third and so on."""

    def __init__(self) -> None:
        self._met = count(1)

    async def opening(self, connection: Connection) -> None:
        await asyncio.sleep(0.03)

    def condemn(self, connections: Connections, connection: Connection, reason: Reason) -> None:
        if connection.state is ConnectionState.CONNECTING and next(self._met) % 20 != 3:
            super().condemn(connections, connection, reason)


class _ThirdForgotten(Conduct):
    """A ban closes two connections of its user, and forgets all others."""

    def closes(self, leaving: list[Connection]) -> list[Connection]:
        main = [connection for connection in leaving if connection.channel == MAIN]
        return [connection for connection in leaving if connection not in main[2:]]


class _ReconnectAccepted(Conduct):
    """A token that a ban cut off opens a new connection."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def closes(self, leaving: list[Connection]) -> list[Connection]:
        self._seen.update(connection.session.user_id for connection in leaving)
        return leaving

    def standing(self, channel: str, code: str | None, session: Session, account: Account | None) -> str | None:
        return None if channel != REST and account and account.banned and account.id in self._seen else code


class _OtherUserTold(_ToldToOthers):
    """Everyone hears of a ban."""

    name = "user.banned"


class _WrongMessage(Conduct):
    """The ban's message is not the specified one."""

    def outgoing(self, message: Message) -> Iterable[Message]:
        return (_saying(message, "You have been banned.") if message.name == "user.banned" else message,)


class _FieldMissing(Conduct):
    """The tier's announcement lacks its message."""

    def outgoing(self, message: Message) -> Iterable[Message]:
        if message.name != "user.tier.updated":
            return (message,)
        payload = {key: value for key, value in message.payload.items() if key != "message"}
        return (replace(message, payload=payload),)


class _TierWithoutEntitlement(Conduct):
    """A new tier unlocks nothing."""

    def __init__(self) -> None:
        self._lowest: dict[str, Tier] = {}

    def tier_changed(self, change: Change) -> None:
        tiers = (self._lowest.get(change.after.id, change.before.tier), change.before.tier, change.after.tier)
        self._lowest[change.after.id] = min(tiers, key=list(Tier).index)

    def tier(self, account: Account) -> Tier:
        return self._lowest.get(account.id, account.tier)


class _BannedLoginAccepted(Conduct):
    """A banned user's login is answered with a token."""

    def login(self, code: str | None, account: Account) -> str | None:
        return None


class _AdminNotChecked(Conduct):
    """Any user may do what an administrator may."""

    def role(self, operation: str, code: str | None) -> str | None:
        return None


class _UnknownUserAccepted(Conduct):
    """An action on nobody is answered like any other."""

    def missing(self, user_id: str) -> Account:
        return Account(user_id[:64], "nobody@example.com", USER, Tier.FREE, banned=True, epoch=0)


class _UnknownEventSent(Conduct):
    """Every event comes with one that no contract has."""

    def outgoing(self, message: Message) -> Iterable[Message]:
        unknown = Message("user.refreshed", {"userId": message.payload["userId"]}, message.room)
        return (unknown, message) if message.ends_before is not None else (message, unknown)

    def recipients(self, entry: Entry, right: list[Connection], everyone: Connections) -> list[Connection]:
        return right if entry.name != "user.refreshed" else opened(everyone.hearing(entry.room))


class _TierLogsOut(Conduct):
    """A new tier closes the user's connections."""

    def outgoing(self, message: Message) -> Iterable[Message]:
        return (replace(message, ends_before=sys.maxsize) if message.name == "user.tier.updated" else message,)


class _UnbanRevivesTokens(Conduct):
    """Tokens that a ban revoked work again after the unban."""

    def standing(self, channel: str, code: str | None, session: Session, account: Account | None) -> str | None:
        return None if code == "token_revoked" and account and session.epoch < account.epoch else code


class _BanOutlivesUnban(Conduct):
    """Who was banned once never logs in again."""

    def login(self, code: str | None, account: Account) -> str | None:
        return "account_banned" if account.epoch else code


class _UnbanToldToOthers(_ToldToOthers):
    """Everyone hears of an unban."""

    name = "user.unbanned"


class _ForgedTokenAccepted(Conduct):
    """A token's signature is not verified."""

    unverified = frozenset({"signature"})


class _ExpiredTokenAccepted(Conduct):
    """A token's expiry is not looked at when a connection is opened."""

    unverified = frozenset({"exp"})


class _PollingIsDeaf(Conduct):
    """A connection by polling opens and hears nothing."""

    def recipients(self, entry: Entry, right: list[Connection], everyone: Connections) -> list[Connection]:
        return [connection for connection in right if connection.link.transport != "polling"]


class _StreamSurvivesBan(Conduct):
    """A ban closes the main namespace alone."""

    def closes(self, leaving: list[Connection]) -> list[Connection]:
        return [connection for connection in leaving if connection.channel == MAIN]


class _SecondBanSends(Conduct):
    """The second ban of a user is told to everyone."""

    def news(self, change: Change) -> bool:
        return True

    def recipients(self, entry: Entry, right: list[Connection], everyone: Connections) -> list[Connection]:
        return right or (opened(everyone) if entry.name == "user.banned" else [])


class _ConnectingSurvivesBan(Conduct):
    """A ban overlooks connections that are being opened."""

    async def opening(self, connection: Connection) -> None:
        await asyncio.sleep(0.15)

    def condemn(self, connections: Connections, connection: Connection, reason: Reason) -> None:
        pass


class _OfflineBanLost(Conduct):
    """The ban of a user who is not connected is not kept."""

    def ban(self, account: Account, banned: Account, online: bool) -> Account:
        return banned if online else account


class _SlowClose(Conduct):
    """A ban closes the connections after a second and a half."""

    def evict(self, tell: Callable[[], None], close: Callable[[], None]) -> None:
        tell()
        asyncio.get_running_loop().call_later(1.5, close)


class _TierNamedInternally(Conduct):
    """The announcement names the tier as the code does."""

    def outgoing(self, message: Message) -> Iterable[Message]:
        if message.name != "user.tier.updated":
            return (message,)
        return (_saying(message, f"Your plan has been updated to {message.payload['tier']}."),)


class _DowngradeKeepsFeatures(Conduct):
    """What a higher tier unlocked stays unlocked."""

    def __init__(self) -> None:
        self._best: dict[str, Tier] = {}

    def tier_changed(self, change: Change) -> None:
        tiers = (self._best.get(change.after.id, Tier.FREE), change.before.tier, change.after.tier)
        self._best[change.after.id] = max(tiers, key=list(Tier).index)

    def tier(self, account: Account) -> Tier:
        return self._best.get(account.id, account.tier)


class _TierToldToOthers(_ToldToOthers):
    """Everyone hears of a user's new tier."""

    name = "user.tier.updated"


def _saying(message: Message, sentence: str) -> Message:
    return replace(message, payload=message.payload | {"message": sentence})


FAULTS: Final = (
    Fault.of("event-not-sent", "UST-BAN-1", _EventNotSent, ("UST-BAN-3",)),
    Fault.of("sent-after-close", "UST-BAN-3", _SentAfterClose, ("UST-BAN-1",)),
    Fault.of("one-session-forgotten", "UST-BAN-2", _OneSessionForgotten, ("UST-BAN-8", "UST-BAN-10")),
    Fault.of("third-session-forgotten", "UST-BAN-2", _ThirdForgotten, ("UST-BAN-8", "UST-BAN-10")),
    Fault.of("token-not-revoked", "UST-BAN-4", _TokenNotRevoked),
    Fault.of("one-call-forgotten", "UST-BAN-4", _OneCallForgotten),
    Fault.of("reconnect-accepted", "UST-BAN-5", _ReconnectAccepted, ("UST-BAN-10", "UST-CONN-2")),
    Fault.of("other-user-told", "UST-BAN-7", _OtherUserTold, ("ALL-ROOM-1",)),
    Fault.of("wrong-message", "UST-BAN-1", _WrongMessage),
    Fault.of("field-missing", "UST-TIER-1", _FieldMissing),
    Fault.of("tier-without-entitlement", "UST-TIER-3", _TierWithoutEntitlement, ("UST-TIER-4",)),
    Fault.of("banned-login-accepted", "UST-BAN-6", _BannedLoginAccepted, ("UST-BAN-9",)),
    Fault.of("admin-not-checked", "UST-ADMIN-1", _AdminNotChecked),
    Fault.of("unknown-user-accepted", "UST-ADMIN-2", _UnknownUserAccepted),
    Fault.of("unknown-event-sent", "UST-SCOPE-1", _UnknownEventSent),
    Fault.of("tier-logs-out", "UST-TIER-2", _TierLogsOut),
    Fault.of("unban-revives-tokens", "UST-UNBAN-2", _UnbanRevivesTokens),
    Fault.of("ban-outlives-unban", "UST-UNBAN-1", _BanOutlivesUnban, ("UST-UNBAN-2",)),
    Fault.of("unban-told-to-others", "UST-UNBAN-3", _UnbanToldToOthers, ("ALL-ROOM-1",)),
    Fault.of("forged-token-accepted", "UST-CONN-2", _ForgedTokenAccepted),
    Fault.of("expired-token-accepted", "UST-CONN-2", _ExpiredTokenAccepted),
    Fault.of("polling-is-deaf", "UST-CONN-1", _PollingIsDeaf, ("UST-BAN-1", "UST-BAN-3", "UST-TIER-1")),
    Fault.of("stream-survives-ban", "UST-BAN-11", _StreamSurvivesBan),
    Fault.of("second-ban-sends", "UST-BAN-12", _SecondBanSends, ("UST-BAN-7", "ALL-ROOM-1")),
    Fault.of("connecting-survives-ban", "UST-BAN-10", _ConnectingSurvivesBan),
    Fault.of("one-in-twenty-survives-ban", "UST-BAN-10", _OneInTwentySurvivesBan),
    Fault.of("offline-ban-lost", "UST-BAN-9", _OfflineBanLost, ("UST-BAN-4", "UST-BAN-6", "UST-BAN-10", "UST-CONN-2")),
    Fault.of("slow-close", "UST-BAN-8", _SlowClose),
    Fault.of("tier-named-internally", "UST-TIER-1", _TierNamedInternally),
    Fault.of("downgrade-keeps-features", "UST-TIER-4", _DowngradeKeepsFeatures),
    Fault.of("tier-told-to-others", "UST-TIER-5", _TierToldToOthers, ("ALL-ROOM-1",)),
)
