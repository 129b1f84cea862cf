from collections.abc import Sequence
from dataclasses import dataclass

from eventproof.load.histogram import Histogram
from eventproof.load.objectives import parse
from eventproof.load.watch import Watch


@dataclass
class Figures:
    lost: int = 0
    expected: int = 100
    steps: Sequence[str] = ()

    def samples(self, metric: str, scope: str = "") -> Histogram:
        return Histogram()

    def count(self, metric: str, scope: str = "") -> int:
        return self.lost if metric == "lost" else self.expected


def test_a_run_is_given_up_once_a_line_was_missed_for_as_long_as_it_says() -> None:
    line = parse("lost < 1%, abort_after 10s")
    watch = Watch([line, parse("lost == 0")])
    assert watch.look(Figures(lost=5), 100.0) == ()
    assert watch.look(Figures(lost=5), 109.9) == ()
    assert watch.look(Figures(lost=5), 110.0) == (line,)


def test_what_is_met_in_between_begins_anew() -> None:
    watch = Watch([parse("lost < 1%, abort_after 10s")])
    assert watch.look(Figures(lost=5), 100.0) == ()
    assert watch.look(Figures(lost=5, expected=1000), 105.0) == ()
    assert watch.look(Figures(lost=50, expected=1000), 111.0) == ()
    assert watch.look(Figures(lost=50, expected=1000), 120.0) == ()
    assert watch.look(Figures(lost=50, expected=1000), 121.0) != ()


def test_nothing_measured_ends_no_run() -> None:
    watch = Watch([parse("connect: p(99) < 1s, abort_after 1s")])
    assert watch.look(Figures(), 0.0) == watch.look(Figures(), 60.0) == ()


def test_it_looks_at_the_latencies_of_its_lines_alone() -> None:
    lines = ["connect: service p(99) < 1s, abort_after 1s", "lost == 0, abort_after 1s", "reconnect: max < 1s"]
    assert Watch(map(parse, lines)).metrics == {"connect (service)"}
