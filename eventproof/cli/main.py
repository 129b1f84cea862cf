"""Runs one command line: our exceptions become a sentence on standard error and a code of `verdict.ExitCode`."""

import os
import sys
from pathlib import Path

import click

from eventproof import __version__
from eventproof.errors import EventproofError
from eventproof.interruption import HEEDED
from eventproof.legible import legible
from eventproof.verdict import ExitCode

from .check import check
from .compare import compare
from .contract import contract
from .demo import demo
from .init import init
from .mock import mock
from .output import to_reader_of
from .serve import serve
from .swarm import swarm
from .watch import watch

__all__ = ["main", "run"]

DEBUG_VARIABLE = "EVENTPROOF_DEBUG"


class _Group(click.Group):
    """The verbs in the order of their first use, which is that in which they were added."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(self.commands)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, package_name="eventproof")
def eventproof() -> None:
    """Proves that a real-time back end keeps its contract, alone and under load.

    Exit codes: 0 pass, 1 failed, 2 wrong usage or configuration, 3 incomplete or invalid,
    4 target unavailable or a fault of ours, 130 interrupted.
    """


for _verb in (demo, check, swarm, watch, compare, serve, mock, init, contract):
    eventproof.add_command(_verb)


def main() -> None:
    """The console script `eventproof`; never returns."""
    _open_streams()
    with HEEDED.listening(owned=True):
        code = run(sys.argv[1:])
    sys.exit(ExitCode.INTERRUPTED if HEEDED.was_asked else code)


def _open_streams() -> None:
    """Whoever closed a stream wants to hear nothing of it; what an encoding cannot say is shown as an escape."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - until the end
        else:
            legible(stream)


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
        HEEDED.accept()
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


def _say(text: str) -> None:
    from eventproof.report.visible import sentence

    with to_reader_of(sys.stderr):
        click.echo(f"eventproof: {sentence(text)}", err=True)


def _raise_for_debugging() -> None:
    if os.environ.get(DEBUG_VARIABLE):
        raise
