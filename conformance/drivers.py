"""What each system's cases know of it beyond its contract, for the cases that every system shares."""

from collections.abc import Mapping

from eventproof.conform.cases import DriverOf

from .plan_sync.plans import Plans
from .shield.members import Members
from .user_state.accounts import Accounts

DRIVERS: Mapping[str, DriverOf] = {
    "plan-sync": Plans,
    "shield": Members,
    "user-state": Accounts,
}
