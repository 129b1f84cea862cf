"""`eventproof check`."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eventproof.effort import MOST_PAYLOADS, PAYLOADS
from eventproof.errors import UsageError
from eventproof.verdict import ExitCode, Outcome, exit_code, outcome

from .output import baseline_option, baseline_side, dumped, finish, json_option, results_option, say
from .reports import report_option, wanted
from .target import chosen, profile_of, target_options, typed, wait_option

if TYPE_CHECKING:
    from eventproof.catalog import Catalog
    from eventproof.report.records import Run
    from eventproof.target import Target


@click.command()
@target_options
@wait_option
@click.option(
    "--pack", type=click.Choice(["session"]), help="What holds without any contract, by [session] of a profile."
)
@click.option("--system", "systems", multiple=True, metavar="NAME", help="This system alone; may be repeated.")
@click.option("--only", multiple=True, metavar="ID", help="This requirement or case alone; may be repeated.")
@click.option("--seed", type=click.IntRange(min=0), help="Repeat the choices of an earlier run.")
@click.option("--slow", is_flag=True, help="Run the cases too that wait for more than 20 s.")
@click.option("--hostile", is_flag=True, help="Attack with full force, where the profile allows it.")
@click.option(
    "--payloads",
    type=click.IntRange(1, MOST_PAYLOADS),
    default=PAYLOADS,
    show_default=True,
    metavar="N",
    help="Try so many good and so many bad payloads of each event that clients send.",
)
@results_option
@baseline_option
@click.option(
    "--against",
    metavar="OTHER",
    help="Check this server too, first, and show what differs from it: a URL, "
    "where the profile is taken to that server, or a profile.",
)
@report_option
@json_option
@click.option("--list", "listed", is_flag=True, help="Name the requirements and their cases, and leave.")
@click.option("--explain", metavar="ID", help="Tell what a requirement means and how it is checked, and leave.")
@click.option("--dry-run", is_flag=True, help="Log in, fire each action once, and say what is missing.")
def check(
    target: str | None,
    reference: bool,
    fault: str | None,
    environment: str | None,
    wait: float,
    pack: str | None,
    systems: tuple[str, ...],
    only: tuple[str, ...],
    seed: int | None,
    slow: bool,
    hostile: bool,
    payloads: int,
    results: Path | None,
    baseline: str | None,
    against: str | None,
    reports: tuple[str, ...],
    as_json: bool,
    listed: bool,
    explain: str | None,
    dry_run: bool,
) -> int:
    """Check that a server keeps its contract.

    The target is a URL or a profile: by default eventproof.toml here, or above up to the repository's root.
    """
    from eventproof import compare
    from eventproof.conform import launch, listing, rehearsal, run
    from eventproof.redaction import redacted
    from eventproof.report import folder
    from eventproof.report.progress import progress
    from eventproof.report.visible import sentence

    if pack and (systems or dry_run):
        raise UsageError("--pack is about no system, and needs no dry run: leave --system and --dry-run out")
    if against and (pack or dry_run or baseline is not None):
        raise UsageError("--against checks two servers by their contracts: leave --pack, --dry-run and --baseline out")
    if explain:
        entry = listing.explained(explain, _described(pack or _pack_of(explain), profile_of(target, reference)))
        say(dumped(asdict(entry)) if as_json else listing.explained_text(entry))
        return ExitCode.PASS
    if listed:
        contracts = _described(pack, profile_of(target, reference))
        names = tuple(contracts.system(name).name for name in systems or contracts.systems)
        entries = listing.listing(contracts, listing.collected(names, contracts), names)
        say(dumped([asdict(entry) for entry in entries]) if as_json else listing.listing_text(entries))
        return ExitCode.PASS
    if dry_run and (
        only
        or slow
        or hostile
        or reports
        or payloads != PAYLOADS
        or any(given is not None for given in (seed, results, baseline))
    ):
        raise UsageError(
            "--dry-run fires everything once and writes nothing: leave --only, --slow, --hostile, --payloads, "
            "--seed, --results, --report and --baseline out"
        )
    wished = wanted(reports, as_json)
    before = baseline_side(baseline)
    with chosen(target, reference, fault, environment, wait, pack) as given:
        other = launch.other_of(against, given, environment) if against else None
        known, about = launch.pack_of(given, environment) if pack else (launch.target_of(given, environment), None)
        if dry_run:
            steps = rehearsal.dry_run(launch.narrowed(known, systems))
            lines = rehearsal.text_of(steps).splitlines()
            say(dumped(redacted([*map(asdict, steps)])) if as_json else "\n".join(map(sentence, lines)))
            return exit_code(outcome(step.verdict for step in steps))
        again = _chosen(pack, systems)
        if other is not None and seed is None:
            seed = launch.new_seed()  # both make the same choices

        def checked(one: "Target", into: Path, further: list[str]) -> "Run":
            with progress() as listener:
                return run.check(
                    one,
                    systems=systems,
                    catalog=about,
                    only=only,
                    seed=seed,
                    slow=slow,
                    hostile=hostile,
                    payloads=payloads,
                    results=into,
                    command=typed(["check"], target, reference, fault, environment, further),
                    listener=listener,
                )

        with folder.prepared(results, "check") as written:
            if other is not None and against is not None:
                beside = folder.prepare(written / "against", "check")
                first = checked(other, beside, [*again, "--against", against])
                if first.outcome is Outcome.INTERRUPTED:
                    return finish(first, beside, as_json, wished)
                before = compare.Side("the other", (first,))
            found = checked(known, written, again)
    return finish(found, written, as_json, wished, profile_of(target, reference), before)


def _chosen(pack: str | None, systems: tuple[str, ...]) -> list[str]:
    return [*(("--pack", pack) if pack else ()), *(word for name in systems for word in ("--system", name))]


def _pack_of(requirement: str) -> str | None:
    """The pack whose requirement this is; None where it is none of a pack's."""
    from eventproof import catalog

    return next((name for name in catalog.packs() for line in catalog.pack(name) if line.id == requirement), None)


def _described(pack: str | None, named: Path | None) -> "Catalog":
    """What can be listed and explained without a target, with the contracts of the profile's own in front."""
    from eventproof import catalog, profile, session_pack

    if pack:
        return session_pack.listed()
    return catalog.load().with_own(profile.own_contracts(named) if named else ())
