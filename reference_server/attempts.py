"""Logins: how often a password may be guessed.

Three things are limited, and none of them lets anybody lock somebody else out:

- **An account from one address**: `login_tries` wrong passwords a window. Who guesses from one place is stopped there;
  the account's owner logs in from any other place.
- **An account from everywhere**: after `login_tries_account` wrong passwords within an hour (100: so OWASP's ASVS,
  2.2.1; NIST SP 800-63B, 5.2.2 has no more in a row), each address has one try a window instead. The account is slowed
  and not locked, since "care must be taken to prevent it from being used to cause a denial of service by locking out
  other users' accounts" (OWASP, Authentication): whoever knows the password is let in at the first try, from anywhere.
- **An address, whatever the account**: `login_tries_address` wrong passwords a window, then it has to wait. Of IPv6, an
  address is a network of 64 bits, which is what one customer has.

Whoever has logged in to the account from that address before is familiar there, and keeps all tries (OWASP's device
cookie, with the address for a cookie): neither of the two wider limits stops them. There is no number for everybody
together: it would be a switch with which anyone locks everyone out. What is bounded for everybody is the work, which
is shared by address (`passwords.py`).

A try counts from its beginning for its account and address, or many at once would all be let in before the first has
failed; where no password was looked at in the end, it is taken back. What is refused here counts nowhere. Names that
exist and names that do not are treated alike. A success forgives what failed from its own address, and nothing else
(NIST, likewise).
"""

import ipaddress
import math
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from .limits import Limits
from .refusals import Refusal
from .tally import Tally

_HOUR: Final = 3600.0
_BITS: Final = 64
_FROM_THERE: Final = "Too many wrong passwords came from your address: wait a minute, then try again."


class Attempts:
    """Who has tried how often; `clock` gives seconds that never go back, `met` is told of each limit that stops one."""

    def __init__(
        self, limits: Limits, clock: Callable[[], float], met: Callable[[str], object] = lambda _: None
    ) -> None:
        self._limits = limits
        self._met = met
        self._clock = clock
        most = limits.logins_remembered
        self._here = Tally(limits.login_window, most)
        self._accounts = Tally(_HOUR, most)
        self._addresses = Tally(limits.login_window, most)
        self._familiar: OrderedDict[tuple[str, str], None] = OrderedDict()

    def check(self, address: str, account: str) -> None:
        """Raises Refusal where they have to wait before they try again, which says for how long."""
        here, now, limits = (network(address), account), self._clock(), self._limits
        tries, limit = limits.login_tries, "login_tries"
        if here not in self._familiar:
            if self._addresses.count(here[0], now) >= limits.login_tries_address:
                self._met("login_tries_address")
                raise _too_many(self._addresses.left(here[0], now), _FROM_THERE)
            if self._accounts.count(account, now) >= limits.login_tries_account:
                tries, limit = 1, "login_tries_account"
        if self._here.count(here, now) >= tries:
            self._met(limit)
            raise _too_many(self._here.left(here, now))

    def begin(self, address: str, account: str) -> None:
        """They try: in vain, until they succeed."""
        self._here.add((network(address), account), self._clock())

    def take_back(self, address: str, account: str) -> None:
        """No password was looked at."""
        self._here.take_back((network(address), account))

    def failed(self, address: str, account: str) -> None:
        """The password was wrong."""
        now = self._clock()
        self._accounts.add(account, now)
        self._addresses.add(network(address), now)

    def succeeded(self, address: str, account: str) -> None:
        """They are who they say."""
        here = network(address), account
        self._here.forget(here)
        self._familiar[here] = None
        self._familiar.move_to_end(here)
        if len(self._familiar) > self._limits.logins_remembered:
            self._familiar.popitem(last=False)


def _too_many(seconds: float, sentence: str | None = None) -> Refusal:
    return Refusal("too_many_attempts", sentence, headers={"Retry-After": str(max(1, math.ceil(seconds)))})


def network(address: str) -> str:
    """What one customer has: an address of IPv4, or a network of IPv6."""
    if ":" not in address:
        return address
    try:
        parsed = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    mapped = parsed.ipv4_mapped
    return str(mapped) if mapped else str(ipaddress.IPv6Network((parsed, _BITS), strict=False))
