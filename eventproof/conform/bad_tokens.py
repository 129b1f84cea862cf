"""Bad tokens: each beside the same one without what is bad about it, which has to open the same channel."""

import time

from eventproof.client.aio import ConnectionRefused
from eventproof.errors import ContractViolation
from eventproof.target import Transport
from eventproof.tokens import CHANGES, Changed, forged, misfit

from .asking import GRACE
from .case import Case
from .line import EndedAtOnce, Line
from .person import Person
from .verdicts import NotTestable

__all__ = ["changed", "controlled", "must_be_how_it_refuses", "must_refuse_token"]


async def changed(case: Case, user: Person, change: str, subject: Person | None = None) -> Changed:
    """A bad token, made of the session's good one; `change` is one of `tokens.CHANGES`, `subject` somebody else.

    Raises NotTestable where it cannot be made.
    """
    other = None if subject is None else subject.id
    made = CHANGES[change](case.target, await user.session(), time.time(), other)
    if made is None:
        raise NotTestable(
            f"{change}: no such token can be made of the target's; see [jwt]: secret_env, or expired_env for an "
            "expired one; only JSON Web Tokens can be changed"
        )
    return made


async def must_refuse_token(
    case: Case, user: Person, change: str, transport: Transport | None = None, subject: Person | None = None
) -> ConnectionRefused:
    """Present a bad token, beside the same one without the change, at the same channel: how it is refused.

    Raises NotTestable where a token that is good is not taken for how it was made: the sentence says what is wrong
    in `[jwt]`; otherwise as `must_refuse`.
    """
    made = await changed(case, user, change, subject)
    good = user.connection(await user.session(), transport) if made.control is None else None
    twin = good or await controlled(case, user, made, transport)
    if made.uncontrolled:
        case.warn(f"{made.special}: {made.uncontrolled}")
    refused = await case.must_refuse(
        user.connection(made.token, transport), beside=twin, special=f"with {made.special}"
    )
    if isinstance(refused, EndedAtOnce):
        line = user.connection(forged(await user.session()), transport)
        await must_be_how_it_refuses(line, f"with {made.special}", refused)
    return refused


async def must_be_how_it_refuses(with_forged: Line, special: str, ended: EndedAtOnce) -> None:
    """Raise ContractViolation where a forged token gets no connection at all, and so this one was taken for good.

    What ended its connection then was something else, such as a timer, and what was sent meanwhile arrived.
    `with_forged` is a connection with a forged token, not open yet; `special` says what the other one was opened with.
    """
    try:
        outright = await with_forged.refusal("with a forged token")
    except ContractViolation:
        return
    if not isinstance(outright, EndedAtOnce):
        raise ContractViolation(
            f"a connection {special} was accepted, and ended only later; one with a forged token is not",
            expected=f"a refusal as of a forged token: {outright}",
            observed=str(ended),
        )


async def controlled(case: Case, user: Person, made: Changed, transport: Transport | None = None) -> Line:
    """A connection, not open yet, with the token that was made alike and is good, once it was accepted.

    Raises NotTestable where it is not.
    """
    line = user.connection(made.control, transport)
    try:
        await line.open()
        await line.must_stay(GRACE)
    except ConnectionRefused as refused:
        raise NotTestable(
            f"{misfit(case.target, await user.session())}; a good token, made as {made.special} is, was not taken: "
            f"{refused}"
        ) from refused
    await line.close()
    return user.connection(made.control, transport)
