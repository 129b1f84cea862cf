"""A thing goes from state to state as the contract has it; what else is tried is refused, and tells nobody anything."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from eventproof.catalog import Direction, Event, Operation, States
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
    owner: Person
    state: str
    known: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.table.thing} that is {self.state}"

    def is_told(self, event: Event, payload: Any) -> bool:
        """Whether an event is about it."""
        fields = event.fields(event.content(payload))
        named = event.subject(payload) if event.subject_name == self.table.id else fields.get(self.table.id)
        return str(named) == str(self.known[self.table.id])


@each_system("states", "thing")
async def test_what_its_state_does_not_allow_is_refused_and_tells_nothing(case: Case, thing: str) -> None:
    """From each state; a call that would lead to the state itself may also be accepted, as done already."""
    table, user = case.system.states[thing], await case.user()
    line = await user.connect(acknowledges=True)
    tried = [state for state in table.ways if await _tried(case, table, user, line, state)]
    if not tried:
        raise NotTestable(f"the target has none of the calls that would have to be refused for a {thing}")


async def _tried(case: Case, table: States, user: Person, line: Line, state: str) -> bool:
    """Try all that a state does not allow; whether the target has any such call."""
    there = case.target.operations
    forbidden = [call for call in table.forbids(state) if call in there]
    again = [call for call in table.repeats(state) if call in there]
    if not forbidden and not again:
        return False
    it = await _brought_to(case, table, user, state)
    await case.canary(user)
    since = case.now
    refused = []
    for call in forbidden:
        answer, _ = await attempt(case, user, case.system.operation(call), it.known)
        if _is_answered(case, case.system.operation(call)):
            refused.append(answer.must_not_be_done(f"although the {table.thing} is {state}", Refusal.VALUE))
    for call in again:
        answer, _ = await attempt(case, user, case.system.operation(call), it.known)
        answer.must_be_an_answer()
    await case.canary(user)
    if not line.is_open:
        raise Inconclusive(f"{line.name} ended, so what was sent cannot be known")
    if sent := list(_told(case, line, it, since)):
        raise ContractViolation(
            f"something was sent although nothing may become of a {it} by {' or '.join([*forbidden, *again])}",
            expected="nothing",
            observed=", ".join(sent),
        )
    for answer in refused:
        twin = partial(_where_it_is_allowed, case, table, user, answer.operation)
        await answer.must_be_refused_beside(twin, f"although the {table.thing} is {state}", Refusal.VALUE)
    return True


def _is_answered(case: Case, call: Operation) -> bool:
    """Whether a refusal can be told; an event of a client that nothing acknowledges is only to have no effect."""
    event = None if call.event is None else case.system.event(call.path, Direction.RECEIVE, call.event)
    return event is None or event.ack is not None


async def _where_it_is_allowed(case: Case, table: States, user: Person, call: str) -> Answer:
    """The same call about another thing, whose state allows it."""
    state = next(state for state in table.ways if state in table.moves[call])
    other = await _brought_to(case, table, user, state)
    answer, _ = await attempt(case, user, case.system.operation(call), other.known)
    return answer


async def _brought_to(case: Case, table: States, owner: Person, state: str) -> _Thing:
    """A new thing of this user that is in a state, with all that its calls need beside.

    What they cause has come by then, or had the time to.
    """
    known, is_told = begun(case.system), True
    for call in case.system.brought_to(table, state):
        _, cause = await perform(case, owner, call, known)
        is_told = is_told and await heard(case, owner.lines, caused(case, cause))
    if table.id not in known:
        raise NotTestable(f"the profile does not say where {table.ways[state][0]} gives the {table.id}: answers")
    return _Thing(table, owner, state, known)


def _told(case: Case, line: Line, it: _Thing, since: float) -> Iterator[str]:
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
