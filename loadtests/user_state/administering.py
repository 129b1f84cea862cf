"""What admins do to a user, and what is measured of it: from the intended time to all that it is to cause."""

from functools import partial
from math import inf
from time import monotonic
from typing import Final

from eventproof.load.calls import CallAnswer
from eventproof.load.generator import Generator
from eventproof.load.greenlets import Cancelled, sleep

from .admin_action import AdminAction, Until
from .app_user import BANNED, TIER_UPDATED, UNBANNED, AppUser
from .tiers import next_tier

__all__ = ["ban", "update_tier"]

_STILL_BANNED: Final = ("user is still banned", "users are still banned")
_ON_ANOTHER_TIER: Final = ("user is on another tier than before", "users are on another tier than before")
_FIRST_PAUSE, _LONGEST_PAUSE = 0.01, 0.25
"""Seconds between two looks at whether a token still works."""


def ban(generator: Generator, user: AppUser, intended: float) -> None:
    """Ban somebody and bring them back; measure the answer, the refusal of the token and the end of every session."""
    action = _begin(generator, f"ban of {user}", Until.CLOSE, BANNED, user, intended)
    token, deadline = user.token, monotonic() + generator.deadline
    generator.books.changes.enter(_STILL_BANNED, user, partial(_unban, generator, user))
    answer = _perform(generator, action, "banUser", user, deadline)
    if not answer.done:
        if _is_refusal(answer):
            generator.books.changes.clear(_STILL_BANNED, user)
        _failed(generator, action, user, answer)
        return
    generator.books.record("ban_to_answer", monotonic() - intended, late=action.late)
    generator.books.count("bans")
    if not generator.target.operations["getMe"].on_behalf:  # an admin's call tells nothing of a user's token
        _await_refusal(generator, user, token, action, deadline)
    action.ended.wait(max(deadline - monotonic(), 0))
    stragglers = sorted(action.waiting, key=lambda device: device.number)
    if not stragglers and action.is_whole and action.last > intended:
        generator.books.record("ban_to_logout", action.last - intended, late=action.late)
    for device in stragglers:
        generator.books.straggler(str(device))
        device.close()
    user.action = None
    _bring_back(generator, user)


def update_tier(generator: Generator, user: AppUser, intended: float) -> None:
    """Give somebody another tier; measure the event on every session."""
    action = _begin(generator, f"tier of {user}", Until.EVENT, TIER_UPDATED, user, intended)
    deadline = monotonic() + generator.deadline
    user.prepare()
    tier = next_tier(generator.target, user.tier)
    if user.own_tier is None:
        user.own_tier = user.tier
    generator.books.changes.enter(_ON_ANOTHER_TIER, user, partial(_restore_tier, generator, user))
    answer = _perform(generator, action, "updateUserTier", user, deadline, tier=tier)
    if not answer.done:
        _failed(generator, action, user, answer)
        return
    user.tier = tier
    if tier == user.own_tier:
        generator.books.changes.clear(_ON_ANOTHER_TIER, user)
    action.ended.wait(max(deadline - monotonic(), 0))
    user.is_free()


def _begin(generator: Generator, name: str, until: Until, event: str, user: AppUser, intended: float) -> AdminAction:
    now = monotonic()
    generator.books.count("actions")
    generator.books.record("send_lag", now - intended)
    devices = [device for device in user.devices if device.is_open]
    action = AdminAction(name, event, intended, until, devices, now - intended)
    user.action = action
    # Nobody knows that an event is due before the call is answered.
    unknown = now + generator.target.budgets.call + generator.deadline
    generator.books.ledger.expect(name, event, devices, at=intended, deadline=unknown, late=action.late)
    return action


def _perform(
    generator: Generator, action: AdminAction, operation: str, user: AppUser, deadline: float, **parameters: str
) -> CallAnswer:
    """Make the call. Once it is done, what has not come by the deadline is lost; if the run ends before, nothing is."""
    ledger = generator.books.ledger
    try:
        answer = generator.administer(operation, user.identity, **parameters)
    except Cancelled:
        ledger.withdraw(action.name, action.event, action.devices)
        raise
    if answer.done:
        ledger.hasten(action.name, action.event, action.devices, deadline=max(deadline, monotonic()))
    return answer


def _failed(generator: Generator, action: AdminAction, user: AppUser, answer: CallAnswer) -> None:
    """Nothing is expected of a call that was refused. What an unanswered one did, nobody knows: it may have been done,
    and the user is left alone from now on.
    """
    ledger = generator.books.ledger
    generator.books.count("failed")
    generator.books.incident(str(user), f"the {action.name} failed: {answer}")
    ledger.withdraw(action.name, action.event, user.devices)
    if _is_refusal(answer):
        if user.tier == user.own_tier:
            generator.books.changes.clear(_ON_ANOTHER_TIER, user)
        user.is_free()
    else:
        ledger.permit(action.event, user.devices, until=inf)


def _await_refusal(
    generator: Generator, user: AppUser, token: str | None, action: AdminAction, deadline: float
) -> None:
    pause = _FIRST_PAUSE
    while True:
        answer = generator.calls.perform("getMe", {}, token)
        if answer.refused:
            generator.books.record("ban_to_refused", monotonic() - action.at, late=action.late)
            return
        if monotonic() > deadline:
            if answer.done:
                generator.books.straggler(f"the token of {user}")
            else:
                generator.books.count("failed")
                generator.books.incident(str(user), f"nobody knows whether the old token still works: {answer}")
            return
        sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)


def _is_refusal(answer: CallAnswer) -> bool:
    """Whether the target says that it did not do what was asked."""
    return 400 <= answer.status < 500


def _unban(generator: Generator, user: AppUser) -> CallAnswer:
    answer = generator.administer("unbanUser", user.identity)
    if answer.done:
        generator.books.changes.clear(_STILL_BANNED, user)
    return answer


def _restore_tier(generator: Generator, user: AppUser) -> None:
    tier = user.own_tier
    if tier is not None and generator.administer("updateUserTier", user.identity, tier=tier).done:
        generator.books.changes.clear(_ON_ANOTHER_TIER, user)


def _bring_back(generator: Generator, user: AppUser) -> None:
    answer = _unban(generator, user)
    if not answer.done:
        generator.books.count("failed")
        generator.books.incident(str(user), f"the unban failed: {answer}")
    elif user.renew():
        user.open()
        generator.books.ledger.permit(UNBANNED, user.devices, until=monotonic() + generator.deadline)
    else:
        generator.books.count("failed")
        generator.books.incident(str(user), "the login after the unban was refused")
