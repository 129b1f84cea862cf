"""The REST interface is what its OpenAPI document says, whatever is sent."""

import asyncio

from eventproof.conform.case import Inconclusive, NotTestable, Stage, every_system, requirement
from eventproof.conform.rest import Rest, document_of
from eventproof.target import Call


def _ends_sessions(call: Call) -> int:
    """What ends the token that the others need comes later."""
    return 1 if call.operation == "logout" else 2 if call.identity == "admin" else 0


@every_system
@requirement("ALL-REST-1")
async def test_every_answer_is_documented(stage: Stage) -> None:
    """An operation that several systems have is tried for the first of them alone."""
    user = await stage.user()
    stage.will_disturb(user)
    theirs = await stage.plays[stage.system.name].parameters(user)
    tokens = {"user": await user.another_token(), "admin": await stage.admin.session()}
    document = document_of(stage.target, stage.system)
    rest = Rest(stage.target, document, tokens, {**theirs, "userId": user.id}, stage.nobody(like=user))
    own = {operation.id for operation in stage.operations}
    found = [(call, operation) for call, operation in rest.operations() if call.operation in own]
    sent = 0
    for call, operation in sorted(found, key=lambda pair: _ends_sessions(pair[0])):
        stage.note(f"requests for {call.operation}")
        sent += await asyncio.to_thread(rest.try_out, call, operation)
    lacking = sorted(name for name in own - {call.operation for call, _ in found} if _is_a_call(stage, name))
    if lacking:
        raise NotTestable(
            f"the OpenAPI document {stage.target.openapi or 'of ours'} has no {', '.join(lacking)}, which the profile "
            "maps: describe them there, or deny them under [operations]"
        )
    if not sent:
        raise Inconclusive("the OpenAPI document has no operation that the profile maps")


def _is_a_call(stage: Stage, operation: str) -> bool:
    return isinstance(stage.target.operations[operation], Call)
