"""`eventproof init`."""

from pathlib import Path

import click

from eventproof.errors import UsageError

from .output import dumped, say

_SCHEMA = "eventproof.schema.json"
"""Beside the profile, where its first line tells editors to look."""

_TO_TRY = """\
wrote {path}; to try it:
  export EVENTPROOF_JWT_SECRET=$(python3 -c 'import secrets; print(secrets.token_hex(32))')
  eventproof serve --seed 20 --credentials credentials.ndjson &
  eventproof check --wait 30s --dry-run {path}"""


@click.command()
@click.option("--schema", is_flag=True, help="Print the JSON Schema of a profile, and leave.")
@click.option("--example", is_flag=True, help="Fill it in for the bundled server, to see how it is meant.")
@click.option("--force", is_flag=True, help="Replace a profile that is there.")
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path), default="eventproof.toml")
def init(path: Path, schema: bool, example: bool, force: bool) -> None:
    """Write a profile to fill in, with what each setting is for, and the schema by which editors complete it."""
    from eventproof import catalog, profile, profile_schema

    described = dumped(profile_schema.schema(catalog.load()))
    if schema:
        say(described)
        return
    if path.exists() and not force:
        raise UsageError(f"{path} is there already; --force replaces it")
    try:
        path.write_text(profile.example() if example else profile.template(), encoding="utf-8")
        path.with_name(_SCHEMA).write_text(described + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {error.filename or path}: {error.strerror or error}") from error
    if example:
        say(_TO_TRY.format(path=path))
    else:
        say(f"wrote {path}; fill it in, then try `eventproof check --dry-run {path}`")
