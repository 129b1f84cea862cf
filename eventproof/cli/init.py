"""`eventproof init`."""

from pathlib import Path

import click

from eventproof.errors import UsageError

from .output import dumped, say

_SCHEMA = "eventproof.schema.json"
"""Beside the profile, where its first line tells editors to look."""


@click.command()
@click.option("--schema", is_flag=True, help="Print the JSON Schema of a profile, and leave.")
@click.option("--pack", type=click.Choice(["session"]), help="One that a check without a contract needs.")
@click.option("--force", is_flag=True, help="Replace a profile that is there.")
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path), default="eventproof.toml")
def init(path: Path, schema: bool, pack: str | None, force: bool) -> None:
    """Write a profile to fill in, with what each setting is for, and the schema by which editors complete it."""
    from eventproof import catalog, profile, profile_schema, session_pack

    described = dumped(profile_schema.schema(catalog.load()))
    if schema:
        say(described)
        return
    if path.exists() and not force:
        raise UsageError(f"{path} is there already; --force replaces it")
    try:
        path.write_text(session_pack.template() if pack else profile.template(), encoding="utf-8")
        path.with_name(_SCHEMA).write_text(described + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {error.filename or path}: {error.strerror or error}") from error
    say(f"wrote {path}; fill it in, then try `eventproof check {f'--pack {pack}' if pack else '--dry-run'} {path}`")
