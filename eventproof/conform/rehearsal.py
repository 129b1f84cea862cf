"""`eventproof check --dry-run`: log in, open every door, fire each action once, and say in words what is missing."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from eventproof import catalog as contracts
from eventproof.actions import expired
from eventproof.catalog import Catalog
from eventproof.errors import EventproofError, Inconclusive
from eventproof.target import Target
from eventproof.verdict import Verdict

from .bad_tokens import changed, controlled
from .calls import Answer
from .evidence import told
from .gauges import Gauges
from .person import Person
from .probe import probe
from .stage import Stage
from .troupe import Troupe
from .undoing import UNDOING
from .verdicts import NotTestable, verdict_of

__all__ = ["Step", "dry_run", "text_of"]

Attempt = Callable[..., Awaitable[bool]]
"""Does something and makes a step of it: what it is, what does it, and the remedy where it fails."""

_AUTH = "see auth under [socketio] or [channels]"
_BYSTANDERS = 2


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
    for system in target.systems:
        channel = target.channels[system]
        for transport in channel.transports:
            what = f"a Socket.IO connection to {channel.address} by {transport}"
            await attempt(what, partial(user.connect, transport, system=system), _AUTH)
    for other in target.other_channels or ():
        remedy = "see the address, the token and the parameter under [[other_channels]]"
        await attempt(f"a {other.kind} connection to {other.address}", partial(user.enter, other), remedy)
    fired: set[str] = set()
    for system, play in stage.plays.items():
        # What is fired is a step of its own; this one is about what comes between.
        fire = _Fire(stage, user, attempt, frozenset(fired))
        await attempt(f"the calls of {system}", partial(play.rehearse, user, fire))
        fired |= {operation.id for operation in stage.catalogued(system).operations}
    await attempt("a refusal that says why", partial(_refuse, user))
    await attempt("the means for every case", partial(_look, stage, user))


class _Fire:
    """Performs the operations of a rehearsal, each a step; those that another system's rehearsal had are left out."""

    def __init__(self, stage: Stage, user: Person, attempt: Attempt, fired: frozenset[str]) -> None:
        self._stage, self._user, self._attempt, self._fired = stage, user, attempt, fired

    async def __call__(
        self, operation: str, /, *, may_refuse: bool = False, hint: str = "", **parameters: Any
    ) -> Answer | None:
        """Part of Fire."""
        operations = self._stage.target.operations
        if operation in self._fired or operation not in operations:
            return None
        answers: list[Answer] = []

        async def call() -> None:
            back = UNDOING[operation].operation if operation in UNDOING else operation
            if back not in operations:
                raise NotTestable(f"it was not made, since nothing could undo it: [operations] denies {back}")
            caller = self._stage.admin if operations[operation].identity == "admin" else self._user
            answer = await caller.call(operation, **parameters)
            if answer.status in (404, 405, 501):
                raise NotTestable(
                    f"it answered {answer}: correct method and path in [operations.{operation}], "
                    f"or write {operation} = false under [operations] where there is no such call"
                )
            answer.must_be_an_answer()
            if answer.is_accepted:
                answers.append(answer)
            elif not may_refuse:
                raise Inconclusive(f"it answered {answer}{hint}: see [operations.{operation}] in the profile")

        await self._attempt(f"the call {operation}{hint}", call)
        return answers[0] if answers else None


async def _refuse(user: Person) -> None:
    answer = await user.call("getMe", token="no.such.token")  # noqa: S106 - that is the point
    await answer.must_be_refused_beside(partial(user.call, "getMe"), "with a token that is none")
    rest = answer.target.rest
    lacking = [f"{name} at {getattr(rest, name)}" for name in ("code", "message") if not getattr(answer, name)]
    if lacking:
        raise NotTestable(f"{answer} has no {' and no '.join(lacking)}: correct code and message under [rest]")


async def _unfit(stage: Stage, user: Person) -> list[str]:
    """Why no expired token can be presented, in words: none can be made, or none that is made is taken."""
    if expired(stage.target, await user.session(), time.time()) is None:
        return ["no expired token: give [jwt] secret_env, or expired_env (UST-CONN-2, SHD-CONN-3)"]
    made = await changed(stage, user, "expired")
    try:
        if made.control is not None:
            await controlled(stage, user, made)
    except NotTestable as unfit:
        return [f"{unfit} (UST-CONN-2, SHD-CONN-3)"]
    return []


async def _look(stage: Stage, user: Person) -> None:
    target = stage.target
    missing = [sentence for play in stage.plays.values() for sentence in play.missing()]
    missing += await _unfit(stage, user)
    enough = sum(play.actors for play in stage.plays.values()) + _BYSTANDERS
    if len(target.users) < enough:
        missing.append(f"{len(target.users)} users are too few: some cases need {enough} (ALL-ROOM-1)")
    if "metrics" in target.capabilities:
        reader = target.metrics.identity if target.metrics else "anyone"
        async with Gauges(target, await stage.admin.session() if reader == "admin" else None) as gauges:
            await gauges.read()
    if missing:
        raise NotTestable("; ".join(missing))
