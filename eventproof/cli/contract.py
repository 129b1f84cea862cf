"""`eventproof contract list | show | validate | sample`."""

import click

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
@click.argument("files", metavar="FILE…", nargs=-1, required=True)
@json_option
def contract_validate(event: str, files: tuple[str, ...], as_json: bool) -> ExitCode:
    """Whether the payload in each FILE (JSON; - is standard input) fits the event's contract."""
    from eventproof import catalog, contract

    known = contract.find(catalog.load(), event)
    results = [contract.validated(known, contract.read_payload(file)) for file in files]
    if len(files) == 1:
        say(dumped(results[0]) if as_json else contract.validated_text(results[0]))
    elif as_json:
        say(dumped([{"file": file, **result} for file, result in zip(files, results, strict=True)]))
    else:
        texts = map(contract.validated_text, results)
        say("\n".join(f"{file}: {text}" for file, text in zip(files, texts, strict=True)))
    return ExitCode.PASS if all(result["valid"] for result in results) else ExitCode.FAIL


@contract.command("sample")
@click.argument("event")
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="The same seed, the same payload."
)
def contract_sample(event: str, seed: int) -> None:
    """A made-up payload that fits the event's contract, as JSON."""
    from eventproof import catalog, contract, samples

    say(dumped(samples.sample(contract.find(catalog.load(), event), seed)))
