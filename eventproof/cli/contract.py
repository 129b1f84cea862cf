"""`eventproof contract list | show | validate | sample | diff`."""

import click

from eventproof.errors import UsageError
from eventproof.verdict import ExitCode

from .output import dumped, json_option, say


@click.group()
def contract() -> None:
    """What the contracts say of events and of calls, and whether a payload fits."""


@contract.command("list")
@click.option("--system", "systems", multiple=True, metavar="NAME", help="Of this system alone; may be repeated.")
@json_option
def contract_list(systems: tuple[str, ...], as_json: bool) -> None:
    """Every event, with its direction and what it says, and every call, with who makes it."""
    from eventproof import catalog, contract, contract_calls

    known = catalog.load()
    rows = contract.listing(known, systems or None) + contract_calls.listing(known, systems or None)
    say(dumped(rows) if as_json else contract.listing_text(rows))


@contract.command("show")
@click.argument("name")
@json_option
def contract_show(name: str, as_json: bool) -> None:
    """Everything that the contract says of an event, or of a call and how a profile says where it differs."""
    from eventproof import catalog, contract

    data, text = contract.described(catalog.load(), name)
    say(dumped(data) if as_json else text)


@contract.command("validate")
@click.argument("event")
@click.argument("file", metavar="FILE")
@json_option
def contract_validate(event: str, file: str, as_json: bool) -> ExitCode:
    """Whether the payload in FILE (JSON; - is standard input) fits the event's contract."""
    from eventproof import catalog, contract

    result = contract.validated(contract.find(catalog.load(), event), contract.read_payload(file))
    say(dumped(result) if as_json else contract.validated_text(result))
    return ExitCode.PASS if result["valid"] else ExitCode.FAIL


@contract.command("sample")
@click.argument("event")
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="The same seed, the same payload."
)
def contract_sample(event: str, seed: int) -> None:
    """A made-up payload that fits the event's contract, as JSON."""
    from eventproof import catalog, contract, samples

    say(dumped(samples.sample(contract.find(catalog.load(), event), seed)))


@contract.command("diff")
@click.argument("old", required=False)
@click.argument("new", required=False)
@click.option(
    "--fail-on",
    type=click.Choice(["breaking", "risky", "safe", "nothing"]),
    default="breaking",
    show_default=True,
    help="The least grave change that is a failure.",
)
@click.option("--rules", "listed", is_flag=True, help="Name every rule, and what it says of either direction.")
@json_option
def contract_diff(old: str | None, new: str | None, fail_on: str, listed: bool, as_json: bool) -> ExitCode:
    """What changed from OLD to NEW, and whether it breaks those who were written for OLD.

    Each is a folder of contracts; `bundled` stands for those of the engine.
    """
    from eventproof import contract_diff
    from eventproof.diff import Level, compared

    if listed:
        say(dumped(contract_diff.rules()) if as_json else contract_diff.rules_text())
        return ExitCode.PASS
    if old is None or new is None:
        raise UsageError("name two folders of contracts, OLD and NEW")
    changes = compared(contract_diff.opened(old), contract_diff.opened(new))
    say(dumped(contract_diff.data_of(changes)) if as_json else contract_diff.text_of(changes))
    is_failure = contract_diff.fails(changes, None if fail_on == "nothing" else Level(fail_on))
    return ExitCode.FAIL if is_failure else ExitCode.PASS
