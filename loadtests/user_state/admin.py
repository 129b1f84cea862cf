"""What admins do to a person, and what is measured of it: from the intended time to all that it is to cause."""

from functools import partial
from math import inf
from time import monotonic
from typing import Final

import gevent
from gevent import GreenletExit

from eventproof.load.calls import Answer
from eventproof.load.generator import Generator

from .action import Action, Until
from .person import BANNED, TIER_UPDATED, UNBANNED, Person

__all__ = ["ban", "update_tier"]

_STILL_BANNED: Final = ("user is still banned", "users are still banned")
_ON_ANOTHER_TIER: Final = ("user is on another tier than before", "users are on another tier than before")
_FIRST_PAUSE, _LONGEST_PAUSE = 0.01, 0.25
"""Seconds between two looks at whether a token still works."""


def ban(generator: Generator, person: Person, intended: float) -> None:
    """Ban somebody and bring them back; measure the answer, the refusal of the token and the end of every session."""
    action = _begin(generator, f"ban of {person}", Until.CLOSE, BANNED, person, intended)
    token, deadline = person.token, monotonic() + generator.deadline
    generator.books.changes.enter(_STILL_BANNED, person, partial(_unban, generator, person))
    answer = _perform(generator, action, "banUser", person, deadline)
    if not answer.done:
        if _is_refusal(answer):
            generator.books.changes.clear(_STILL_BANNED, person)
        _failed(generator, action, person, answer)
        return
    generator.books.record("ban_to_answer", monotonic() - intended)
    generator.books.count("bans")
    if not generator.target.operations["getMe"].on_behalf:  # an admin's call tells nothing of a user's token
        _await_refusal(generator, person, token, intended, deadline)
    action.ended.wait(max(deadline - monotonic(), 0))
    stragglers = sorted(action.waiting, key=lambda session: session.number)
    if not stragglers and action.is_whole and action.last > intended:
        generator.books.record("ban_to_logout", action.last - intended)
    for session in stragglers:
        generator.books.straggler(str(session))
        session.close()
    person.action = None
    _bring_back(generator, person)


def update_tier(generator: Generator, person: Person, intended: float) -> None:
    """Give somebody another tier; measure the event on every session."""
    action = _begin(generator, f"tier of {person}", Until.EVENT, TIER_UPDATED, person, intended)
    deadline = monotonic() + generator.deadline
    person.prepare()
    tier = _next_tier(generator, person)
    if person.own_tier is None:
        person.own_tier = person.tier
    generator.books.changes.enter(_ON_ANOTHER_TIER, person, partial(_restore_tier, generator, person))
    answer = _perform(generator, action, "updateUserTier", person, deadline, tier=tier)
    if not answer.done:
        _failed(generator, action, person, answer)
        return
    person.tier = tier
    if tier == person.own_tier:
        generator.books.changes.clear(_ON_ANOTHER_TIER, person)
    action.ended.wait(max(deadline - monotonic(), 0))
    person.is_free()


def _begin(generator: Generator, name: str, until: Until, event: str, person: Person, intended: float) -> Action:
    now = monotonic()
    generator.books.count("actions")
    generator.books.record("send_lag", now - intended)
    sessions = [session for session in person.sessions if session.is_open]
    action = Action(name, event, intended, until, sessions)
    person.action = action
    # Nobody knows that an event is due before the call is answered.
    unknown = now + generator.target.budgets.call + generator.deadline
    generator.books.ledger.expect(name, event, sessions, at=intended, deadline=unknown)
    return action


def _perform(
    generator: Generator, action: Action, operation: str, person: Person, deadline: float, **parameters: str
) -> Answer:
    """Make the call. Once it is done, what has not come by the deadline is lost; if the run ends before, nothing is."""
    ledger = generator.books.ledger
    try:
        answer = generator.administer(operation, person.identity, **parameters)
    except GreenletExit:
        ledger.withdraw(action.name, action.event, action.sessions)
        raise
    if answer.done:
        ledger.hasten(action.name, action.event, action.sessions, deadline=max(deadline, monotonic()))
    return answer


def _failed(generator: Generator, action: Action, person: Person, answer: Answer) -> None:
    """Nothing is expected of a call that was refused. What an unanswered one did, nobody knows: it may have been done,
    and the person is left alone from now on.
    """
    ledger = generator.books.ledger
    generator.books.count("failed")
    generator.books.incident(str(person), f"the {action.name} failed: {answer}")
    ledger.withdraw(action.name, action.event, person.sessions)
    if _is_refusal(answer):
        if person.tier == person.own_tier:
            generator.books.changes.clear(_ON_ANOTHER_TIER, person)
        person.is_free()
    else:
        ledger.permit(action.event, person.sessions, until=inf)


def _await_refusal(generator: Generator, person: Person, token: str | None, intended: float, deadline: float) -> None:
    pause = _FIRST_PAUSE
    while True:
        answer = generator.calls.perform("getMe", {}, token)
        if answer.refused:
            generator.books.record("ban_to_refused", monotonic() - intended)
            return
        if monotonic() > deadline:
            if answer.done:
                generator.books.straggler(f"the token of {person}")
            else:
                generator.books.count("failed")
                generator.books.incident(str(person), f"nobody knows whether the old token still works: {answer}")
            return
        gevent.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)


def _is_refusal(answer: Answer) -> bool:
    """Whether the target says that it did not do what was asked."""
    return 400 <= answer.status < 500


def _unban(generator: Generator, person: Person) -> Answer:
    answer = generator.administer("unbanUser", person.identity)
    if answer.done:
        generator.books.changes.clear(_STILL_BANNED, person)
    return answer


def _restore_tier(generator: Generator, person: Person) -> None:
    tier = person.own_tier
    if tier is not None and generator.administer("updateUserTier", person.identity, tier=tier).done:
        generator.books.changes.clear(_ON_ANOTHER_TIER, person)


def _bring_back(generator: Generator, person: Person) -> None:
    answer = _unban(generator, person)
    if not answer.done:
        generator.books.count("failed")
        generator.books.incident(str(person), f"the unban failed: {answer}")
    elif person.log_in():
        person.connect()
        generator.books.ledger.permit(UNBANNED, person.sessions, until=monotonic() + generator.deadline)
    else:
        generator.books.count("failed")
        generator.books.incident(str(person), "the login after the unban was refused")


def _next_tier(generator: Generator, person: Person) -> str:
    tiers = [tier.name for tier in generator.target.tiers]
    position = tiers.index(person.tier) if person.tier in tiers else -1
    return tiers[(position + 1) % len(tiers)]
