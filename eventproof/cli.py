"""The command line: parse, call one function, return its code.

Every verb returns the codes of `verdict.ExitCode`; what went wrong is one sentence on standard error.
With `--json`, results go to standard output and everything for people to standard error.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from . import __version__, layout
from .errors import EventproofError, UsageError
from .verdict import ExitCode, exit_code

DEBUG_VARIABLE = "EVENTPROOF_DEBUG"


class _Group(click.Group):
    """Turns our exceptions into a sentence and a code; imports the server's options only when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
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
    sys.exit(run(sys.argv[1:]))


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
    except BrokenPipeError:
        # Whoever read our output has gone; what was found is in the results folder.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.UNAVAILABLE
    except EventproofError as error:
        _raise_for_debugging()
        _say(str(error))
        return error.exit_code
    except Exception as error:
        _raise_for_debugging()
        _say(
            f"a fault of ours: {type(error).__name__}: {error}; set {DEBUG_VARIABLE}=1 for the trace, and please report it"
        )
        return ExitCode.UNAVAILABLE
    return int(code or 0)


def _say(sentence: str) -> None:
    click.echo(f"eventproof: {sentence}", err=True)


def _raise_for_debugging() -> None:
    if os.environ.get(DEBUG_VARIABLE):
        raise


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
_json_option = click.option("--json", "as_json", is_flag=True, help="Print results.json on standard output.")


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
@click.option("--force", is_flag=True, help="Replace a profile that is there.")
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path), default="eventproof.toml")
def init(path: Path, force: bool) -> None:
    """Write a profile to fill in: what eventproof must know of your server."""
    from . import profile

    if path.exists() and not force:
        raise UsageError(f"{path} is there already; --force replaces it")
    path.write_text(profile.template(), encoding="utf-8")
    click.echo(f"wrote {path}; fill it in, then try `eventproof check --dry-run {path}`")


@eventproof.group()
def contract() -> None:
    """What the contracts say: the events of every system, and whether a payload fits."""


@contract.command("list")
@click.option("--system", "systems", multiple=True, metavar="NAME", help="Of this system alone; may be repeated.")
@_json_option
def contract_list(systems: tuple[str, ...], as_json: bool) -> None:
    """Every event, with its direction and what it says."""
    from . import catalog, contract

    rows = contract.listing(catalog.load(), systems or None)
    click.echo(_dumped(rows) if as_json else contract.listing_text(rows))


@contract.command("show")
@click.argument("event")
@_json_option
def contract_show(event: str, as_json: bool) -> None:
    """Everything that the contract says of an event."""
    from . import catalog, contract

    shown = contract.shown(contract.find(catalog.load(), event))
    click.echo(_dumped(shown) if as_json else contract.shown_text(shown))


@contract.command("validate")
@click.argument("event")
@click.argument("file", metavar="FILE")
@_json_option
def contract_validate(event: str, file: str, as_json: bool) -> ExitCode:
    """Whether the payload in FILE (JSON; - is standard input) fits the event's contract."""
    from . import catalog, contract

    result = contract.validated(contract.find(catalog.load(), event), contract.read_payload(file))
    click.echo(_dumped(result) if as_json else contract.validated_text(result))
    return ExitCode.PASS if result["valid"] else ExitCode.FAIL


def _dumped(data: Any) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False)
