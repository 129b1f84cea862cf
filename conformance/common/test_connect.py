"""A channel opens for a valid session token, and for nothing else: each bad one is refused beside a good one."""

from collections.abc import Iterator, Mapping
from typing import Final

from eventproof.actions import at
from eventproof.conform.bad_tokens import must_refuse_token
from eventproof.conform.case import ConnectionRefused, ContractViolation, Stage, Transport, each_system

_NO_TOKENS: Final[Mapping[str, tuple[str, str | None]]] = {
    "missing": ("without a token", None),
    "malformed": ("with a malformed token", "this.is.no-token"),
}
"""What is no token at all, in words."""


@each_system("connect", "token")
async def test_a_connection_is_refused_with_a_token_that_is(stage: Stage, token: str) -> None:
    """On each transport of the system's main channel, and with the code that the contract gives that reason."""
    for transport in _transports(stage):
        user, other = await stage.users(2)
        if token in _NO_TOKENS:
            special, presented = _NO_TOKENS[token]
            twin = user.knock(await user.session(), transport)
            refused = await stage.must_refuse(user.knock(presented, transport), beside=twin, special=special)
        else:
            refused = await must_refuse_token(stage, user, token, transport, subject=other)
        _must_say_why(stage, token, refused)


def _transports(stage: Stage) -> Iterator[Transport]:
    """An upgrade begins with polling, so that it is refused as polling is."""
    return (transport for transport in stage.transports if transport is not Transport.UPGRADE)


def _must_say_why(stage: Stage, token: str, refused: ConnectionRefused) -> None:
    code = stage.system.channels[0].refusal_of(token)
    said = at(refused.data, "/data/code")
    if code is not None and said != code:
        raise ContractViolation(
            "the refused connection does not say why by the code of the specification",
            expected=f'a CONNECT_ERROR with {{"data": {{"code": "{code}"}}}}',
            observed=str(refused.data if refused.data is not None else refused),
        )
