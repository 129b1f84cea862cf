"""A refusal carries a code and a sentence that a person can act on, and never a stack trace."""

from collections.abc import Iterator
from typing import Any

from eventproof.actions import at
from eventproof.checks import internals
from eventproof.checks.sentence import is_code, is_sentence
from eventproof.conform.cases import (
    USER,
    Case,
    Command,
    ContractViolation,
    EndedAtOnce,
    Inconclusive,
    Kind,
    NotApplicable,
    every_system,
    requirement,
)
from eventproof.conform.connect_error import code_of, sentence_of


def _problem(code: Any, message: Any, whole: Any) -> str:
    if seen := internals.shown([code, message, whole]):
        return f"it carries a stack trace, or the error of a database: {seen[:80]!r}"
    if not is_code(code):
        return "it carries no code"
    if not is_sentence(message):
        said = f", only {message[:80]!r}" if isinstance(message, str) and message.strip() else ""
        return f"it carries no sentence{said}: it takes three words at least to say what is to be done"
    return ""


def _must_be_clear(what: str, code: Any, message: Any, whole: Any) -> None:
    if problem := _problem(code, message, whole):
        raise ContractViolation(
            f"the refusal of {what} does not help: {problem}",
            expected="a code, and a sentence that a person can act on",
            observed=str(whole)[:400],
        )


@every_system
@requirement("ALL-MSG-1")
async def test_every_refused_call_says_why(case: Case) -> None:
    """Without a token, with one that is none, and by a user whose role may not make it."""
    user = await case.user()
    parameters = await case.drivers[case.system.name].parameters(user)
    for operation in case.operations:
        call = case.target.operations[operation.id]
        if call.identity == "anyone" or isinstance(call, Command):  # a program is called by us alone
            continue
        if call.on_behalf:  # an admin's token would be tried
            continue
        await user.call_unauthenticated(operation.id, **parameters)
        await user.call(operation.id, token="no.such.token", **parameters)  # noqa: S106 - that is the point
        if not {USER, user.role} & set(operation.roles):
            await user.call(operation.id, **parameters)
    for answer in _refusals(case):
        body = answer.payload["body"]
        rest = case.target.rest
        _must_be_clear(answer.name, at(body, rest.code), at(body, rest.message), body)


@every_system
@requirement("ALL-MSG-1")
async def test_every_refused_connection_says_why(case: Case) -> None:
    if not case.target.main(case.system.name).presents_token:
        raise NotApplicable("by the profile a connection presents no token, so none is refused for it")
    user = await case.user()
    for token in (None, "no.such.token"):
        for transport in case.transports:
            what = "without a token" if token is None else "with a token that is none"
            try:
                refused = await user.connection(token, transport).refusal(what)
            except ContractViolation as accepted:
                raise Inconclusive(f"there is no refusal to judge: {accepted}") from accepted
            if isinstance(refused, EndedAtOnce):
                raise NotApplicable(f"it refuses connections by ending them, which can say nothing: {refused}")
            code, sentence = code_of(refused, case.target.rest), sentence_of(refused, case.target.rest)
            _must_be_clear(f"a connection over {transport} {what}", code, sentence, refused.data)


def _refusals(case: Case) -> Iterator[Any]:
    """Every refusal of a call in this case."""
    found = [
        record for record in case.records if record.kind is Kind.ANSWERED and 400 <= record.payload["status"] < 600
    ]
    if not found:
        raise Inconclusive("nothing was refused, so there is no refusal to judge")
    yield from found
