"""`eventproof init`."""

from pathlib import Path

import click

from eventproof.errors import UsageError

from .output import say


@click.command()
@click.option("--force", is_flag=True, help="Replace a profile that is there.")
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path), default="eventproof.toml")
def init(path: Path, force: bool) -> None:
    """Write a profile to fill in, with what each setting is for."""
    from eventproof import profile

    if path.exists() and not force:
        raise UsageError(f"{path} is there already; --force replaces it")
    try:
        path.write_text(profile.template(), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from error
    say(f"wrote {path}; fill it in, then try `eventproof check --dry-run {path}`")
