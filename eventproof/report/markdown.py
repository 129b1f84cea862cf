"""summary.md: the run for a CI job's summary page, in the Markdown that GitHub and GitLab share."""

import re
from collections.abc import Iterable, Iterator, Sequence

from eventproof.history import Record
from eventproof.verdict import Outcome, Verdict

from . import digest
from .records import Check, Delivery, Latency, Run
from .visible import shown, spans

__all__ = ["render"]

_SIGNS: dict[Outcome, str] = {
    Outcome.PASS: "✅",
    Outcome.FAIL: "❌",
    Outcome.INVALID: "⚠️",
    Outcome.ERROR: "💥",
    Outcome.INTERRUPTED: "⏹️",
}
_MARKS: dict[Verdict, str] = {
    Verdict.PASS: "✅",
    Verdict.FAIL: "❌",
    Verdict.WARN: "⚠️",
    Verdict.NOT_TESTABLE: "❌",
    Verdict.NOT_APPLICABLE: "➖",
    Verdict.INCONCLUSIVE: "❔",
    Verdict.HARNESS_ERROR: "💥",
}
_TOLD = 20
"""How many failures are told in full: a job's summary page has a size limit."""
_FRAMES = 30
_LENGTH = 300
_SPECIAL = re.compile(r"([\\`*_\[\]#!|~$])")


def render(run: Run, _history: Iterable[Record] = ()) -> str:
    """The text of summary.md."""
    return "\n".join(_lines(run)) + "\n"


def _lines(run: Run) -> Iterator[str]:
    yield f"## {_SIGNS[run.outcome]} {run.outcome.value.upper()}: {_text(digest.headline(run))}"
    yield ""
    yield (
        f"`eventproof {run.kind}` of {_text(', '.join(run.systems))} at {_code(run.target)}, "
        f"{digest.seconds(run.seconds)}, seed {run.seed}, {_text(run.tool)}"
    )
    for note in run.notes:
        yield from ("", f"> {_text(note)}")
    yield from _objectives(run)
    yield from _requirements(run)
    yield from _failures(run)
    yield from _latency(run.latency)
    yield from _delivery(run.delivery)
    yield from ("", f"Repeat the run: {_code(run.command)}")


def _requirements(run: Run) -> Iterator[str]:
    if not run.requirements:
        return
    tally = digest.tally(run)
    yield from ("", "### Requirements", "")
    yield ", ".join(f"{count} {verdict.value}" for verdict, count in tally.items())
    notable = digest.notable(run)
    if notable:
        yield from _table(
            ("", "requirement", "level", "verdict", "reason"),
            (
                (
                    _MARKS[one.verdict],
                    _text(one.id),
                    one.level.value,
                    one.verdict.value,
                    _text(one.reason or one.sentence),
                )
                for one in notable
            ),
        )
    for line in digest.silent(run):
        yield from ("", _text(line))


def _objectives(run: Run) -> Iterator[str]:
    if run.objectives:
        yield from ("", "### Objectives")
        yield from _table(
            ("", "objective", "observed", "verdict"),
            (
                (_MARKS[one.verdict], _code(one.expression), _text(one.observed), one.verdict.value)
                for one in digest.objectives(run)
            ),
        )


def _failures(run: Run) -> Iterator[str]:
    findings = digest.findings(run)
    told = [finding for finding in findings if finding.checks and not finding.told]
    for finding in told[:_TOLD]:
        requirement = finding.requirement
        yield ""
        yield f"<details><summary><b>{_text(requirement.id)}</b> {_text(requirement.sentence)}</summary>"
        for remedy in requirement.remedies:
            yield from ("", f"Likely cause: {_prose(remedy.cause)}", "")
            yield from (f"- {_text(where)}: {_prose(what)}" for where, what in remedy.ways)
        for check in finding.checks:
            yield from _check(check)
            yield from _alike(digest.also(requirement, check), "The same is shown by")
        yield from _alike(finding.alike, "For the same reason inconclusive:")
        yield from ("", "</details>")
    if len(told) > _TOLD:
        yield from ("", f"{len(told) - _TOLD} more are told in report.html.")
    for finding in findings:
        if finding.told:
            yield from ("", f"{_text(finding.requirement.id)}: {_text(finding.pointer)}")


def _alike(names: Sequence[str], said: str) -> Iterator[str]:
    if names:
        yield from ("", f"{said} {', '.join(map(_code, names))}")


def _check(check: Check) -> Iterator[str]:
    facts = (
        ("check", check.name),
        ("reason", check.reason),
        ("expected", check.expected),
        ("observed", check.observed),
    )
    yield ""
    for name, fact in facts:
        if fact:
            yield f"- {name}: {_text(fact)}"
    if check.frames:
        yield from (
            "",
            *_block(
                f"{one.at:+9.4f} s  {one.actor}  {one.kind}  {one.told}" for one in digest.around(check.frames, _FRAMES)
            ),
        )
    if check.repeat:
        yield from ("", *_block([check.repeat]))


def _latency(latencies: Iterable[Latency]) -> Iterator[str]:
    rows = [
        (
            _text(digest.metric(one)),
            f"{one.count:,}",
            *(digest.quantile(one, field, share) for _, field, share in digest.QUANTILES),
            digest.milliseconds(one.maximum),
        )
        for one in latencies
    ]
    if rows:
        yield from ("", "### Latency in ms")
        yield from _table(("metric", "count", *(name for name, _, _ in digest.QUANTILES), "max"), rows, figures=True)


def _delivery(accounts: Sequence[Delivery]) -> Iterator[str]:
    columns = digest.columns(accounts)
    rows = [(_text(one.event), *(_column(one, column) for column in columns)) for one in accounts]
    if rows:
        yield from ("", "### Delivery")
        yield from _table(("event", *map(digest.heading, columns)), rows, figures=True)


def _column(delivery: Delivery, column: str) -> str:
    count = f"{getattr(delivery, column):,}"
    return f"**{count}**" if digest.is_wrong(delivery, column) else count


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]], *, figures: bool = False) -> Iterator[str]:
    yield ""
    yield f"| {' | '.join(header)} |"
    yield f"|{'|'.join('---:' if figures and number else '---' for number, _ in enumerate(header))}|"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _text(text: str) -> str:
    """The text as itself: no Markdown, no HTML, nobody mentioned by it."""
    plain = _SPECIAL.sub(r"\\\1", _shown(text))
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _prose(text: str) -> str:
    """A sentence in which names stand in backticks."""
    return "".join(_code(piece) if is_code else _text(piece) for piece, is_code in spans(text))


def _code(text: str) -> str:
    """The text as code within a line, where no backtick and no bar in it can end the code or a cell."""
    return f"`{_shown(text).replace('`', 'ˋ').replace('|', '¦')}`"


def _block(lines: Iterable[str]) -> Iterator[str]:
    shown = [_shown(line) for line in lines]
    longest = max((len(ticks) for line in shown for ticks in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return iter((fence, *shown, fence))


def _shown(text: str) -> str:
    return shown(text, _LENGTH)
