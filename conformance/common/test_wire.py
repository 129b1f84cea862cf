"""Whoever breaks a protocol hurts nobody else: each attack of the catalogue, beside witnesses on every wire."""

from functools import partial

from eventproof.attacks import End, Kind
from eventproof.conform.attacking import Attacks
from eventproof.conform.cases import Case, Inconclusive, every_system, requirement
from eventproof.conform.witnesses import Witnesses


@every_system
@requirement("ALL-WIRE-1")
async def test_what_breaks_a_protocol_ends_its_own_connection_at_most(case: Case) -> None:
    """Each on a connection of its own, many at once; gently, unless `--hostile` asks for full force."""
    witnesses, attacks = await Witnesses.of(case), await Attacks.of(case)
    async with attacks.holding(Kind.SLOW):
        for kind in Kind:
            if kind is not Kind.SLOW:
                await witnesses.while_attacked(kind, partial(attacks.make, kind))
    await witnesses.must_still_hear()
    unmade, made = attacks.made.pop(End.UNMADE, 0), attacks.made.total()
    if not made:
        raise Inconclusive("no attack could be made: the server lets nobody connect as often")
    if unmade:
        case.warn(f"ALL-WIRE-1: {unmade} of {unmade + made} attacks could not be made: the history tells why")
