"""`eventproof mock`."""

import click

from eventproof.errors import UsageError
from eventproof.verdict import ExitCode

from .duration import Duration
from .output import say

__all__ = ["mock"]

_SHORTEST = 0.01


@click.command()
@click.argument("contract")
@click.option("--system", metavar="NAME", help="Which one, where CONTRACT is a profile with several.")
@click.option("--every", type=Duration(), metavar="TIME", help="Tell the events in turn, one each time, such as 1s.")
@click.option("--emit", metavar="EVENT", help="Have the mock that runs at this port tell one event now.")
@click.option("--payload", metavar="FILE", help="What it says (JSON; - is standard input); made up by default.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where it listens.")
@click.option("--port", type=click.IntRange(0, 65535), default=4000, show_default=True, help="0: any that is free.")
@click.option("--path", default="/socket.io/", show_default=True, help="That of Socket.IO.")
@click.option(
    "--origin", "origins", multiple=True, metavar="ORIGIN", help="Whose pages may connect, too; may be repeated."
)
@click.option("--for", "seconds", type=Duration(), help="How long, such as 60s; until Ctrl-C by default.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="The same seed, the same words.")
def mock(
    contract: str,
    system: str | None,
    every: float | None,
    emit: str | None,
    payload: str | None,
    host: str,
    port: int,
    path: str,
    origins: tuple[str, ...],
    seconds: float | None,
    seed: int,
) -> ExitCode:
    """Serve the channels of CONTRACT with made-up events: a stand-in for the server, for whoever writes a client.

    CONTRACT is an AsyncAPI document, a profile with one, or a bundled system. What clients send is held against it, and
    what is wrong is said in a line: the exit code is 1 then. Rooms, acknowledgements and what follows from a client's
    event are as the contract has them.
    """
    from eventproof import extras

    extras.require("`eventproof mock`", "server")
    if payload is not None and emit is None:
        raise UsageError("--payload is for --emit: name the event that says it")
    if every is not None and every < _SHORTEST:
        raise UsageError("--every must be 10ms at least")
    from eventproof import samples
    from eventproof.contract import read_payload
    from eventproof.mock import control, serving
    from eventproof.mock.contracts import contract as found

    known = found(contract, system)
    if emit is not None:
        said = samples.NONE if payload is None else read_payload(payload)
        reached = control.ask(host, port, emit, said)
        say(f"{emit} was told to {reached or 'nobody'}")
        return ExitCode.PASS
    options = serving.Options(host, port, path, origins, every, seconds, seed)
    tally = serving.serve(known, options, say)
    say(str(tally))
    return ExitCode.FAIL if tally.wrong else ExitCode.PASS
