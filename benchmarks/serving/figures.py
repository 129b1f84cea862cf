"""Figures: what was measured, round by round, and the table of it. Pure."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from statistics import median
from typing import Final

__all__ = ["BUSY", "Figure", "Results", "Row", "percentile", "rate_rows", "spread", "table"]

BUSY: Final = 0.9
"""From this share of its core on, the client may be what was measured."""
_NOTHING: Final = "–"
_MARK: Final = " †"
_FAILED: Final = " ✗"
"""Beside what was measured in other rounds, where one has failed."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    name: str
    """What `--rows` calls it."""
    title: str
    more_is_better: bool = False
    digits: int = 2


def rate_rows(name: str, title: str) -> list[Row]:
    """The rows of a rate: by the clock, and by what the server used of its processor."""
    return [
        Row(name, title, more_is_better=True, digits=0),
        Row(f"{name}-cpu", "… for a second of the server's processor", more_is_better=True, digits=0),
    ]


@dataclass(frozen=True, slots=True)
class Figure:
    """One value of a row, with the share of its core that the client used meanwhile."""

    row: str
    value: float
    client: float


@dataclass(slots=True)
class Results:
    """What was measured: by row and server, a figure a round, or why there is none."""

    made: dict[str, str] = field(default_factory=dict)
    """What they are of: the machine, the sizes, and each server with its version."""
    figures: dict[tuple[str, str], dict[int, Figure]] = field(default_factory=dict)
    failed: dict[tuple[str, str], dict[int, str]] = field(default_factory=dict)
    """Why a row was not measured that the server has."""
    lacking: dict[tuple[str, str], str] = field(default_factory=dict)
    """Why a server cannot have a row."""

    def be_of(self, made: Mapping[str, str]) -> None:
        """They are of this, too. Raises ValueError where what there is, is of something else."""
        for what, which in made.items():
            there = self.made.get(what, which)
            if there != which:
                raise ValueError(f"it has figures of {what} {there}, and these would be of {which}")
        self.made.update(made)

    def add(self, server: str, round_: int, figure: Figure) -> None:
        """This was measured."""
        self.figures.setdefault((figure.row, server), {})[round_] = figure

    def fail(self, server: str, round_: int, rows: Iterable[str], reason: str) -> None:
        """These rows could not be measured there in this round."""
        for row in rows:
            self.failed.setdefault((row, server), {})[round_] = reason

    def lack(self, server: str, row: str, reason: str) -> None:
        """This row cannot be measured there."""
        self.lacking[row, server] = reason

    @property
    def next_round(self) -> int:
        """The number of the next round."""
        played = [*map(max, self.figures.values()), *map(max, self.failed.values())]
        return max(played, default=-1) + 1

    def written(self) -> str:
        """All of it, as JSON that `read` takes."""
        figures = [
            [server, number, figure.row, figure.value, figure.client]
            for (_, server), rounds in self.figures.items()
            for number, figure in rounds.items()
        ]
        failed = [
            [server, number, row, reason]
            for (row, server), rounds in self.failed.items()
            for number, reason in rounds.items()
        ]
        lacking = [[server, row, reason] for (row, server), reason in self.lacking.items()]
        return json.dumps({"made": self.made, "figures": figures, "failed": failed, "lacking": lacking})

    @classmethod
    def read(cls, text: str) -> "Results":
        """What was written. Raises ValueError where it was not."""
        results = cls()
        try:
            found = json.loads(text)
            results.made = {str(what): str(which) for what, which in found["made"].items()}
            for server, number, row, value, client in found["figures"]:
                results.add(str(server), int(number), Figure(str(row), float(value), float(client)))
            for server, number, row, reason in found["failed"]:
                results.fail(str(server), int(number), [str(row)], str(reason))
            for server, row, reason in found["lacking"]:
                results.lack(str(server), str(row), str(reason))
        except (AttributeError, TypeError, KeyError, ValueError):
            raise ValueError("these are no results of a benchmark") from None
        return results

    def values(self, row: str, server: str) -> list[float]:
        """The values of a row, by round."""
        return [figure.value for figure in self.figures.get((row, server), {}).values()]

    def ratios(self, row: str, server: str, base: str) -> list[float]:
        """What the server has for one of the base's, in each round that both were measured in."""
        mine, theirs = self.figures.get((row, server), {}), self.figures.get((row, base), {})
        return [
            mine[number].value / theirs[number].value for number in mine if number in theirs and theirs[number].value
        ]

    def busiest(self, row: str, server: str) -> float:
        """The largest share of its core that the client used."""
        return max((figure.client for figure in self.figures.get((row, server), {}).values()), default=0.0)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of the values that so large a share of them does not exceed. Raises ValueError for no values."""
    if not values:
        raise ValueError("there are no values")
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)]


def spread(values: Sequence[float], digits: int) -> str:
    """The median, and from where to where the values go: `18.9 (18.7 to 19.2)`."""
    if not values:
        return _NOTHING
    middle = f"{median(values):,.{digits}f}"
    if len(values) == 1:
        return middle
    return f"{middle} ({min(values):,.{digits}f} to {max(values):,.{digits}f})"


def table(
    results: Results, rows: Sequence[Row], servers: Mapping[str, str], base: str | None, *, shows_client: bool = True
) -> str:
    """The table in Markdown, with a line below it for each value that is missing; `servers` are names and titles.

    Beside each server stands what it has for one of the base's, as the median of the rounds' own ratios; and at the end
    of a row, unless it is clients that are measured, how busy the client was.
    """
    compared = [name for name in servers if base in servers and name != base]
    head = ["one core, medians"]
    for name, title in servers.items():
        head.append(title)
        if name in compared:
            head.append(f"÷ {servers[base or '']}")
    head += ["client"] * shows_client
    lines = [_line(head), _line(["---"] * len(head))]
    for row in rows:
        cells = [f"{row.title} {'↑' if row.more_is_better else '↓'}"]
        for name in servers:
            mark = _MARK if results.busiest(row.name, name) > BUSY else ""
            mark += _FAILED if results.failed.get((row.name, name)) else ""
            cells.append(spread(results.values(row.name, name), row.digits) + mark)
            if name in compared:
                cells.append(spread(results.ratios(row.name, name, base or ""), 2))
        busiest = max(results.busiest(row.name, name) for name in servers)
        lines.append(_line([*cells, *[f"{busiest:.0%}"] * shows_client]))
    lines += ["", *_notes(results, rows, servers, shows_client)]
    return "\n".join(lines)


def _notes(results: Results, rows: Sequence[Row], servers: Mapping[str, str], shows_client: bool) -> list[str]:
    busy = "; `client` is the largest share of its core that the client used" if shows_client else ""
    notes = [f"↑ more is better, ↓ less is better{busy}."]
    if any(results.busiest(row.name, name) > BUSY for row in rows for name in servers):
        notes.append(f"† the client used more than {BUSY:.0%} of its core: the server may be faster than this.")
    gaps: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        for name, title in servers.items():
            failed = results.failed.get((row.name, name), {})
            for number, reason in failed.items():
                gaps.setdefault((f"✗ {title}, round {number + 1}", reason), []).append(row.title)
            if (row.name, name) in results.lacking:
                gaps.setdefault((f"{_NOTHING} {title}", results.lacking[row.name, name]), []).append(row.title)
    notes += [f"{whose}: {', '.join(titles)}: {reason}" for (whose, reason), titles in gaps.items()]
    return [f"- {note}" for note in notes]


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
