"""`eventproof demo`."""

from pathlib import Path

import click

from .duration import Duration
from .output import finish, json_option, objective_option, results_option


@click.command()
@click.option("--users", type=click.IntRange(min=1), default=200, show_default=True, help="Simulated users.")
@click.option("--run-time", type=Duration(), default="20s", show_default=True, help="How long the swarm goes on.")
@objective_option
@results_option
@json_option
def demo(users: int, run_time: float, objectives: tuple[str, ...], results: Path | None, as_json: bool) -> int:
    """Server, check, short swarm, report: the first minutes."""
    from eventproof.demo import demo

    both, written = demo(users=users, run_time=run_time, objectives=objectives, results=results)
    return finish(both, written, as_json)
