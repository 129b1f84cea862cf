"""`eventproof contract list | show | validate | sample | lint | diff`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from eventproof.errors import UsageError
from eventproof.verdict import ExitCode

from .output import dumped, json_option, say

if TYPE_CHECKING:
    from eventproof.catalog import Catalog, System

of_option = click.option(
    "--of", metavar="FILE", help="Of this profile's own contracts, or of this AsyncAPI document; the profile here else."
)


def _own(file: str | None) -> "tuple[System, ...]":
    """The contracts of a profile, or the one in a document; of the profile here, where none is named."""
    from eventproof import own_contracts, profile

    if file is None:
        there = profile.found()
        return () if there is None else profile.own_contracts(there)
    path = Path(file)
    return profile.own_contracts(path) if path.suffix == ".toml" else (own_contracts.contract_of(path),)


def _known(file: str | None) -> "Catalog":
    from eventproof import catalog

    return catalog.load().with_own(_own(file))


@click.group()
def contract() -> None:
    """What the contracts say of events and of calls, and whether a payload fits."""


@contract.command("list")
@click.option("--system", "systems", multiple=True, metavar="NAME", help="Of this system alone; may be repeated.")
@of_option
@json_option
def contract_list(systems: tuple[str, ...], of: str | None, as_json: bool) -> None:
    """Every event, with its direction and what it says, and every call, with who makes it."""
    from eventproof import contract, contract_calls

    known = _known(of)
    rows = contract.listing(known, systems or None) + contract_calls.listing(known, systems or None)
    say(dumped(rows) if as_json else contract.listing_text(rows))


@contract.command("show")
@click.argument("name")
@of_option
@json_option
def contract_show(name: str, of: str | None, as_json: bool) -> None:
    """Everything that the contract says of an event, or of a call and how a profile says where it differs."""
    from eventproof import contract

    data, text = contract.described(_known(of), name)
    say(dumped(data) if as_json else text)


@contract.command("validate")
@click.argument("event")
@click.argument("files", metavar="FILE…", nargs=-1, required=True)
@of_option
@json_option
def contract_validate(event: str, files: tuple[str, ...], of: str | None, as_json: bool) -> ExitCode:
    """Whether the payload in each FILE (JSON; - is standard input) fits the event's contract."""
    from eventproof import contract

    known = contract.find(_known(of), event)
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
@of_option
def contract_sample(event: str, seed: int, of: str | None) -> None:
    """A made-up payload that fits the event's contract, as JSON."""
    from eventproof import contract, samples

    say(dumped(samples.sample(contract.find(_known(of), event), seed)))


@contract.command("lint")
@click.argument("file", required=False, metavar="[FILE or PROFILE]")
@click.option("--strict", is_flag=True, help="Exit with 1 where anything is doubtful or lacking.")
@json_option
def contract_lint(file: str | None, strict: bool, as_json: bool) -> ExitCode:
    """How an AsyncAPI document is read, what is doubtful in it, and what it lacks for each check, with the line to add.

    FILE is the document, or a profile that names some; by default the profile here.
    """
    from eventproof.documents import lint
    from eventproof.errors import UsageError

    systems = _own(file)
    if not systems:
        raise UsageError("there is no contract to look at: name an AsyncAPI document, or a profile with [contracts]")
    shown = [lint.shown(system) for system in systems]
    say(dumped(shown) if as_json else "\n\n".join(map(lint.shown_text, systems)))
    return ExitCode.FAIL if strict and not all(map(lint.is_clean, systems)) else ExitCode.PASS


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

    Each is a folder of contracts, an AsyncAPI document, or a profile that names some; `bundled` stands for the
    contracts of the engine.
    """
    from eventproof import contract_diff
    from eventproof.diff import Level, compared

    if listed:
        say(dumped(contract_diff.rules()) if as_json else contract_diff.rules_text())
        return ExitCode.PASS
    if old is None or new is None:
        raise UsageError("name two folders of contracts or two AsyncAPI documents, OLD and NEW")
    changes = compared(contract_diff.opened(old), contract_diff.opened(new))
    say(dumped(contract_diff.data_of(changes)) if as_json else contract_diff.text_of(changes))
    is_failure = contract_diff.fails(changes, None if fail_on == "nothing" else Level(fail_on))
    return ExitCode.FAIL if is_failure else ExitCode.PASS
