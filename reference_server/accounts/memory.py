"""Accounts as they were last committed, so that letting a session in costs no question to the database.

Exact, where one process holds the database (`Store.exclusive`): whatever changes an account is in this process, and
replaces it here after the commit and before anybody is told or answered. Where several share one, nothing is kept.
"""

from typing import Final

from .account import Account

_MOST: Final = 100_000


class Memory:
    """What is known without asking; `stamp` tells whether anything changed while the database was asked."""

    def __init__(self, exclusive: bool) -> None:
        self._exclusive = exclusive
        self._accounts: dict[str, Account] = {}
        self.stamp = 0
        self._ended: dict[str, float] = {}

    def get(self, user_id: str) -> Account | None:
        """The account, if it is known."""
        return self._accounts.get(user_id)

    def learn(self, account: Account, stamp: int) -> None:
        """The database said so; kept, unless something was committed since this stamp."""
        if self._exclusive and stamp == self.stamp:
            if len(self._accounts) >= _MOST:
                self._accounts.clear()
            self._accounts[account.id] = account

    def changed(self, account: Account) -> None:
        """This was committed."""
        self.stamp += 1
        if account.id in self._accounts:
            self._accounts[account.id] = account

    def forget(self) -> None:
        """Many were committed at once."""
        self.stamp += 1
        self._accounts.clear()

    def end(self, token_id: str, expires_at: float, now: float) -> None:
        """A session was logged out; those that have expired by themselves need not be known."""
        while self._ended and next(iter(self._ended.values())) < now:
            del self._ended[next(iter(self._ended))]
        self._ended[token_id] = expires_at

    def has_ended(self, token_id: str) -> bool:
        """Whether the session was logged out before it expired."""
        return token_id in self._ended
