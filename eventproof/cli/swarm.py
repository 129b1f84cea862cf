"""`eventproof swarm`."""

from pathlib import Path

import click

from eventproof.verdict import ExitCode

from .duration import Duration
from .output import dumped, finish, json_option, results_option, say
from .target import chosen, target_options, typed

_SCENARIO = "ban_storm"


@click.command()
@click.argument("scenario", required=False, default=_SCENARIO, metavar="[SCENARIO]")
@target_options
@click.option("--users", type=click.IntRange(min=1), default=100, show_default=True, help="Simulated users.")
@click.option("--admins", type=click.IntRange(min=1), default=2, show_default=True, help="Simulated admins.")
@click.option(
    "--spawn-rate", type=click.FloatRange(min=0, min_open=True), default=50.0, show_default=True, help="A second."
)
@click.option("--run-time", type=Duration(), default="30s", show_default=True, help="Such as 30s, 5min or 1h.")
@click.option("--processes", type=click.IntRange(min=1), default=1, show_default=True, help="Workers on this machine.")
@click.option(
    "--objective", "objectives", multiple=True, metavar="LINE", help='Such as "ban_to_logout: p(99) < 250ms".'
)
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Repeat the choices of an earlier run.")
@click.option("--option", "settings", multiple=True, metavar="NAME=VALUE", help="A scenario's own, such as ban-rate=8.")
@click.option(
    "--otel", is_flag=True, help="Export to OpenTelemetry, as Locust's --otel does; see its OTEL_… variables."
)
@results_option
@json_option
@click.option("--list", "listed", is_flag=True, help="Name the scenarios, and leave.")
def swarm(
    scenario: str,
    target: str | None,
    reference: bool,
    fault: str | None,
    environment: str | None,
    users: int,
    admins: int,
    spawn_rate: float,
    run_time: float,
    processes: int,
    objectives: tuple[str, ...],
    seed: int,
    settings: tuple[str, ...],
    otel: bool,
    results: Path | None,
    as_json: bool,
    listed: bool,
) -> int:
    """Let a swarm loose on a server, and judge it by objectives.

    SCENARIO is one of `--list` or the path of a locustfile; ban_storm by default.
    """
    from eventproof.load import run
    from eventproof.report import folder
    from eventproof.report.live import watching

    if listed:
        known = run.scenarios()
        say(dumped(known) if as_json else "\n".join(f"{name}  {about}" for name, about in known.items()))
        return ExitCode.PASS
    if target is None and ("://" in scenario or scenario.endswith(".toml")):
        scenario, target = _SCENARIO, scenario
    options = (
        *("--users", str(users), "--admins", str(admins), "--spawn-rate", f"{spawn_rate:g}"),
        *("--run-time", f"{run_time:g}s", "--processes", str(processes), "--seed", str(seed)),
        *(part for line in objectives for part in ("--objective", line)),
        *(part for setting in settings for part in ("--option", setting)),
        *(["--otel"] if otel else []),
    )
    with (
        chosen(target, reference, fault, seed_users=users + 2 * max(admins, processes), quick=False) as given,
        folder.prepared(results, "swarm") as written,
        watching(f"{scenario}: {users} users and {admins} admins, {run_time:g} s", run_time) as watcher,
    ):
        swarmed = run.swarm(
            scenario,
            given,
            users,
            spawn_rate,
            run_time,
            processes,
            objectives,
            written,
            environment=environment,
            admins=admins,
            seed=seed,
            options=[*(f"--{setting}" for setting in settings), *(["--otel"] if otel else [])],
            command=typed(["swarm", scenario], target, reference, fault, environment, options),
            watcher=watcher,
        )
    return finish(swarmed, written, as_json)
