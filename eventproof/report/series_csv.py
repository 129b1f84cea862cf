"""series.csv: what happened when, a row a stretch, for spreadsheets and notebooks.

Times are seconds since the start of the test, latencies milliseconds; a field is empty where nothing was measured.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from eventproof.history import Record

from .records import Run, Series
from .visible import shown

__all__ = ["render"]

_LENGTH = 200
_FORMULA = ("=", "+", "-", "@")
"""What a spreadsheet would calculate."""


def render(run: Run, _history: Iterable[Record] = ()) -> str | None:
    """The text of series.csv; None where nothing has been recorded over time."""
    if run.series is None:
        return None
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(map(_plain, _names(run.series)))
    writer.writerows(_rows(run.series))
    return text.getvalue()


def _names(series: Series) -> Iterator[str]:
    yield from ("at", "connections", *(flow.name for flow in series.flows))
    for course in series.courses:
        yield from (f"{course.metric} {part}" for part in ("count", "p50", "p99"))


def _rows(series: Series) -> Iterator[Sequence[float | str]]:
    columns: list[Sequence[float | str]] = [series.connections, *(flow.values for flow in series.flows)]
    for course in series.courses:
        percentiles = (course.p50, course.p99)
        columns.append(course.counts)
        columns += [
            [value if count else "" for count, value in zip(course.counts, values, strict=False)]
            for values in percentiles
        ]
    for number, row in enumerate(zip_longest(*columns, fillvalue="")):
        yield (f"{series.begins + number * series.step:g}", *row)


def _plain(name: str) -> str:
    told = shown(name, _LENGTH)
    return f"'{told}" if told.startswith(_FORMULA) else told
