"""`eventproof demo`."""

from pathlib import Path

import click

from .duration import Duration
from .output import finish, json_option, results_option


@click.command()
@click.option("--users", type=click.IntRange(min=1), default=200, show_default=True, help="Simulated users.")
@click.option("--run-time", type=Duration(), default="20s", show_default=True, help="How long the swarm goes on.")
@results_option
@json_option
def demo(users: int, run_time: float, results: Path | None, as_json: bool) -> int:
    """Server, check, short swarm, report: the first minutes."""
    from eventproof.demo import demo

    both, written = demo(users=users, run_time=run_time, results=results)
    return finish(both, written, as_json)
