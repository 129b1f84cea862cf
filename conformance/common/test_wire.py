"""Whoever breaks a protocol hurts nobody else: each attack of the catalogue, beside witnesses on every wire."""

from functools import partial

from eventproof.conform.attacking import Attacks, kinds
from eventproof.conform.cases import Case, every_system, requirement
from eventproof.conform.witnesses import Witnesses


@every_system
@requirement("ALL-WIRE-1")
async def test_what_breaks_a_protocol_ends_its_own_connection_at_most(case: Case) -> None:
    """Malformed packets, attachments, frames, many at once; `--hostile` adds slow connections, floods and bad HTTP."""
    made = kinds(case)
    witnesses, attacks = await Witnesses.of(case), await Attacks.of(case)
    for kind in made:
        await witnesses.while_attacked(attacks.by(kind), partial(attacks.make, kind))
    await witnesses.must_still_hear("; ".join(map(attacks.by, made)))
    attacks.must_have_proved()
