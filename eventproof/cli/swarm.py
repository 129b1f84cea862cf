"""`eventproof swarm`."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import click

from eventproof.verdict import ExitCode

from .duration import Duration
from .output import dumped, finish, json_option, results_option, say
from .target import chosen, target_options, typed

_SCENARIO = "ban_storm"


@click.command()
@click.argument("scenario", required=False, metavar="[SCENARIO]")
@target_options
@click.option("--users", type=click.IntRange(min=1), default=100, show_default=True, help="Simulated users.")
@click.option(
    "--admins", type=click.IntRange(min=1), help="Simulated admins; 2, or one a process, unless told otherwise."
)
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
@results_option
@json_option
@click.option("--list", "listed", is_flag=True, help="Name the scenarios, or what SCENARIO measures, and leave.")
def swarm(
    scenario: str | None,
    target: str | None,
    reference: bool,
    fault: str | None,
    environment: str | None,
    users: int,
    admins: int | None,
    spawn_rate: float,
    run_time: float,
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
        say(_listed(scenario, as_json=as_json))
        return ExitCode.PASS
    scenario = scenario or _SCENARIO
    admins = admins or max(2, processes)
    if target is None and ("://" in scenario or scenario.endswith(".toml")):
        scenario, target = _SCENARIO, scenario
    options = (
        *("--users", str(users), "--admins", str(admins), "--spawn-rate", f"{spawn_rate:g}"),
        *("--run-time", f"{run_time:g}s", "--processes", str(processes), "--seed", str(seed)),
        *(part for line in objectives for part in ("--objective", line)),
        *(part for setting in settings for part in ("--option", setting)),
    )
    with (
        chosen(target, reference, fault, seed_users=users + 2 * max(admins, processes), quick=False) as given,
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


def _listed(scenario: str | None, *, as_json: bool) -> str:
    """The scenarios; or what one of them measures, is asked for and can be told."""
    from eventproof.load import run
    from eventproof.load.objectives import GRAMMAR

    if scenario is None:
        known = run.scenarios()
        return dumped(known) if as_json else "\n".join(f"{name}  {about}" for name, about in known.items())
    told = run.describe(scenario)
    if as_json:
        return dumped(asdict(told))
    events = dict.fromkeys(told.events, "from the intended time of its cause to each session that is told")
    chapters: dict[str, str] = {
        "Options (--option NAME=VALUE)": _table(told.options),
        "Latencies": _table({**told.latencies, **events}),
        "Counts": _table(told.counts),
        "Objectives, where none is given about the same": "\n".join(f"  {line}" for line in told.objectives),
        "How an objective is written (--objective LINE)": "\n".join(f"  {line}" for line in GRAMMAR.splitlines()),
    }
    about = f"{scenario} is about {' and '.join(told.systems)}{', in steps' if told.has_steps else ''}."
    return "\n\n".join((about, *(f"{title}\n{text}" for title, text in chapters.items() if text)))


def _table(rows: Mapping[str, str]) -> str:
    width = max(map(len, rows), default=0)
    return "\n".join(f"  {name:{width}}  {told}" for name, told in rows.items())
