"""What clients send: acknowledged as the contract has it, and refused where the contract refuses it."""

from eventproof.acknowledgement import is_refusal
from eventproof.catalog import Direction, Event
from eventproof.catalog.arguments import payload_of
from eventproof.conform.accepting import refused_edges
from eventproof.conform.cases import Case, ContractViolation, Inconclusive, Line, each_event
from eventproof.conform.client_events import answer_to_bad, arguments_of, broken_of, ready_to_send


def _event(case: Case, name: str) -> Event:
    return next(known for known in case.system.events if known.name == name and known.direction is Direction.RECEIVE)


async def _good(event: Event, line: Line, payload: object) -> tuple[object, ...]:
    answer = await line.asks(event.name, *arguments_of(event, payload))
    if answer is None:
        raise ContractViolation(
            f"`{event.name}` was not acknowledged on {line.name}",
            expected="an acknowledgement in time, as the contract has it",
            observed="none",
        )
    return answer


@each_event("answer")
async def test_it_is_acknowledged(case: Case, event: str) -> None:
    """With what the contract says of the acknowledgement; a refusal of what fits is none that it says."""
    known = _event(case, event)
    user = await case.user()
    line, payload = await ready_to_send(case, user, known)
    answer = await _good(known, line, payload)
    said = payload_of(answer)
    assert known.ack is not None
    if not known.ack.fits(said):
        raise ContractViolation(
            f"the acknowledgement of `{event}` does not fit the contract",
            expected="; ".join(problem.expected for problem in known.ack.explain(said)) or "what the contract has",
            observed=str(said)[:300],
        )
    if is_refusal(answer):
        raise Inconclusive(f"`{event}` was refused, so whether a good one is acknowledged is unknown: {answer!r:.200}")


@each_event("refusal")
async def test_what_the_contract_refuses_is_refused(case: Case, event: str) -> None:
    """Beside a good one before and after it, on the same connection: refused, passed over, or the connection ends."""
    known = _event(case, event)
    wrong = broken_of(known, case.seed)[: case.payloads]
    if not wrong:
        raise Inconclusive(f"nothing can be made that `{event}` refuses")
    user = await case.user()
    for counterexample in wrong:
        line, payload = await ready_to_send(case, user, known)
        if is_refusal(await _good(known, line, payload)):
            raise Inconclusive(f"a good `{event}` is refused, so that a bad one is proves nothing")
        answer = await answer_to_bad(line, known, counterexample.payload, payload)
        if answer is not None and not is_refusal(answer):
            raise ContractViolation(
                f"`{event}` was accepted although the contract refuses it: {counterexample.breaks}",
                expected="an acknowledgement that says no, none at all, or the end of the connection",
                observed=f"{answer!r:.200} to {counterexample.payload!r:.200}",
            )
        await line.close()


@each_event("accepts")
async def test_what_its_schema_just_takes_is_accepted(case: Case, event: str) -> None:
    """A few payloads, each one place away from a good one, which is accepted before them and after one that is not."""
    refused = await refused_edges(case, await case.user(), _event(case, event))
    if refused:
        first, *others = refused
        further = [said for said in dict.fromkeys(other.edge.said for other in others) if said != first.edge.said]
        so_too = f"; so was what has {', and '.join(further)}" if further else ""
        raise ContractViolation(
            f"`{event}` was refused although its schema takes it: {first.edge.said}{so_too}",
            expected="that it is taken, like the good one before it and after it; else the schema has a rule to say",
            observed=f"{first.answer} to {first.edge.payload!r:.300}",
        )
