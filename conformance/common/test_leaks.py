"""After every client has left, the server holds nothing of them."""

import asyncio
from typing import Final

from eventproof.conform.cases import (
    Case,
    ContractViolation,
    Inconclusive,
    NotTestable,
    Transport,
    capability,
    every_system,
    requirement,
)
from eventproof.conform.gauges import Gauges

QUIET: Final = 8
"""Looks at gauges that should stand still, a pause apart."""
PAUSE: Final = 0.25


async def _moving(gauges: Gauges) -> list[str]:
    """The gauges that change although this run leaves the target alone."""
    first, moving = await gauges.read(), set[str]()
    for _ in range(QUIET):
        await asyncio.sleep(PAUSE)
        moving |= {name for name, value in (await gauges.read()).items() if value != first[name]}
    return sorted(moving)


@every_system
@capability("metrics")
@requirement("ALL-LEAK-1")
async def test_what_clients_leave_behind_is_gone(case: Case) -> None:
    if case.target.metrics is None:
        raise NotTestable('the profile claims "metrics" and does not say where: path and gauges under [metrics]')
    user = await case.user()
    token = await case.admin.session() if case.target.metrics.identity == "admin" else None
    async with Gauges(case.target, token) as gauges:
        before = await gauges.read()
        lines = [
            await user.connect(transport, channel=name)
            for name, endpoint in case.endpoints
            for transport in endpoint.transports
            for _ in range(4)
        ]
        if case.system is case.systems[0]:  # the further channels belong to no system alone
            lines += [await user.connect_to(channel) for channel in case.target.other_channels or ()]
        during = await gauges.read()
        unmoved = [name for name, value in during.items() if value <= before[name]]
        if unmoved:
            raise NotTestable(f"{', '.join(unmoved)} did not rise with {len(lines)} clients: name other gauges")
        for index, line in enumerate(lines):
            # A poll that is not repeated tells a server nothing until its heartbeat, so only sockets are cut.
            if index % 2 and Transport.POLLING not in line.name:
                line.drop()
            else:
                await line.close()
        left = await gauges.fallen_to(before, case.budgets.cleanup)
        if left and (moving := await _moving(gauges)):
            raise Inconclusive(
                f"{', '.join(moving)} did not fall, but moved while nobody of this run did anything: somebody else is "
                "connected at the same time"
            )
    if left:
        raise ContractViolation(
            f"{len(lines)} clients left, and something of them stays",
            expected=", ".join(f"{name} <= {before[name]:g}" for name in left),
            observed=", ".join(f"{name} = {value:g}" for name, value in left.items()),
        )
