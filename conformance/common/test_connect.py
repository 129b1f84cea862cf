"""A channel opens for a valid session token, and for nothing else: each bad one is refused beside a good one."""

from collections.abc import Iterator, Mapping
from typing import Final

from eventproof.conform.bad_tokens import must_refuse_token
from eventproof.conform.cases import Case, ConnectionRefused, ContractViolation, Transport, each_system
from eventproof.conform.connect_error import code_in_data

_NO_TOKENS: Final[Mapping[str, tuple[str, str | None]]] = {
    "missing": ("without a token", None),
    "malformed": ("with a malformed token", "this.is.no-token"),
}
"""What is no token at all, in words."""


@each_system("connect", "token")
async def test_a_connection_is_refused_with_a_token_that_is(case: Case, token: str) -> None:
    """On each transport of the system's main channel."""
    await _refusals(case, token)


@each_system("connect-code", "token")
async def test_the_refusal_says_why_by_its_code_where_the_token_is(case: Case, token: str) -> None:
    """On each transport of the system's main channel, by the code that the contract gives that reason."""
    for refused in await _refusals(case, token):
        _must_say_why(case, token, refused)


async def _refusals(case: Case, token: str) -> list[ConnectionRefused]:
    """How a connection with such a token is refused, by each transport; raises ContractViolation where it is not."""
    found = []
    for transport in _transports(case):
        user, other = await case.users(2)
        if token in _NO_TOKENS:
            special, presented = _NO_TOKENS[token]
            twin = user.connection(await user.session(), transport)
            refused = await case.must_refuse(user.connection(presented, transport), beside=twin, special=special)
        else:
            refused = await must_refuse_token(case, user, token, transport, subject=other)
        found.append(refused)
    return found


def _transports(case: Case) -> Iterator[Transport]:
    """An upgrade begins with polling, so that it is refused as polling is."""
    return (transport for transport in case.transports if transport is not Transport.UPGRADE)


def _must_say_why(case: Case, token: str, refused: ConnectionRefused) -> None:
    code = case.system.channels[0].refusal_of(token)
    if code is not None and code_in_data(refused, case.target.rest) != code:
        raise ContractViolation(
            "the refused connection does not say why by the code of the specification",
            expected=f'a CONNECT_ERROR with {{"data": {{"code": "{code}"}}}}',
            observed=str(refused.data if refused.data is not None else refused),
        )
