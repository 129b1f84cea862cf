"""The REST interface is what its OpenAPI document says, whatever is sent."""

import asyncio
from collections.abc import Iterable
from typing import Any

from eventproof.conform.cases import ADMIN, USER, Case, Inconclusive, NotTestable, every_system, requirement
from eventproof.target import Call

_SECONDS = 90.0
"""For all requests of the case together, of the two minutes that a case has."""


def _comes_last(case: Case, call: Call) -> int:
    """What an admin does comes later, and last what ends the sessions that the others need."""
    operation = case.system.operation(call.operation)
    return 2 if operation.ends is not None else 1 if call.identity == ADMIN else 0


@every_system
@requirement("ALL-REST-1")
async def test_every_answer_is_documented(case: Case) -> None:
    """An operation that several systems have is tried for the first of them alone."""
    # Hypothesis and Schemathesis take a while to load, and no other case needs them.
    from eventproof.conform.rest import Rest, Undocumented, document_of

    document = await asyncio.to_thread(document_of, case.target, case.system)
    user = await case.user()
    case.will_disturb(user)
    theirs = await case.drivers[case.system.name].parameters(user)
    token = await user.another_token()
    further = {role: await case.acting(role).session() for role in case.system.roles if role not in (USER, user.role)}
    tokens = {USER: token, user.role: token, **further}
    rest = Rest(case.target, document, tokens, {**theirs, "userId": user.id}, case.nobody(like=user))
    own = {operation.id for operation in case.operations}
    found = [(call, operation) for call, operation in rest.operations() if call.operation in own]
    left_out, limited, unsendable, unanswered, broken = [], [], [], [], []
    end = case.now + _SECONDS
    for place, (call, operation) in enumerate(sorted(found, key=lambda pair: _comes_last(case, pair[0]))):
        case.note(f"requests for {call.operation}")
        try:
            tried = await rest.try_out(call, operation, (end - case.now) / (len(found) - place))
        except Inconclusive as silence:
            unanswered.append(str(silence))
            continue
        except Undocumented as answer:
            broken.append(answer)
            _enter(case, call, answer.made)
            continue
        _enter(case, call, tried.made)
        if not tried.answered and not tried.left_out:
            unanswered.append(f"none of the requests for {call.operation} can be sent: see its path and headers")
        elif not tried.answered:
            unanswered.append(f"there was no time for {call.operation}")
        elif tried.left_out:
            left_out.append(f"{tried.left_out} of {tried.answered + tried.left_out} for {call.operation}")
        if tried.unsendable:
            unsendable.append(f"{tried.unsendable} for {call.operation}")
        if tried.limited:
            limited.append(f"{call.operation} ({tried.limited} times)")
    if broken:
        raise broken[0].beside(broken[1:])
    if left_out:
        case.warn(f"ALL-REST-1: requests left out for lack of time: {', '.join(left_out)}")
    if unsendable:
        case.warn(f"ALL-REST-1: requests left out, which no client can send: {', '.join(unsendable)}")
    if limited:
        case.warn(f"ALL-REST-1: the server limited the rate (429) of {', '.join(limited)}; each request was repeated")
    lacking = sorted(name for name in own - {call.operation for call, _ in found} if _is_a_call(case, name))
    if lacking:
        raise NotTestable(
            f"the OpenAPI document {case.target.openapi or 'of ours'} has no {', '.join(lacking)}, which the profile "
            "maps: describe them there, or deny them under [operations]"
        )
    if unanswered:
        raise Inconclusive("; ".join(unanswered))
    if not found:
        raise Inconclusive("the OpenAPI document has no operation that the profile maps")


def _enter(case: Case, call: Call, made: Iterable[Any]) -> None:
    for body in made if case.undo.removes(call.operation) else ():
        case.enter_made(call.operation, body)


def _is_a_call(case: Case, operation: str) -> bool:
    return isinstance(case.target.operations[operation], Call)
