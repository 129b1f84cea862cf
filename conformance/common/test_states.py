"""A thing goes from state to state as the contract has it; what else is tried is refused, and tells nobody anything."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from eventproof.catalog import ADMIN, Direction, Event, Operation, States
from eventproof.conform.cases import (
    Answer,
    Case,
    ContractViolation,
    Inconclusive,
    Line,
    NotTestable,
    Person,
    Refusal,
    each_system,
)
from eventproof.conform.occurrence import caused, heard
from eventproof.conform.performing import attempt, begun, perform


@dataclass(frozen=True, slots=True)
class _Thing:
    """One that was brought to a state, with what is known of it."""

    table: States
    known: Mapping[str, Any]

    def is_told(self, event: Event, payload: Any) -> bool:
        """Whether an event is about it."""
        it = str(self.known[self.table.id])
        if str(self.known.get(event.subject_name or "")) == it:  # `id`, where that is the thing's own
            return str(event.subject(payload)) == it
        return str(event.fields(event.content(payload)).get(self.table.id)) == it


@dataclass(frozen=True, slots=True)
class _Scene:
    """Whose things they are, and who listens."""

    case: Case
    table: States
    user: Person
    lines: Mapping[Person, Line]

    def call(self, call: str) -> Operation:
        """What a call of the table is."""
        return self.case.system.called(self.table, call)

    async def brought_to(self, state: str, tried: Sequence[str]) -> _Thing:
        """A new thing of the user in a state, with all that the calls which are tried there need beside.

        What brought it there has come by then, or had the time to.
        """
        case, known, is_told = self.case, begun(self.case.system), True
        for call in case.system.brought_to(self.table, state, tried):
            _, cause = await perform(case, self.user, call, known)
            is_told = is_told and await heard(case, [*self.lines.values()], caused(case, cause))
        if self.table.id not in known:
            maker = self.table.ways[state][0]
            raise NotTestable(f"the profile does not say where {maker} gives the {self.table.id}: answers")
        return _Thing(self.table, known)

    async def attempt(self, call: str, it: _Thing) -> Answer:
        """Make a call about a thing, whatever the answer is."""
        answer, _ = await attempt(self.case, self.user, self.call(call), it.known)
        return answer

    async def where_it_is_allowed(self, call: str) -> Answer:
        """The same call about another thing, whose state allows it."""
        state = next(state for state in self.table.ways if state in self.table.moves[call])
        return await self.attempt(call, await self.brought_to(state, [call]))

    def is_answered(self, call: str) -> bool:
        """Whether a refusal can be told; an event of a client that nothing acknowledges is only to have no effect."""
        operation = self.call(call)
        if operation.event is None:
            return True
        event = self.case.system.event(operation.path, Direction.RECEIVE, operation.event)
        return event is None or event.ack is not None

    def told(self, it: _Thing, since: float) -> Iterator[str]:
        """The events about it that came to anybody since then. Raises Inconclusive where that cannot be known."""
        for line in self.lines.values():
            if not line.is_open:
                raise Inconclusive(f"{line.name} ended, so what was sent cannot be known")
            yield from _news(self.case, line, it, since)


@each_system("states", "thing")
async def test_what_its_state_does_not_allow_is_refused_and_tells_nothing(case: Case, thing: str) -> None:
    """From each state; a call that would lead to the state itself may also be accepted, as done already."""
    table, user = case.system.states[thing], await case.user()
    lines = {user: await user.connect(acknowledges=True)}
    for person in _who_acts(case, table, user):
        with suppress(Inconclusive):  # nobody could tell what they were not sent
            line = await person.connect(acknowledges=True)
            await case.canary(person)
            lines[person] = line
    scene = _Scene(case, table, user, lines)
    is_tried, unseen = False, None
    for state in table.ways:
        try:
            is_tried |= await _tried(scene, state)
        except Inconclusive as unclear:  # another state may show more
            unseen = unclear
    if unseen is not None:
        raise unseen
    if not is_tried:
        raise NotTestable(f"the target has none of the calls that would have to be refused for a {thing}")


def _who_acts(case: Case, table: States, user: Person) -> list[Person]:
    """Whoever makes a call of the table for the user, where the channel is for those; but for the admins."""
    found = [user]
    for call in (*table.made, *table.moves):
        with suppress(NotTestable):  # nobody acts for its role
            found.append(case.caller(case.system.called(table, call), user))
    others = [person for person in dict.fromkeys(found) if person is not user and person.role != ADMIN]
    return [person for person in others if case.is_open_to(case.system.name, person)]


async def _tried(scene: _Scene, state: str) -> bool:
    """Try all that a state does not allow; whether the target has any such call."""
    case, table, there = scene.case, scene.table, scene.case.target.operations
    forbidden = [call for call in table.forbids(state) if table.operation(call) in there]
    again = [call for call in table.repeats(state) if table.operation(call) in there]
    if not forbidden and not again:
        return False
    it, because = await scene.brought_to(state, [*forbidden, *again]), f"although the {table.thing} is {state}"
    await case.canary(*scene.lines)
    since = case.now
    refused = {}
    for call in forbidden:
        answer = await scene.attempt(call, it)
        if scene.is_answered(call):
            refused[call] = answer.must_not_be_done(because, Refusal.VALUE)
    for call in again:
        (await scene.attempt(call, it)).must_be_an_answer()
    await case.canary(*scene.lines)
    if sent := list(scene.told(it, since)):
        raise ContractViolation(
            f"something was sent {because}, and {' or '.join([*forbidden, *again])} leads nowhere from there",
            expected="nothing",
            observed=", ".join(sent),
        )
    for call, answer in refused.items():
        await answer.must_be_refused_beside(partial(scene.where_it_is_allowed, call), because, Refusal.VALUE)
    return True


def _news(case: Case, line: Line, it: _Thing, since: float) -> Iterator[str]:
    """The events about it that came since then for the first time: what is owed an acknowledgement may come again."""
    before: list[tuple[str, Any]] = []
    for received in line.received:
        event = case.system.event(line.channel, Direction.SEND, received.name)
        if event is None or not it.is_told(event, received.payload):
            continue
        said = (received.name, event.content(received.payload))
        if received.at >= since and said not in before:
            yield received.name
        before.append(said)
