"""`eventproof serve`: the server's own command, imported when it runs and not before."""

import click

from eventproof import layout

__all__ = ["serve"]


@click.command(add_help_option=False, context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def serve(context: click.Context, arguments: tuple[str, ...]) -> int | None:
    """Run the reference server until it is told to stop."""
    from eventproof import extras

    extras.require("`eventproof serve`", "server")
    command: click.Command = layout.reference_server("cli").serve
    code: int | None = command.main([*arguments], "serve", standalone_mode=False, parent=context.parent)
    return code
