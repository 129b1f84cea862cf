"""The command line: parse, call one function, return its code.

Every verb returns the codes of `verdict.ExitCode`; what went wrong is one sentence on standard error.
With `--json`, results go to standard output and everything for people to standard error.
"""

import json
import os
import shlex
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, TextIO

import click

from . import __version__, layout
from .errors import EventproofError, UsageError
from .verdict import ExitCode, exit_code, outcome

if TYPE_CHECKING:
    from .report.records import Run

DEBUG_VARIABLE = "EVENTPROOF_DEBUG"


class _Group(click.Group):
    """Turns our exceptions into a sentence and a code; imports the server's options only when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return ["demo", "check", "swarm", "serve", "init", "contract"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name == "serve":
            command: click.Command = layout.reference_server("cli").serve
            return command
        return super().get_command(ctx, cmd_name)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, package_name="eventproof")
def eventproof() -> None:
    """Proves that a real-time back end keeps its contract, alone and under load.

    Exit codes: 0 pass, 1 failed, 2 wrong usage or configuration, 3 incomplete or invalid,
    4 target unavailable or a fault of ours, 130 interrupted.
    """


def main() -> None:
    """The console script `eventproof`; never returns."""
    for ending in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(ending) is signal.SIG_DFL:
            signal.signal(ending, _like_ctrl_c)
    sys.exit(run(sys.argv[1:]))


def _like_ctrl_c(number: int, frame: FrameType | None) -> None:
    """A CI that cancels, a terminal that closes: results are written, and what we started is stopped."""
    ctrl_c = signal.getsignal(signal.SIGINT)
    (ctrl_c if callable(ctrl_c) else signal.default_int_handler)(number, frame)


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code."""
    try:
        code = eventproof.main(arguments, prog_name="eventproof", standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return ExitCode.USAGE
    except (KeyboardInterrupt, click.Abort):
        _say("interrupted")
        return ExitCode.INTERRUPTED
    except EventproofError as error:
        _raise_for_debugging()
        _say(str(error))
        return error.exit_code
    except Exception as error:
        _raise_for_debugging()
        _say(f"a fault of ours: {type(error).__name__}: {error}; {DEBUG_VARIABLE}=1 shows the trace; please report it")
        return ExitCode.UNAVAILABLE
    return int(code or 0)


def _say(sentence: str) -> None:
    click.echo(f"eventproof: {sentence}", err=True)


@contextmanager
def _to_reader_of(stream: TextIO) -> Iterator[None]:
    """Print to someone who may have seen enough (`| head`): the exit code stays what it is."""
    try:
        yield
        stream.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _print(text: str) -> None:
    with _to_reader_of(sys.stdout):
        click.echo(text)


def _raise_for_debugging() -> None:
    if os.environ.get(DEBUG_VARIABLE):
        raise


class _Duration(click.ParamType[float]):
    """Seconds, written as in a profile; a bare number is seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        from . import settings

        try:
            return float(value) if str(value).isdigit() else settings.seconds(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


def _options(*decorators: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def decorate(function: Any) -> Any:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


_target_options = _options(
    click.argument("target", required=False, metavar="[PROFILE or URL]"),
    click.option(
        "--reference", is_flag=True, help="Start the bundled server on a free port and take it as the target."
    ),
    click.option(
        "--fault", metavar="NAME", help="A misbehaviour of the bundled server; `serve --list-faults` names them."
    ),
    click.option("--environment", metavar="NAME", help="A named environment of the profile (local, staging, …)."),
)
_results_option = click.option(
    "--results",
    type=click.Path(file_okay=False, path_type=Path),
    help="The results folder; eventproof-results/… by default.",
)
_json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON on standard output: results.json, or what else was asked for."
)


@contextmanager
def _profile(target: str | None, reference: bool, fault: str | None, **server: Any) -> Iterator[str]:
    """What the caller named as a target: a profile's path or a URL, or the bundled server while it runs."""
    from . import reference as bundled

    if fault and not reference:
        raise UsageError("--fault is of the bundled server: add --reference")
    if reference and target:
        raise UsageError("give either a target or --reference, not both")
    if reference:
        with bundled.start(fault=fault, **server) as running:
            yield str(running.profile)
    elif target:
        yield target
    elif Path("eventproof.toml").is_file():
        yield "eventproof.toml"
    else:
        raise UsageError(
            "no target: name a profile or a URL, write eventproof.toml here with `eventproof init`, or try --reference"
        )


@eventproof.command()
@_target_options
@click.option("--system", "systems", multiple=True, metavar="NAME", help="This system alone; may be repeated.")
@click.option("--only", multiple=True, metavar="ID", help="This requirement or case alone; may be repeated.")
@click.option("--seed", type=click.IntRange(min=0), help="Repeat the choices of an earlier run.")
@_results_option
@_json_option
@click.option("--list", "listed", is_flag=True, help="Name the requirements and their cases, and leave.")
@click.option("--explain", metavar="ID", help="Tell what a requirement means and how it is checked, and leave.")
@click.option("--dry-run", is_flag=True, help="Log in, fire each action once, and say what is missing.")
def check(
    target: str | None,
    reference: bool,
    fault: str | None,
    environment: str | None,
    systems: tuple[str, ...],
    only: tuple[str, ...],
    seed: int | None,
    results: Path | None,
    as_json: bool,
    listed: bool,
    explain: str | None,
    dry_run: bool,
) -> int:
    """Check that a server keeps its contract.

    The target is a profile (eventproof.toml here by default) or a URL.
    """
    from . import catalog
    from .conform import launch, listing, rehearsal, run
    from .report import folder
    from .report.progress import progress

    if explain:
        entry = listing.explained(explain)
        _print(_dumped(asdict(entry)) if as_json else listing.explained_text(entry))
        return ExitCode.PASS
    if listed:
        contracts = catalog.load()
        chosen = tuple(contracts.system(name).name for name in systems or contracts.systems)
        entries = listing.listing(contracts, listing.collected(chosen), chosen)
        _print(_dumped([asdict(entry) for entry in entries]) if as_json else listing.listing_text(entries))
        return ExitCode.PASS
    with _profile(target, reference, fault) as given:
        known = launch.target_of(given, environment)
        if dry_run:
            steps = rehearsal.dry_run(launch.narrowed(known, systems))
            _print(_dumped([asdict(step) for step in steps]) if as_json else rehearsal.text_of(steps))
            return exit_code(outcome(step.verdict for step in steps))
        with folder.prepared(results, "check") as written, progress() as listener:
            checked = run.check(
                known,
                systems=systems,
                only=only,
                seed=seed,
                results=written,
                command=_command(["check"], target, reference, fault, environment),
                listener=listener,
            )
    return _finish(checked, written, as_json)


_SCENARIO = "ban_storm"


@eventproof.command()
@click.argument("scenario", required=False, default=_SCENARIO, metavar="[SCENARIO]")
@_target_options
@click.option("--users", type=click.IntRange(min=1), default=100, show_default=True, help="Simulated users.")
@click.option("--admins", type=click.IntRange(min=1), default=2, show_default=True, help="Simulated admins.")
@click.option(
    "--spawn-rate", type=click.FloatRange(min=0, min_open=True), default=50.0, show_default=True, help="A second."
)
@click.option("--run-time", type=_Duration(), default="30s", show_default=True, help="Such as 30s, 5min or 1h.")
@click.option("--processes", type=click.IntRange(min=1), default=1, show_default=True, help="Workers on this machine.")
@click.option(
    "--objective", "objectives", multiple=True, metavar="LINE", help='Such as "ban_to_logout: p(99) < 250ms".'
)
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Repeat the choices of an earlier run.")
@click.option("--option", "settings", multiple=True, metavar="NAME=VALUE", help="A scenario's own, such as ban-rate=8.")
@_results_option
@_json_option
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
    results: Path | None,
    as_json: bool,
    listed: bool,
) -> int:
    """Let a swarm loose on a server, and judge it by objectives.

    SCENARIO is one of `--list` or the path of a locustfile; ban_storm by default.
    """
    from .load import run
    from .report import folder
    from .report.countdown import countdown

    if listed:
        known = run.scenarios()
        _print(_dumped(known) if as_json else "\n".join(f"{name}  {about}" for name, about in known.items()))
        return ExitCode.PASS
    if target is None and ("://" in scenario or scenario.endswith(".toml")):
        scenario, target = _SCENARIO, scenario
    options = (
        *("--users", str(users), "--admins", str(admins), "--spawn-rate", f"{spawn_rate:g}"),
        *("--run-time", f"{run_time:g}s", "--processes", str(processes), "--seed", str(seed)),
        *(part for line in objectives for part in ("--objective", line)),
        *(part for setting in settings for part in ("--option", setting)),
    )
    with (
        _profile(target, reference, fault, seed_users=users + 2 * max(admins, processes)) as given,
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
            command=_command(["swarm", scenario], target, reference, fault, environment, options),
            progress=passed,
        )
    return _finish(swarmed, written, as_json)


@eventproof.command()
@click.option("--users", type=click.IntRange(min=1), default=200, show_default=True, help="Simulated users.")
@click.option("--run-time", type=_Duration(), default="20s", show_default=True, help="How long the swarm goes on.")
@_results_option
@_json_option
def demo(users: int, run_time: float, results: Path | None, as_json: bool) -> int:
    """Server, check, short swarm, report: the first minute."""
    from .demo import demo

    both, written = demo(users=users, run_time=run_time, results=results)
    return _finish(both, written, as_json)


@eventproof.command()
@click.option("--force", is_flag=True, help="Replace a profile that is there.")
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path), default="eventproof.toml")
def init(path: Path, force: bool) -> None:
    """Write a profile to fill in, with what each setting is for."""
    from . import profile

    if path.exists() and not force:
        raise UsageError(f"{path} is there already; --force replaces it")
    try:
        path.write_text(profile.template(), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from error
    _print(f"wrote {path}; fill it in, then try `eventproof check --dry-run {path}`")


def _command(
    verb: Iterable[str],
    target: str | None,
    reference: bool,
    fault: str | None,
    environment: str | None,
    options: Iterable[str] = (),
) -> str:
    """What a person typed, to be typed again."""
    named = ["--reference", *(["--fault", fault] if fault else [])] if reference else [target] if target else []
    where = ["--environment", environment] if environment else []
    return shlex.join(["eventproof", *verb, *named, *where, *options])


def _finish(run: "Run", folder: Path, as_json: bool) -> int:
    """Say what came of a run, and return its code."""
    from .report import terminal

    people = sys.stderr if as_json else sys.stdout
    with _to_reader_of(people):
        terminal.print_summary(run, report=folder / "report.html", stream=people)
    if as_json:
        _print((folder / "results.json").read_text("utf-8").rstrip())
    return exit_code(run.outcome)


@eventproof.group()
def contract() -> None:
    """What the contracts say of events, and whether a payload fits."""


@contract.command("list")
@click.option("--system", "systems", multiple=True, metavar="NAME", help="Of this system alone; may be repeated.")
@_json_option
def contract_list(systems: tuple[str, ...], as_json: bool) -> None:
    """Every event, with its direction and what it says."""
    from . import catalog, contract

    rows = contract.listing(catalog.load(), systems or None)
    _print(_dumped(rows) if as_json else contract.listing_text(rows))


@contract.command("show")
@click.argument("event")
@_json_option
def contract_show(event: str, as_json: bool) -> None:
    """Everything that the contract says of an event."""
    from . import catalog, contract

    shown = contract.shown(contract.find(catalog.load(), event))
    _print(_dumped(shown) if as_json else contract.shown_text(shown))


@contract.command("validate")
@click.argument("event")
@click.argument("file", metavar="FILE")
@_json_option
def contract_validate(event: str, file: str, as_json: bool) -> ExitCode:
    """Whether the payload in FILE (JSON; - is standard input) fits the event's contract."""
    from . import catalog, contract

    result = contract.validated(contract.find(catalog.load(), event), contract.read_payload(file))
    _print(_dumped(result) if as_json else contract.validated_text(result))
    return ExitCode.PASS if result["valid"] else ExitCode.FAIL


@contract.command("sample")
@click.argument("event")
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="The same seed, the same payload."
)
def contract_sample(event: str, seed: int) -> None:
    """A made-up payload that fits the event's contract, as JSON."""
    from . import catalog, contract, samples

    _print(_dumped(samples.sample(contract.find(catalog.load(), event), seed)))


def _dumped(data: Any) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False, default=str)
