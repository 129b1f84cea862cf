"""`eventproof swarm`."""

from dataclasses import asdict
from pathlib import Path

import click

from eventproof.verdict import ExitCode

from .duration import Duration
from .output import baseline_option, baseline_side, dumped, finish, json_option, objective_option, results_option, say
from .reports import report_option, wanted
from .target import chosen, profile_of, target_options, typed, wait_option

_SCENARIO = "ban_storm"
_WORDS = "eventproof.words"
"""Where the context keeps what was typed."""


class _Swarm(click.Command):
    """Its help tells of the scenario that is named beside it, too."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[_WORDS] = tuple(args)
        return super().parse_args(ctx, args)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options of the scenario, what it measures and what it asks for."""
        words = [word for word in ctx.meta.get(_WORDS, ()) if not word.startswith("-")]
        if words:
            from eventproof.load import described, run

            known = {one.name for one in run.scenarios()}
            for word in words:
                if word in known or word.endswith(".py"):
                    formatter.write(f"\n{described.text(run.scenario_of(word))}\n")
                    return
        formatter.write("\n`eventproof swarm SCENARIO --help` tells of one scenario, `--list` of all.\n")


@click.command(cls=_Swarm)
@click.argument("scenario", required=False, metavar="[SCENARIO]")
@target_options
@wait_option
@click.option("--users", type=click.IntRange(min=1), default=100, show_default=True, help="Simulated users.")
@click.option(
    "--admins", type=click.IntRange(min=1), help="Simulated admins; 2, or one a process, unless told otherwise."
)
@click.option(
    "--spawn-rate", type=click.FloatRange(min=0, min_open=True), help="A second; 50, or the scenario's own, by default."
)
@click.option(
    "--run-time",
    type=Duration(),
    help="Such as 30s, 5min or 1h; 30s, or the scenario's own, by default. Users who come in late make it longer.",
)
@click.option("--processes", type=click.IntRange(min=1), default=1, show_default=True, help="Workers on this machine.")
@objective_option
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Repeat the choices of an earlier run.")
@click.option("--option", "settings", multiple=True, metavar="NAME=VALUE", help="A scenario's own, such as ban-rate=8.")
@click.option(
    "--otel", is_flag=True, help="Export to OpenTelemetry, as Locust's --otel does; see its OTEL_… variables."
)
@results_option
@baseline_option
@report_option
@json_option
@click.option(
    "--list", "listed", is_flag=True, help="Name the scenarios, or SCENARIO, with options, figures and objectives."
)
def swarm(
    scenario: str | None,
    target: str | None,
    reference: bool,
    fault: str | None,
    environment: str | None,
    wait: float,
    users: int,
    admins: int | None,
    spawn_rate: float | None,
    run_time: float | None,
    processes: int,
    objectives: tuple[str, ...],
    seed: int,
    settings: tuple[str, ...],
    otel: bool,
    results: Path | None,
    baseline: str | None,
    reports: tuple[str, ...],
    as_json: bool,
    listed: bool,
) -> int:
    """Let a swarm loose on a server, and judge it by objectives.

    SCENARIO is one of `--list` or the path of a locustfile; ban_storm by default.
    """
    from eventproof import extras
    from eventproof.load import described, run
    from eventproof.report import folder
    from eventproof.report.live import watching

    if listed:
        known = (run.scenario_of(scenario),) if scenario else run.scenarios()
        texts = (*map(described.text, (*known, described.common())), described.grammar())
        say(dumped([asdict(one) for one in (*known, described.common())]) if as_json else "\n\n".join(texts))
        return ExitCode.PASS
    scenario = scenario or _SCENARIO
    admins = admins or max(2, processes)
    if target is None and ("://" in scenario or scenario.endswith(".toml")):
        scenario, target = _SCENARIO, scenario
    before = baseline_side(baseline)
    extras.require("a swarm", "swarm")
    wished = wanted(reports, as_json)
    pace = run.scenario_of(scenario).pace
    spawn_rate, run_time = spawn_rate or pace.spawn_rate, run_time or pace.run_time
    options = (
        *("--users", str(users), "--admins", str(admins), "--spawn-rate", f"{spawn_rate:g}"),
        *("--run-time", f"{run_time:g}s", "--processes", str(processes), "--seed", str(seed)),
        *(part for line in objectives for part in ("--objective", line)),
        *(part for setting in settings for part in ("--option", setting)),
        *(["--otel"] if otel else []),
    )
    _say_room("http://127.0.0.1" if reference else None, target, environment, users, processes)
    with (
        chosen(
            target,
            reference,
            fault,
            environment,
            wait,
            seed_users=users + 2 * max(admins, processes),
            quick=False,
            restartable=True,
        ) as given,
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
    return finish(swarmed, written, as_json, wished, profile_of(target, reference), before)


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
