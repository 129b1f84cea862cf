"""`eventproof check`."""

from dataclasses import asdict
from pathlib import Path

import click

from eventproof.errors import UsageError
from eventproof.verdict import ExitCode, exit_code, outcome

from .output import baseline_option, baseline_side, dumped, finish, json_option, results_option, say
from .reports import report_option, wanted
from .target import chosen, profile_of, target_options, typed, wait_option


@click.command()
@target_options
@wait_option
@click.option("--system", "systems", multiple=True, metavar="NAME", help="This system alone; may be repeated.")
@click.option("--only", multiple=True, metavar="ID", help="This requirement or case alone; may be repeated.")
@click.option("--seed", type=click.IntRange(min=0), help="Repeat the choices of an earlier run.")
@click.option("--slow", is_flag=True, help="Run the cases too that wait for more than 20 s.")
@click.option("--hostile", is_flag=True, help="Attack with full force, where the profile allows it.")
@results_option
@baseline_option
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
    systems: tuple[str, ...],
    only: tuple[str, ...],
    seed: int | None,
    slow: bool,
    hostile: bool,
    results: Path | None,
    baseline: str | None,
    reports: tuple[str, ...],
    as_json: bool,
    listed: bool,
    explain: str | None,
    dry_run: bool,
) -> int:
    """Check that a server keeps its contract.

    The target is a URL or a profile: by default eventproof.toml here, or above up to the repository's root.
    """
    from eventproof import catalog
    from eventproof.conform import launch, listing, rehearsal, run
    from eventproof.redaction import redacted
    from eventproof.report import folder
    from eventproof.report.progress import progress
    from eventproof.report.visible import sentence

    if explain:
        entry = listing.explained(explain)
        say(dumped(asdict(entry)) if as_json else listing.explained_text(entry))
        return ExitCode.PASS
    if listed:
        contracts = catalog.load()
        names = tuple(contracts.system(name).name for name in systems or contracts.systems)
        entries = listing.listing(contracts, listing.collected(names), names)
        say(dumped([asdict(entry) for entry in entries]) if as_json else listing.listing_text(entries))
        return ExitCode.PASS
    if dry_run and (
        only or slow or hostile or reports or seed is not None or results is not None or baseline is not None
    ):
        raise UsageError(
            "--dry-run fires everything once and writes nothing: leave --only, --slow, --hostile, --seed, --results, "
            "--report and --baseline out"
        )
    wished = wanted(reports, as_json)
    before = baseline_side(baseline)
    with chosen(target, reference, fault, environment, wait) as given:
        known = launch.target_of(given, environment)
        if dry_run:
            steps = rehearsal.dry_run(launch.narrowed(known, systems))
            lines = rehearsal.text_of(steps).splitlines()
            say(dumped(redacted([*map(asdict, steps)])) if as_json else "\n".join(map(sentence, lines)))
            return exit_code(outcome(step.verdict for step in steps))
        with folder.prepared(results, "check") as written, progress() as listener:
            checked = run.check(
                known,
                systems=systems,
                only=only,
                seed=seed,
                slow=slow,
                hostile=hostile,
                results=written,
                command=typed(["check"], target, reference, fault, environment, _systems(systems)),
                listener=listener,
            )
    return finish(checked, written, as_json, wished, profile_of(target, reference), before)


def _systems(systems: tuple[str, ...]) -> list[str]:
    return [word for name in systems for word in ("--system", name)]
