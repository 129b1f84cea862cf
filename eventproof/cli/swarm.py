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
    "--spawn-rate", type=click.FloatRange(min=0, min_open=True), help="A second; 50, or the scenario's own, by default."
)
@click.option("--run-time", type=Duration(), help="Such as 30s, 5min or 1h; 30s, or the scenario's own, by default.")
@click.option("--processes", type=click.IntRange(min=1), default=1, show_default=True, help="Workers on this machine.")
@click.option(
    "--objective", "objectives", multiple=True, metavar="LINE", help='Such as "ban_to_logout: p(99) < 250ms".'
)
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Repeat the choices of an earlier run.")
@click.option("--option", "settings", multiple=True, metavar="NAME=VALUE", help="A scenario's own, such as ban-rate=8.")
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
    spawn_rate: float | None,
    run_time: float | None,
    processes: int,
    objectives: tuple[str, ...],
    seed: int,
    settings: tuple[str, ...],
    results: Path | None,
    as_json: bool,
    listed: bool,
) -> int:
    """Let a swarm loose on a server, and judge it by objectives.

    SCENARIO is one of `--list` or the path of a locustfile; ban_storm by default.
    """
    from eventproof.load import run
    from eventproof.report import folder
    from eventproof.report.countdown import countdown

    if listed:
        known = run.scenarios()
        say(dumped(known) if as_json else "\n".join(f"{name}  {about}" for name, about in known.items()))
        return ExitCode.PASS
    if target is None and ("://" in scenario or scenario.endswith(".toml")):
        scenario, target = _SCENARIO, scenario
    pace = run.pace_of(scenario)
    spawn_rate, run_time = spawn_rate or pace.spawn_rate, run_time or pace.run_time
    options = (
        *("--users", str(users), "--admins", str(admins), "--spawn-rate", f"{spawn_rate:g}"),
        *("--run-time", f"{run_time:g}s", "--processes", str(processes), "--seed", str(seed)),
        *(part for line in objectives for part in ("--objective", line)),
        *(part for setting in settings for part in ("--option", setting)),
    )
    _say_room("http://127.0.0.1" if reference else None, target, environment, users, processes)
    with (
        chosen(
            target, reference, fault, seed_users=users + 2 * max(admins, processes), quick=False, restartable=True
        ) as given,
        folder.prepared(results, "swarm") as written,
        countdown(f"{scenario}: {users} users and {admins} admins, {run_time:g} s", run_time) as passed,
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
            options=[f"--{setting}" for setting in settings],
            command=typed(["swarm", scenario], target, reference, fault, environment, options),
            progress=passed,
        )
    return finish(swarmed, written, as_json)


def _say_room(url: str | None, target: str | None, environment: str | None, users: int, processes: int) -> None:
    """Say how much this machine can hold before anything starts; raises UsageError where that is not enough.

    Several connections of one user, and what is wrong with the target, are for the run to refuse.
    """
    from eventproof import profile
    from eventproof.load import capacity

    if url is None:
        place = target or profile.found()
        if place is None:
            return
        url = str(place) if "://" in str(place) else profile.load(place, environment).base_url
    room = capacity.capacity(capacity.here(), url, processes)
    click.echo(str(room), err=True)
    capacity.require_room(room, users, 0.0)
