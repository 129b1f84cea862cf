import csv
import io
from dataclasses import replace

from hypothesis import given, settings

from eventproof.report import series_csv
from eventproof.report.records import Course, Flow, Run, Series
from tests.report import samples
from tests.report.strategies import runs


def rows(run: Run) -> list[list[str]]:
    text = series_csv.render(run)
    assert text is not None
    return list(csv.reader(io.StringIO(text)))


def test_each_stretch_is_a_row_under_the_names_of_its_figures() -> None:
    course = Course("connect", (0, 4), (0.0, 1.5), (0.0, 9.25))
    series = Series(0, 2, 4, (3.0, 5.5), (Flow("delivered", (0, 7)),), (course,))
    assert rows(replace(samples.swarm(), series=series)) == [
        ["at", "connections", "delivered", "connect count", "connect p50", "connect p99"],
        ["0", "3.0", "0", "0", "", ""],
        ["2", "5.5", "7", "4", "1.5", "9.25"],
    ]


def test_without_a_series_there_is_no_file() -> None:
    assert series_csv.render(samples.passing()) is None


def test_no_name_is_a_formula_of_a_spreadsheet() -> None:
    series = replace(samples.series(), flows=(Flow('=HYPERLINK("http://x")', (1,)), Flow("a,b\n", (1,))))
    header = rows(replace(samples.swarm(), series=series))[0]
    assert header[2:4] == ['\'=HYPERLINK("http://x")', r"a,b\n"]


@settings(max_examples=30, deadline=None)
@given(runs)
def test_every_row_of_any_run_has_all_columns(run: Run) -> None:
    if run.series is not None:
        assert len({len(row) for row in rows(run)}) == 1
