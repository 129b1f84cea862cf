"""Attacks made in a process of their own: with full force they would make late whoever looks on in ours."""

import asyncio
import signal
from collections.abc import Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection

from .attack import Attack
from .attacker import Attacker
from .catalogue import ATTACKS
from .outcome import Outcome

__all__ = ["made_apart"]


async def made_apart(attackers: Sequence[Attacker], attacks: Sequence[Attack], seconds: float = 30.0) -> list[Outcome]:
    """What all of them together make; their process is gone by then, whatever happens here."""
    ours, theirs = (context := get_context("spawn")).Pipe(duplex=False)
    names = [attack.name for attack in attacks]
    process = context.Process(target=_make, args=(attackers, names, seconds, theirs), daemon=True)
    loop, there = asyncio.get_running_loop(), asyncio.Event()
    with ours:
        process.start()
        theirs.close()
        loop.add_reader(ours.fileno(), there.set)
        try:
            await there.wait()
            return _received(ours)
        finally:
            loop.remove_reader(ours.fileno())
            process.kill()
            process.join()


def _received(ours: Connection) -> list[Outcome]:
    try:
        found: list[Outcome] = ours.recv()
    except EOFError:
        raise RuntimeError("the process that attacked ended before it told what became of it") from None
    return found


def _make(attackers: Sequence[Attacker], names: Sequence[str], seconds: float, answer: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started us ends us
    answer.send(asyncio.run(_made(attackers, [ATTACKS[name] for name in names], seconds)))


async def _made(attackers: Sequence[Attacker], attacks: Sequence[Attack], seconds: float) -> list[Outcome]:
    parts = await asyncio.gather(*(attacker.make(attacks, seconds) for attacker in attackers))
    return [outcome for part in parts for outcome in part]
