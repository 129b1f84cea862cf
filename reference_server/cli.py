"""The command `serve`: parse, call one function."""

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import click

from eventproof.errors import UsageError

from . import descriptors, logs, seed
from .faults import FAULTS
from .limits import LIMITS
from .run import People, new_loop
from .run import serve as run
from .settings import Settings, fitted, load

SECONDS: Final = click.FloatRange(0, min_open=True)
_WITH_OPTION: Final = {line.option: line for line in LIMITS.values() if line.option}


def _limit_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options of the limits that have one."""
    for option, line in reversed(_WITH_OPTION.items()):
        told = f"{line.meaning.removesuffix('.')}; {line.shown}."
        command = click.option(option, line.name, type=SECONDS, metavar="SECONDS", help=told)(command)
    return command


@click.command()
@click.option("--host", help="The address to listen on; 127.0.0.1 by default.")
@click.option("--port", type=click.IntRange(0, 65535), help="The port; 0 takes a free one. 8080 by default.")
@click.option(
    "--database-url", metavar="URL", help="Where the data is; sqlite:///eventproof-data/server.db by default."
)
@click.option("--systems", metavar="NAMES", help="The systems to serve, separated by commas; all by default.")
@click.option(
    "--allowed-origins",
    metavar="ORIGINS",
    help="Whose web pages may use the server, separated by commas; its own always may.",
)
@click.option(
    "--config", type=click.Path(dir_okay=False, path_type=Path), help="A TOML file with the same settings, and limits."
)
@click.option(
    "--create-admin",
    metavar="EMAIL",
    help="Make an administrator; the password is asked for, or EVENTPROOF_ADMIN_PASSWORD.",
)
@click.option(
    "--seed",
    "users",
    type=click.IntRange(0, 1_000_000),
    metavar="N",
    help="Have N made-up users, and four administrators.",
)
@click.option(
    "--credentials",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where the seeded users' credentials go.",
)
@click.option("--fault", metavar="NAME", help="Misbehave in a named way, to see that a test notices.")
@click.option("--list-faults", is_flag=True, help="Name the misbehaviours, and leave.")
@_limit_options
@click.option(
    "--test-controls", is_flag=True, default=None, help="Serve what only tests need: a user's clock, failing on demand."
)
@click.option("--screens", is_flag=True, default=None, help="Serve the page at /screens/ that shows the systems.")
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]), help="info by default.")
@click.option("--limits", "show_limits", is_flag=True, help="Print every limit with these settings, and leave.")
@click.option("--attached", is_flag=True, help="Stop when standard input ends: with the program that started it.")
def serve(
    *,
    config: Path | None,
    create_admin: str | None,
    users: int | None,
    credentials: Path | None,
    list_faults: bool,
    show_limits: bool,
    attached: bool,
    **options: Any,
) -> None:
    """Run the reference server until it is told to stop.

    It listens on loopback unless told otherwise, and prints `listening on URL` when it is ready. Logs go to
    standard error, one JSON object a line.
    """
    if list_faults:
        for fault in FAULTS.values():
            click.echo(f"{fault.name:32} {fault.breaks:12} {fault.summary}")
        return
    if (users is None) != (credentials is None):
        raise UsageError("--seed and --credentials belong together: give both or neither")
    given = {name: value for name, value in options.items() if value is not None}
    for listed in {"systems", "allowed_origins"} & given.keys():
        given[listed] = [name.strip() for name in given[listed].split(",") if name.strip()]
    limits = {line.name: given.pop(line.name) for line in _WITH_OPTION.values() if line.name in given}
    settings = load(given | ({"limits": limits} if limits else {}), config)
    if show_limits:
        descriptors.raise_limit()
        click.echo("\n".join(_table(settings)))
        return
    logs.configure(settings.log_level)
    admins = [admin for admin in (seed.admin_from_environment(), _asked(create_admin)) if admin]
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(run(settings, People(admins, users or 0, credentials), attached=attached))


def _table(settings: Settings) -> Iterator[str]:
    """Every limit that holds: its value, where it is set, what it means; then what is otherwise in one system."""
    limits = fitted(settings.limits)
    for line in limits.lines():
        where = f"{line.setting}, {line.option}" if line.option else line.setting
        yield f"{line.shown:>14}  {where}\n{'':16}{line.meaning}"
    for system, otherwise in limits.by_system.items():
        for line in limits.of(system).lines():
            if line.name in otherwise:
                yield f"{line.shown:>14}  [limits.{system}] {line.name}"


def _asked(email: str | None) -> tuple[str, str] | None:
    """The admin of `--create-admin`, with the password from the environment or the terminal."""
    if email is None:
        return None
    password = os.environ.get(seed.PASSWORD_VARIABLE)
    if password is None and not sys.stdin.isatty():
        raise UsageError(f"there is no terminal to ask for the password: set {seed.PASSWORD_VARIABLE}")
    return seed.checked(email, password or click.prompt("Password", hide_input=True, confirmation_prompt=True))
