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
@click.option("--schema", is_flag=True, help="Print the JSON Schema of the profile, its own contracts too.")
@click.option("--example", is_flag=True, help="Fill it in for the bundled server, to see how it is meant.")
@click.option("--pack", type=click.Choice(["session"]), help="One that a check without a contract needs.")
@click.option("--force", is_flag=True, help="Replace a profile that is there.")
@click.option(
    "--asyncapi", type=click.Path(path_type=Path), metavar="FILE", help="Draft it from this AsyncAPI document of yours."
)
@click.option(
    "--openapi", type=click.Path(path_type=Path), metavar="FILE", help="The calls beside it; alone: its streams."
)
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path), default="eventproof.toml")
def init(
    path: Path,
    schema: bool,
    example: bool,
    pack: str | None,
    force: bool,
    asyncapi: Path | None,
    openapi: Path | None,
) -> None:
    """Write a profile to fill in, with what each setting is for, and the schema by which editors complete it.

    The schema knows the contracts that the profile names: print it anew with --schema where these have changed.

    With --asyncapi or --openapi it is about a contract of your own: what the document cannot say is guessed, and marked
    as such.
    """
    from eventproof import catalog, own_contracts, profile, profile_schema, session_pack

    is_own = asyncapi is not None or openapi is not None
    if sum((example, pack is not None, is_own)) > 1:
        raise UsageError("--example, --pack, and --asyncapi or --openapi write profiles of different kinds: give one")

    def described(text: str | None) -> str:
        own = profile.own_contracts(path, text=text) if text is not None or path.exists() else ()
        return dumped(profile_schema.schema(catalog.load().with_own(own)))

    if schema:
        say(described(None))
        return
    if path.exists() and not force:
        raise UsageError(f"{path} is there already; --force replaces it")
    if is_own:
        text = own_contracts.drafted(path, asyncapi, openapi)
    elif pack:
        text = session_pack.template()
    else:
        text = profile.example() if example else profile.template()
    for_editors = described(text)
    try:
        path.write_text(text, encoding="utf-8")
        path.with_name(_SCHEMA).write_text(for_editors + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {error.filename or path}: {error.strerror or error}") from error
    if example:
        say(_TO_TRY.format(path=path))
        return
    if pack:
        then = f"eventproof check --pack {pack}"
    else:
        then = "eventproof contract lint" if is_own else "eventproof check --dry-run"
    say(f"wrote {path}; fill it in, then try `{then} {path}`")
