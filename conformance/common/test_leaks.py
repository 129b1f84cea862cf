"""After every client has left, the server holds nothing of them."""

from eventproof.conform.case import (
    ContractViolation,
    NotTestable,
    Stage,
    Transport,
    capability,
    every_system,
    requirement,
)
from eventproof.conform.gauges import Gauges


@every_system
@capability("metrics")
@requirement("ALL-LEAK-1")
async def test_what_clients_leave_behind_is_gone(stage: Stage) -> None:
    if stage.target.metrics is None:
        raise NotTestable('the profile claims "metrics" and does not say where: path and gauges under [metrics]')
    user = await stage.user()
    token = await stage.admin.session() if stage.target.metrics.identity == "admin" else None
    async with Gauges(stage.target, token) as gauges:
        before = await gauges.read()
        lines = [await user.connect(transport) for transport in stage.transports for _ in range(4)]
        if stage.system is stage.systems[0]:  # the other doors belong to no system alone
            lines += [await user.enter(channel) for channel in stage.target.other_channels or ()]
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
        left = await gauges.fallen_to(before, stage.budgets.cleanup)
    if left:
        raise ContractViolation(
            f"{len(lines)} clients left, and something of them stays",
            expected=", ".join(f"{name} <= {before[name]:g}" for name in left),
            observed=", ".join(f"{name} = {value:g}" for name, value in left.items()),
        )
