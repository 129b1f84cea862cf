"""One run: the server, its witness, every attack with full force, every trouble, and kill -9 at random points."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from eventproof import port, profile, reference
from eventproof.attacks import ATTACKS, Attack, Attacker, Kind, Patience, made_apart, of_kind, place
from eventproof.target import Target
from tests.chaos.notes import Account, Notes
from tests.chaos.server import Server
from tests.chaos.table import SPARE, Row
from tests.chaos.trouble import TROUBLES, Clock, Trouble, of_clock
from tests.chaos.witness import Witness

__all__ = ["Plan", "run"]

_DOORS: Final = (
    ("studyspot", "portal", "student", '"join:role","student"'),
    ("marketplace", "orders", "user", None),
    ("plan-sync", "plans", "user", None),
)
"""One channel a wire: whose it is, its name, the role of who comes in, and a good event of theirs."""
_KILLS: Final = "kill -9 at random points"
_BACK_SECONDS: Final = 15.0
_AT_ONCE: Final = 100
_LIFE: Final = (0.05, 0.6)
"""Seconds between two kills."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run does: `whole` has a row for each attack with full force, the short form one for each kind, gently."""

    rounds: int
    seed: int
    whole: bool
    only: tuple[str, ...] = ()
    """The names of rows; none: all of them."""
    seconds: float = 30.0
    """For what is in one row, at most."""

    def has(self, name: str) -> bool:
        """Whether a row of this name is wanted."""
        return not self.only or name in self.only


async def run(plan: Plan, folder: Path, tell: Callable[[Row], None]) -> list[Row]:
    """All rows; each is told as soon as it is there."""
    clock = Clock.made(folder)
    rows: list[Row] = []

    def keep(row: Row) -> None:
        rows.append(row)
        tell(row)

    with port.kept() as at:
        server = Server(folder, at, variables=clock.variables if clock else {})
        try:
            await asyncio.to_thread(server.start, "--log-level", "warning")
            witness = await asyncio.to_thread(Witness, server)
            try:
                async with _writing(Notes(server)):  # opens what the server keeps open from then on
                    await asyncio.sleep(_LIFE[1])
                await _attacks(plan, _Scene(server, witness), keep)
                for trouble in (*TROUBLES, *of_clock(clock)):
                    if plan.has(trouble.name) and (plan.whole or not trouble.is_long):
                        keep(await _trouble(_Scene(server, witness), trouble))
            finally:
                witness.close()
            if plan.rounds and plan.has(_KILLS):
                keep(await _kills(plan, server))
        finally:
            server.stop()
    return rows


@dataclass(frozen=True, slots=True)
class _Scene:
    server: Server
    witness: Witness

    async def row(
        self,
        name: str,
        act: Callable[[], Awaitable[tuple[int, str, int]]],
        may_be_refused: Sequence[str] = (),
    ) -> Row:
        """Act, with the witness looking on: how many it was, what became of it, and what it has lost."""
        before, tracebacks = self.server.held(), self.server.tracebacks
        await asyncio.to_thread(self.witness.start)
        made, became, lost = await act()
        seen = await asyncio.to_thread(self.witness.stop)
        crashes = int(not self.server.is_alive)
        if crashes:
            await asyncio.to_thread(self.server.start, "--log-level", "warning")
        after = await asyncio.to_thread(self.server.falls_to, before.descriptors + SPARE, _BACK_SECONDS)
        worst, waited_for = seen.longest
        refused = sum(count for what, count in seen.errors.items() if what not in may_be_refused)
        return Row(
            name=name,
            made=made,
            became=became,
            crashes=crashes,
            worst=worst,
            waited_for=waited_for,
            before=before,
            after=after,
            lost=lost + seen.dropped + refused,
            tracebacks=self.server.tracebacks - tracebacks,
            remark=self.server.raised if self.server.tracebacks > tracebacks else seen.first_error,
            is_restarted=bool(crashes),
        )


async def _attacks(plan: Plan, scene: _Scene, keep: Callable[[Row], None]) -> None:
    attackers = list(_attackers(scene.server, full=plan.whole))
    parts: Iterable[tuple[str, Sequence[Attack]]]
    if plan.whole:
        parts = [(name, (attack,)) for name, attack in ATTACKS.items()]
    else:
        parts = [(kind, of_kind(kind)) for kind in Kind]
    for name, attacks in parts:
        if not plan.has(name):
            continue

        async def act(attacks: Sequence[Attack] = attacks) -> tuple[int, str, int]:
            outcomes = await made_apart(attackers, attacks, plan.seconds)
            ends = Counter(outcome.end.name.lower() for outcome in outcomes)
            reached = sum(outcome.reached_a_handler for outcome in outcomes)
            became = ", ".join(f"{count} {end}" for end, count in sorted(ends.items()))
            return len(outcomes), became + (f", {reached} REACHED A HANDLER" if reached else ""), reached

        keep(await scene.row(name, act))


def _attackers(server: Server, *, full: bool) -> Iterable[Attacker]:
    target = _target(server)
    for number, (system, channel, role, event) in enumerate(_DOORS):
        endpoint = target.channels[system, channel]
        token = server.people(role)[-1]["token"]
        stranger = place(target, endpoint, None) if number == 0 else None
        yield Attacker(place(target, endpoint, token), stranger, event, Patience(), _AT_ONCE, full)


def _target(server: Server) -> Target:
    file = server.folder / "eventproof.toml"
    file.write_text(reference.profile_text(server.url, server.secret, reference.SYSTEMS, quick=False), "utf-8")
    return profile.load(file)


@asynccontextmanager
async def _writing(notes: Notes) -> AsyncIterator[None]:
    over = asyncio.Event()
    writing = asyncio.create_task(notes.write(over))
    try:
        yield
    finally:
        over.set()
        await writing


async def _trouble(scene: _Scene, trouble: Trouble) -> Row:
    async def act() -> tuple[int, str, int]:
        notes = Notes(scene.server)
        async with _writing(notes):
            await asyncio.sleep(_LIFE[1])
            with trouble.makes(scene.server):
                await asyncio.sleep(trouble.seconds)
            await asyncio.sleep(_LIFE[1])
        account = await notes.settled()
        return 1, _told(account), account.wrong

    return await scene.row(trouble.name, act, trouble.refuses)


async def _kills(plan: Plan, server: Server) -> Row:
    """Kill it at random points, and start it again, while people write and hear."""
    moments, notes = random.Random(plan.seed), Notes(server)
    before, tracebacks = server.held(), server.tracebacks
    async with _writing(notes):
        for _ in range(plan.rounds):
            await asyncio.sleep(moments.uniform(*_LIFE))
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start, "--log-level", "warning")
    account = await notes.settled()
    return Row(
        name=_KILLS,
        made=plan.rounds,
        became=_told(account),
        crashes=0,
        worst=0.0,
        waited_for="",
        before=before,
        after=server.held(),
        lost=account.wrong,
        tracebacks=server.tracebacks - tracebacks,
        remark=f"seed {plan.seed}",
        is_restarted=True,
    )


def _told(account: Account) -> str:
    return f"{account.acknowledged} acknowledged, {account.refused} refused"
