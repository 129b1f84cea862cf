"""The REST interface is what its OpenAPI document says, whatever is sent."""

import asyncio

from eventproof.conform.case import Inconclusive, Stage, requirement
from eventproof.conform.rest import Rest, document_of
from eventproof.target import Call


def _ends_sessions(call: Call) -> int:
    """What ends the token that the others need comes later."""
    return 1 if call.operation == "logout" else 2 if call.identity == "admin" else 0


@requirement("ALL-REST-1")
async def test_every_answer_is_documented(stage: Stage) -> None:
    user = await stage.user()
    stage.will_disturb(user)
    tokens = {"user": await user.another_token(), "admin": await stage.admin.session()}
    for system in stage.systems:
        rest = Rest(stage.target, document_of(stage.target, system), tokens, user.id, stage.nobody(like=user))
        sent = 0
        for call, operation in sorted(rest.operations(), key=lambda found: _ends_sessions(found[0])):
            stage.note(f"requests for {call.operation}")
            sent += await asyncio.to_thread(rest.try_out, call, operation)
        if not sent:
            raise Inconclusive("the OpenAPI document has no operation that the profile maps")
