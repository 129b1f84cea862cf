"""The command `serve`: parse, call one function."""

import asyncio
import os
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import click

from eventproof.errors import UsageError

from . import logs, seed
from .faults import FAULTS
from .limits import Limits
from .run import People, new_loop
from .run import serve as run
from .settings import load

SECONDS: Final = click.FloatRange(0, min_open=True)
_LIMITS: Final = frozenset(entry.name for entry in fields(Limits))


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
@click.option(
    "--heartbeat-interval", "ping_interval", type=SECONDS, metavar="SECONDS", help="From one ping to the next; 30."
)
@click.option(
    "--heartbeat-timeout", "ping_timeout", type=SECONDS, metavar="SECONDS", help="For the answer to a ping; 30."
)
@click.option(
    "--ack-first", type=SECONDS, metavar="SECONDS", help="Until what is not acknowledged is sent again; the contract's."
)
@click.option(
    "--ack-within", type=SECONDS, metavar="SECONDS", help="For which it is sent again at all; the contract's."
)
@click.option(
    "--replay-window", type=SECONDS, metavar="SECONDS", help="For which missed events can be caught up with; 300."
)
@click.option(
    "--test-controls", is_flag=True, default=None, help="Serve what only tests need: a user's clock, failing on demand."
)
@click.option("--screens", is_flag=True, default=None, help="Serve the page at /screens/ that shows the systems.")
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]), help="info by default.")
@click.option("--attached", is_flag=True, help="Stop when standard input ends: with the program that started it.")
def serve(
    *,
    config: Path | None,
    create_admin: str | None,
    users: int | None,
    credentials: Path | None,
    list_faults: bool,
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
    limits = {name: given.pop(name) for name in _LIMITS if name in given}
    settings = load(given | ({"limits": limits} if limits else {}), config)
    logs.configure(settings.log_level)
    admins = [admin for admin in (seed.admin_from_environment(), _asked(create_admin)) if admin]
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(run(settings, People(admins, users or 0, credentials), attached=attached))


def _asked(email: str | None) -> tuple[str, str] | None:
    """The admin of `--create-admin`, with the password from the environment or the terminal."""
    if email is None:
        return None
    password = os.environ.get(seed.PASSWORD_VARIABLE)
    if password is None and not sys.stdin.isatty():
        raise UsageError(f"there is no terminal to ask for the password: set {seed.PASSWORD_VARIABLE}")
    return seed.checked(email, password or click.prompt("Password", hide_input=True, confirmation_prompt=True))
