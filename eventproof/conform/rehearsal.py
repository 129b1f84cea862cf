"""`eventproof check --dry-run`: log in, open every channel, fire each action once, and say in words what is missing."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from eventproof.actions import at, expired
from eventproof.catalog import USER, Catalog, System
from eventproof.errors import ContractViolation, EventproofError, Inconclusive
from eventproof.history import Kind
from eventproof.target import Target
from eventproof.verdict import Verdict

from .bad_tokens import changed, controlled
from .calls import Answer
from .case import Case
from .check_run import CheckRun
from .evidence import told
from .gauges import Gauges
from .needs import Needs, needs_of
from .person import Person
from .probe import probe
from .verdicts import NotApplicable, NotTestable, verdict_of

__all__ = ["Step", "dry_run", "text_of"]

Attempt = Callable[..., Awaitable[bool]]
"""Does something and makes a step of it: what it is, what does it, and the remedy where it fails."""

_AUTH = "see auth under [socketio] or [channels]"
_BYSTANDERS = 2
_NAMED = 6
_IDS = re.compile(r"\b[A-Z]+-[A-Z]+-\d+\b")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was tried, and what is to be done where it did not work."""

    what: str
    verdict: Verdict
    sentence: str = ""
    untestable: tuple[str, ...] = ()
    """The requirements that the check will not be able to test for it."""


@dataclass(frozen=True, slots=True)
class _Lacking:
    """What was not there: a call, or what is read by a `name` from its answer; `place` is where it was looked for."""

    operation: str
    name: str = ""
    place: str = ""


class _Findings:
    """The steps of a dry run, and what was lacking; the cases tell in the end which requirements that concerns."""

    def __init__(self, target: Target, catalog: Catalog) -> None:
        self._target, self._catalog = target, catalog
        self.steps: list[Step] = []
        self.missing: list[str] | None = None
        """What no case can do without, in words; None where the dry run did not come so far."""
        self._failed: dict[int, str] = {}
        self._unread: list[_Lacking] = []

    @property
    def has_failed_calls(self) -> bool:
        """Whether a call was not what the profile says."""
        return bool(self._failed)

    def call_failed(self, operation: str) -> None:
        """The step that was entered last is the call of this operation."""
        self._failed[len(self.steps) - 1] = operation

    def read(self, answer: Answer) -> None:
        """Look for everything that the profile says is in an answer; an empty list shows nothing of its items."""
        places = self._target.operations[answer.operation].answers
        found = {name: at(answer.body, place) for name, place in places.items()}
        items = next((value for value in found.values() if isinstance(value, list)), None)
        for name, place in places.items():
            if found[name] is None and (items is None or (items and at(items[0], place) is None)):
                lacking = _Lacking(answer.operation, name, place)
                if lacking not in self._unread:
                    self._unread.append(lacking)

    def concluded(self) -> tuple[Step, ...]:
        """All steps, each with the requirements that cannot be tested for it."""
        absent = [operation for operation in self._known() if operation not in self._target.operations]
        needs = needs_of(self._target, self._catalog) if self._failed or self._unread or absent else Needs(())
        steps = [
            replace(step, untestable=needs.of(self._failed[index])) if index in self._failed else step
            for index, step in enumerate(self.steps)
        ]
        steps += [self._unread_step(lacking, needs) for lacking in self._unread]
        if self.missing is not None:
            steps.append(self._means({operation: lines for operation in absent if (lines := needs.of(operation))}))
        return tuple(steps)

    def _means(self, denied: Mapping[str, tuple[str, ...]]) -> Step:
        sentences = [f"[operations] denies {operation}" for operation in denied] + (self.missing or [])
        text = "; ".join(sentences)
        named = [line.id for line in self._catalog.requirements(self._target.systems) if line.id in _IDS.findall(text)]
        lines = tuple(sorted({*named, *(line for lines in denied.values() for line in lines)}))
        return Step("the means for every case", Verdict.NOT_TESTABLE if sentences else Verdict.PASS, text, lines)

    def _known(self) -> Iterator[str]:
        """The calls that a target of this profile could have."""
        for name in self._target.systems:
            for operation in self._catalog.system(name).operations:
                if operation.capability is None or operation.capability in self._target.capabilities:
                    yield operation.id

    def _unread_step(self, lacking: _Lacking, needs: Needs) -> Step:
        what = f"the {lacking.name} in the answer of {lacking.operation}"
        given = _GIVEN.get(lacking.name)
        people = (*self._target.admins, *self._target.users)
        lines = needs.of(lacking.operation, lacking.name) if given is None else ()
        if not lines and (given is None or all(getattr(person, given) is not None for person in people)):
            return Step(what, Verdict.PASS, f"it is not at {lacking.place}, and nothing needs it")
        where = f"[operations.{lacking.operation}] answers = {{ {lacking.name} = … }}"
        return Step(what, Verdict.NOT_TESTABLE, f"there is nothing at {lacking.place}: correct {where}", lines)


_GIVEN = {"userId": "id", "tier": "tier", "token": "token"}
"""What every session needs of an answer, with what of an identity spares it."""


def dry_run(target: Target, catalog: Catalog | None = None) -> tuple[Step, ...]:
    """Try everything that the cases need of a target, once.

    Raises TargetUnavailable where nothing fitting answers, UsageError where the profile gives no admin or no user.
    """
    known = catalog or target.catalog
    probe(target, known)
    check_run = CheckRun(target, known, seed=0)
    findings = _Findings(target, known)
    case = check_run.case("dry-run")
    try:
        case.perform(_rehearse(case, findings))
    except EventproofError as error:
        findings.steps.append(Step("go on", verdict_of(error), str(error)))
    finally:
        findings.steps += [Step("put things back", Verdict.INCONCLUSIVE, failure) for failure in case.leave()]
        check_run.close()
    return findings.concluded()


def text_of(steps: tuple[Step, ...]) -> str:
    """One line a step, what to do under those that did not work, and in the end what cannot be tested."""
    lines = []
    for step in steps:
        if step.verdict is Verdict.PASS:
            lines.append(f"{'ok':<14} {step.what}{f': {step.sentence}' if step.sentence else ''}")
            continue
        lines.append(f"{step.verdict:<14} {step.what}")
        told = [step.sentence] if step.sentence else []
        told += [f"without it the check cannot test {', '.join(step.untestable)}"] if step.untestable else []
        lines += [f"{'':<14} {sentence}" for sentence in told]
    untestable = sorted({line for step in steps for line in step.untestable})
    if untestable:
        lines.append(f"\nThe check will not be able to test {len(untestable)} requirements: {', '.join(untestable)}")
    return "\n".join(lines)


async def _rehearse(case: Case, findings: _Findings) -> None:
    steps = findings.steps

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

    target = case.target
    members: dict[str, Person] = {}

    async def take(role: str) -> None:
        members[role] = await case.person(role)

    for person in case.standing:
        of_whom = f"a session for the {person.role} {person.identity.name}"
        is_needed = person is case.acting(person.role)
        if is_needed and not await attempt(of_whom, person.session):
            return
    roles = {name: case.catalogued(name).member for name in target.systems}
    for role in dict.fromkeys(roles.values()):
        if not await attempt(f"a session for a {role}", partial(take, role)):
            return
        await attempt(f"a second session for the same {role}", members[role].another_token)
    user = members[roles[target.systems[0]]]
    if user.identity.password is not None and target.login is not None:
        await attempt(f"the answer of {target.login}", partial(_read_login, user, findings))
    for system in target.systems:
        channel = target.main(system)
        for transport in channel.transports:
            what = f"a connection to {channel.address} by {transport}"
            await attempt(what, partial(members[roles[system]].connect, transport, system=system), _AUTH)
    for other in target.other_channels or ():
        remedy = "see the address, the token and the parameter under [[other_channels]]"
        await attempt(f"a {other.wire} connection to {other.address}", partial(user.connect_to, other), remedy)
    fired: set[str] = set()
    for system, driver in case.drivers.items():
        # What is fired is a step of its own; this one is about what comes between.
        member = members[roles[system]]
        fire = _Fire(case, member, attempt, findings, frozenset(fired))
        await attempt(f"the calls of {system}", partial(driver.rehearse, member, fire))
        fired |= {operation.id for operation in case.catalogued(system).operations}
    if not findings.has_failed_calls:
        steps += _strange([record.name for record in case.records if record.kind is Kind.RECEIVED], case.systems)
    if target.whoami is not None:
        await attempt("a refusal that says why", partial(_refuse, user))
    findings.missing = await _missing(case, user)
    if not findings.has_failed_calls:  # what corrects them may change this, too
        findings.missing += [sentence for system in case.systems for sentence in await _undocumented(target, system)]


def _strange(heard: Iterable[str], systems: Iterable[System]) -> Iterator[Step]:
    """What is to be said where events came, and none of them is one of these systems'."""
    known = dict.fromkeys(event.name for system in systems for event in system.events)
    names = dict.fromkeys(filter(None, heard))
    if names and not known.keys() & names.keys():
        yield Step(
            "the events",
            Verdict.NOT_TESTABLE,
            f"{_listed(names)} came, which the contract does not have: it has {_listed(known)}. No profile says of an "
            "event that it is called otherwise: bring your own contract (`eventproof init --asyncapi`), or check what "
            "needs none (`eventproof init --pack session`)",
        )


def _listed(names: Iterable[str]) -> str:
    several = [f"`{name}`" for name in names]
    return ", ".join(several[:_NAMED]) + (", …" if several[_NAMED:] else "")


class _Fire:
    """Performs the operations of a rehearsal, each a step; those that another system's rehearsal had are left out."""

    def __init__(self, case: Case, user: Person, attempt: Attempt, findings: _Findings, fired: frozenset[str]) -> None:
        self._case, self._user, self._attempt, self._findings, self._fired = case, user, attempt, findings, fired
        self._known = {operation.id: operation for system in case.systems for operation in system.operations}

    async def __call__(
        self, operation: str, /, *, may_refuse: bool = False, hint: str = "", **parameters: Any
    ) -> Answer | None:
        """Part of Fire."""
        operations = self._case.target.operations
        if operation in self._fired or operation not in operations:
            return None
        answers: list[Answer] = []

        async def call() -> None:
            back = self._case.undo.back(operation)
            if back not in operations:
                raise NotTestable(f"it was not made, since nothing could undo it: [operations] denies {back}")
            caller = self._case.caller(self._known[operation], self._user)
            answer = await caller.call(operation, **parameters)
            if answer.status in (404, 405, 501):
                raise NotTestable(
                    f"it answered {answer}: correct method and path in [operations.{operation}], "
                    f"or write {operation} = false under [operations] where there is no such call"
                )
            answer.must_be_an_answer()
            if answer.is_accepted or may_refuse:
                answers.append(answer)
            else:
                raise Inconclusive(f"it answered {answer}{hint}: see [operations.{operation}] in the profile")

        steps = self._findings.steps
        if not await self._attempt(f"the call {operation}{hint}", call):
            self._findings.call_failed(operation)
            return None
        (answer,) = answers
        if not answer.is_accepted:
            steps[-1] = replace(steps[-1], sentence=f"it was refused, which is forgiven here: {answer}")
            return None
        self._findings.read(answer)
        return answer

    def left_out(self, operation: str, why: EventproofError) -> None:
        """Part of Fire."""
        if operation not in self._fired and operation in self._case.target.operations:
            self._findings.steps.append(Step(f"the call {operation}", verdict_of(why), str(why)))
            self._findings.call_failed(operation)


async def _read_login(user: Person, findings: _Findings) -> None:
    answer = await user.log_in()
    if answer.is_accepted:
        findings.read(answer)


async def _refuse(user: Person) -> None:
    answer = await user.whoami("no.such.token")
    await answer.must_be_refused_beside(user.whoami, "with a token that is none")
    rest = answer.target.rest
    lacking = [f"{name} at {getattr(rest, name)}" for name in ("code", "message") if not getattr(answer, name)]
    if lacking:
        raise NotTestable(f"{answer} has no {' and no '.join(lacking)}: correct code and message under [rest]")


async def _unfit(case: Case, user: Person) -> list[str]:
    """Why no expired token can be presented, in words: none can be made, or none that is made is taken."""
    if expired(case.target, await user.session(), time.time()) is None:
        return ["no expired token: give [jwt] secret_env, or expired_env (UST-CONN-2, SHD-CONN-3)"]
    made = await changed(case, user, "expired")
    try:
        if made.control is not None:
            await controlled(case, user, made)
    except NotTestable as unfit:
        return [f"{unfit} (UST-CONN-2, SHD-CONN-3)"]
    return []


async def _missing(case: Case, user: Person) -> list[str]:
    """What no case can do without, in words, with the ids of the requirements that cannot be tested for it."""
    target = case.target
    missing = [sentence for driver in case.drivers.values() for sentence in driver.missing()]
    missing += await _unfit(case, user) if target.whoami is not None else []
    needed: Counter[str] = Counter()
    for name, driver in case.drivers.items():
        needed[case.catalogued(name).member] += driver.actors
    for role, actors in needed.items():
        enough, there = actors + _BYSTANDERS, len(target.people(role))
        if there < enough:
            who = f"{there} users" if role == USER else f'{there} of the role "{role}"'
            missing.append(f"{who} are too few: some cases need {enough} (ALL-ROOM-1)")
    if "metrics" in target.capabilities:
        missing += await _unmeasured(case)
    return missing


async def _unmeasured(case: Case) -> list[str]:
    reader = case.target.metrics.identity if case.target.metrics else "anyone"
    try:
        async with Gauges(case.target, await case.admin.session() if reader == "admin" else None) as gauges:
            await gauges.read()
    except (NotTestable, Inconclusive, ContractViolation) as error:
        return [f"{error} (ALL-LEAK-1)"]
    return []


async def _undocumented(target: Target, system: System) -> list[str]:
    # Hypothesis and Schemathesis take a while to load, and nothing else here needs them.
    from .rest import document_of

    try:
        await asyncio.to_thread(document_of, target, system)
    except NotApplicable:
        return []
    except EventproofError as error:
        return [f"{error} (ALL-REST-1)"]
    return []
