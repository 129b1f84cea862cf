"""A refusal carries a code and a sentence that a person can act on, and never a stack trace."""

import re
from collections.abc import Iterator
from typing import Any

from eventproof.actions import at
from eventproof.conform.case import ConnectionRefused, ContractViolation, Inconclusive, Kind, Stage, requirement

_TRACE = re.compile(r"Traceback \(most recent call|\bat [\w.$<>]+ ?\([^)]*:\d+(:\d+)?\)|File \"[^\"]+\", line \d+")


def _problem(code: Any, message: Any, whole: Any) -> str:
    if _TRACE.search(str(whole)):
        return "it carries a stack trace"
    if not isinstance(code, str) or not code.strip():
        return "it carries no code"
    if not isinstance(message, str) or len(message.split()) < 3:
        return "it carries no sentence"
    return ""


def _must_be_clear(what: str, code: Any, message: Any, whole: Any) -> None:
    if problem := _problem(code, message, whole):
        raise ContractViolation(
            f"the refusal of {what} does not help: {problem}",
            expected="a code, and a sentence that a person can act on",
            observed=str(whole)[:400],
        )


@requirement("ALL-MSG-1")
async def test_every_refused_call_says_why(stage: Stage) -> None:
    user = await stage.user()
    parameters = {"userId": user.id, "tier": "no-such-tier", "feature": "no-such-feature"}
    for system in stage.systems:
        for operation in system.operations:
            if stage.target.operations[operation.id].identity == "anyone":
                continue
            await user.call_unauthenticated(operation.id, **parameters)
            await user.call(operation.id, token="no.such.token", **parameters)  # noqa: S106 - that is the point
            if operation.role == "admin":
                await user.call(operation.id, **parameters)
    for answer in _refusals(stage):
        body = answer.payload["body"]
        rest = stage.target.rest
        _must_be_clear(answer.name, at(body, rest.code), at(body, rest.message), body)


@requirement("ALL-MSG-1")
async def test_every_refused_connection_says_why(stage: Stage) -> None:
    user = await stage.user()
    for token in (None, "no.such.token"):
        for transport in stage.target.socketio.transports:
            try:
                await user.knock(token, transport).open()
            except ConnectionRefused as refused:
                said = refused.data if isinstance(refused.data, dict) else {}
                code, message = at(said, "/data/code") or at(said, "/code"), said.get("message")
                nested = at(said, "/error") or {}
                _must_be_clear(
                    f"a connection over {transport}",
                    code or nested.get("code"),
                    message or nested.get("message"),
                    refused.data,
                )
            else:
                raise Inconclusive("the connection was accepted, so there is no refusal to judge")


def _refusals(stage: Stage) -> Iterator[Any]:
    """Every refusal of a call in this case."""
    found = [
        record for record in stage.records if record.kind is Kind.ANSWERED and 400 <= record.payload["status"] < 600
    ]
    if not found:
        raise Inconclusive("nothing was refused, so there is no refusal to judge")
    yield from found
