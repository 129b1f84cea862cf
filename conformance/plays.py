"""What each system's cases know of it, one line a system; the cases that every system shares play with it."""

from collections.abc import Mapping

from eventproof.conform.case import PlayOf

from .plan_sync.plans import Plans
from .shield.members import Members
from .user_state.accounts import Accounts

PLAYS: Mapping[str, PlayOf] = {
    "plan-sync": Plans,
    "shield": Members,
    "user-state": Accounts,
}
