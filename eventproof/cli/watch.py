"""`eventproof watch`."""

from pathlib import Path

import click

from .duration import Duration
from .output import finish, json_option, results_option
from .target import chosen, target_options, typed


@click.command()
@target_options
@click.option("--system", "systems", multiple=True, metavar="NAME", help="This system alone; may be repeated.")
@click.option("--for", "seconds", type=Duration(), help="How long, such as 60s; until Ctrl-C by default.")
@click.option("--people", type=click.IntRange(min=1, max=100), default=1, show_default=True, help="Of each role.")
@results_option
@json_option
def watch(
    target: str | None,
    reference: bool,
    fault: str | None,
    environment: str | None,
    systems: tuple[str, ...],
    seconds: float | None,
    people: int,
    results: Path | None,
    as_json: bool,
) -> int:
    """Listen as people of the profile, and judge what arrives by its contract. Nothing is sent but what clients owe.

    Ends on Ctrl-C, or when the time is over, with a verdict; beside it a swarm may run, or your own app.
    """
    from eventproof.conform import launch, watching
    from eventproof.interruption import HEEDED
    from eventproof.report import folder
    from eventproof.report.watching import spectating

    options = [
        *(word for name in systems for word in ("--system", name)),
        *(["--for", f"{seconds:g}s"] if seconds else []),
        *("--people", str(people)),
    ]
    with chosen(target, reference, fault) as given:
        known = launch.narrowed(launch.target_of(given, environment), systems)
        title = f"listening to {', '.join(known.systems)} at {known.base_url}"
        ends = f"for {seconds:g} s" if seconds else "until Ctrl-C"
        with folder.prepared(results, "watch") as written, spectating(f"{title} {ends}") as spectator:
            watched = watching.watch(
                known,
                people=people,
                seconds=seconds,
                results=written,
                command=typed(["watch"], target, reference, fault, environment, options),
                spectator=spectator,
            )
        HEEDED.was_expected()
    return finish(watched, written, as_json)
