"""`eventproof check --dry-run`: log in, open every door, fire each action once, and say in words what is missing."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from eventproof import catalog as contracts
from eventproof.actions import expired
from eventproof.catalog import Catalog
from eventproof.errors import EventproofError, Inconclusive
from eventproof.target import OtherChannel, Target, Transport
from eventproof.verdict import Verdict

from .evidence import told
from .gauges import Gauges
from .person import Person
from .probe import probe
from .stage import Stage
from .troupe import Troupe
from .verdicts import NotTestable, verdict_of

__all__ = ["Step", "dry_run", "text_of"]

_LAST = ("logout",)
_NEEDED = ("login", "getMe", "banUser", "unbanUser", "updateUserTier")
_ENOUGH_USERS = 6


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was tried, and what is to be done where it did not work."""

    what: str
    verdict: Verdict
    sentence: str = ""


def dry_run(target: Target, catalog: Catalog | None = None) -> tuple[Step, ...]:
    """Try everything that the cases need of a target, once.

    Raises TargetUnavailable where nothing fitting answers, UsageError where the profile gives no admin or no user.
    """
    known = catalog or contracts.load()
    probe(target, known)
    troupe = Troupe(target, known, seed=0)
    steps: list[Step] = []
    stage = troupe.stage("dry-run")
    try:
        stage.perform(_rehearse(stage, steps))
    except EventproofError as error:
        steps.append(Step("go on", verdict_of(error), str(error)))
    finally:
        steps += [Step("put things back", Verdict.INCONCLUSIVE, failure) for failure in stage.leave()]
        troupe.close()
    return tuple(steps)


def text_of(steps: tuple[Step, ...]) -> str:
    """One line a step, and what to do under those that did not work."""
    lines = []
    for step in steps:
        lines.append(f"{'ok' if step.verdict is Verdict.PASS else step.verdict:<14} {step.what}")
        if step.sentence:
            lines.append(f"{'':<14} {step.sentence}")
    return "\n".join(lines)


async def _rehearse(stage: Stage, steps: list[Step]) -> None:
    async def attempt(what: str, act: Callable[[], Awaitable[object]], remedy: str = "") -> bool:
        try:
            await act()
        except EventproofError as error:
            reason, _, observed = told(error)
            sentence = "; ".join(part.rstrip(".") for part in (reason, observed, remedy) if part)
            steps.append(Step(what, verdict_of(error), sentence))
            return False
        steps.append(Step(what, Verdict.PASS))
        return True

    target = stage.target
    found: list[Person] = []

    async def take_user() -> None:
        found.append(await stage.user())

    if not await attempt(f"a session for the admin {target.admins[0].name}", stage.admin.session):
        return
    if not await attempt("a session for a user", take_user):
        return
    user = found[0]
    await attempt("a second session for the same user", user.another_token)
    for transport in target.socketio.transports:
        await attempt(f"a Socket.IO connection by {transport}", _opening(user, transport), "see auth under [socketio]")
    for channel in target.other_channels or ():
        remedy = "see the address, the token and the parameter under [[other_channels]]"
        await attempt(f"a {channel.kind} connection to {channel.address}", _entering(user, channel), remedy)
    for operation in sorted(target.operations, key=lambda name: name in _LAST):
        if operation != "login":
            await attempt(f"the call {operation}", _calling(stage, user, operation))
    await attempt("a refusal that says why", _refusing(user))
    await attempt("the means for every case", _means(stage, user))


def _opening(user: Person, transport: Transport) -> Callable[[], Awaitable[object]]:
    return lambda: user.connect(transport)


def _entering(user: Person, channel: OtherChannel) -> Callable[[], Awaitable[object]]:
    return lambda: user.enter(channel)


def _calling(stage: Stage, user: Person, operation: str) -> Callable[[], Awaitable[object]]:
    async def call() -> None:
        tiers = stage.target.tiers
        unlocked = next((tier.unlocks.parameters for tier in tiers if tier.unlocks), {})
        parameters: dict[str, Any] = {"userId": user.id, **({"tier": tiers[-1].name} if tiers else {}), **unlocked}
        each_tier = [{**parameters, "tier": tier.name} for tier in tiers] if operation == "updateUserTier" else []
        caller = stage.admin if stage.target.operations[operation].identity == "admin" else user
        if operation == "banUser" and "unbanUser" not in stage.target.operations:
            raise NotTestable("nobody was banned, since nothing could lift it: [operations] denies unbanUser")
        for given in each_tier or [parameters]:
            answer = await caller.call(operation, **given)
            if not answer.is_accepted:
                break
        if operation == "banUser":
            # Whoever is banned needs a new session for what follows.
            user.logged_out()
            await stage.accounts.unban(user)
        if answer.status in (404, 405, 501):
            raise NotTestable(
                f"it answered {answer}: correct method and path in [operations.{operation}], "
                f"or write {operation} = false under [operations] where there is no such call"
            )
        answer.must_be_an_answer()
        if not answer.is_accepted and operation != "useFeature":
            tier = f' for the tier "{given["tier"]}"' if each_tier else ""
            raise Inconclusive(f"it answered {answer}{tier}: see [operations.{operation}] in the profile")

    return call


def _refusing(user: Person) -> Callable[[], Awaitable[object]]:
    async def refuse() -> None:
        answer = await user.call("getMe", token="no.such.token")  # noqa: S106 - that is the point
        answer.must_be_refused("with a token that is none")
        rest = answer.target.rest
        lacking = [f"{name} at {getattr(rest, name)}" for name in ("code", "message") if not getattr(answer, name)]
        if lacking:
            raise NotTestable(f"{answer} has no {' and no '.join(lacking)}: correct code and message under [rest]")

    return refuse


def _means(stage: Stage, user: Person) -> Callable[[], Awaitable[object]]:
    async def look() -> None:
        target, missing = stage.target, []
        if lacking := [operation for operation in _NEEDED if operation not in target.operations]:
            missing.append(f"[operations] denies {', '.join(lacking)}, without which most cases cannot be played")
        if expired(target, await user.session(), time.time()) is None:
            missing.append("no expired token: give [jwt] secret_env, or expired_env (UST-CONN-2)")
        if target.other_channels is None:
            missing.append("other_channels is not said: list them, or write [] (UST-BAN-11)")
        if len(target.tiers) < 2 or not any(tier.unlocks for tier in target.tiers[1:]):
            missing.append("[tiers] needs two tiers, and what one of them unlocks (UST-TIER-3)")
        if len(target.users) < _ENOUGH_USERS:
            missing.append(f"{len(target.users)} users are too few: some cases need {_ENOUGH_USERS}")
        if "metrics" in target.capabilities:
            async with Gauges(target) as gauges:
                await gauges.read()
        if missing:
            raise NotTestable("; ".join(missing))

    return look
