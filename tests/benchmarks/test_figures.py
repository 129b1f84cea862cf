"""The table of a benchmark: what it makes of figures."""

import pytest

from benchmarks.serving.figures import Figure, Results, Row, percentile, spread, table

LATENCY = Row("ban", "ban to event, ms")
RATE = Row("room", "messages/s", more_is_better=True, digits=0)
SERVERS = {"ours": "ours", "node": "Node"}


def _results(ours: list[float], node: list[float], *, row: str = "ban", client: float = 0.5) -> Results:
    results = Results()
    for server, values in (("ours", ours), ("node", node)):
        for number, value in enumerate(values):
            results.add(server, number, Figure(row, value, client))
    return results


def test_a_percentile_is_a_value_that_was_measured() -> None:
    values = [5.0, 1.0, 3.0, 2.0, 4.0]
    assert [percentile(values, share) for share in (0.0, 0.5, 0.99, 1.0)] == [1.0, 3.0, 5.0, 5.0]
    assert percentile([7.0], 0.5) == 7.0


def test_there_is_no_percentile_of_nothing() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


def test_a_spread_tells_the_median_and_how_far_the_values_go() -> None:
    assert spread([3.0, 1.0, 2.0], 1) == "2.0 (1.0 to 3.0)"
    assert spread([1234.5], 0) == "1,234"
    assert spread([], 0) == "–"


def test_a_ratio_is_of_figures_of_one_round() -> None:
    results = _results([2.0, 30.0], [1.0, 10.0])
    assert results.ratios("ban", "ours", "node") == [2.0, 3.0]


def test_a_round_in_which_one_of_two_failed_gives_no_ratio() -> None:
    results = _results([2.0, 30.0], [1.0])
    assert results.ratios("ban", "ours", "node") == [2.0]


def test_a_line_has_each_server_its_ratio_and_the_share_of_the_client() -> None:
    text = table(_results([2.0, 3.0], [1.0, 1.0]), [LATENCY], SERVERS, "node")
    assert "| one core, medians | ours | ÷ Node | Node | client |" in text
    line = "| ban to event, ms ↓ | 2.50 (2.00 to 3.00) | 2.50 (2.00 to 3.00) | 1.00 (1.00 to 1.00) | 50% |"
    assert line in text.splitlines()


def test_nothing_is_compared_with_a_server_that_was_not_measured() -> None:
    text = table(_results([2.0], []), [LATENCY], {"ours": "ours"}, "node")
    assert "| ban to event, ms ↓ | 2.00 | 50% |" in text
    assert "÷" not in text


@pytest.mark.parametrize(("client", "marked"), [(0.91, True), (0.9, False)])
def test_a_figure_is_marked_where_the_client_was_busy(client: float, marked: bool) -> None:
    text = table(_results([2.0], [1.0], row="room", client=client), [RATE], SERVERS, "node")
    assert ("| 2 † |" in text) is marked
    assert ("† the client used more than 90% of its core" in text) is marked


def test_a_figure_that_is_missing_has_its_reason_below_the_table() -> None:
    results = _results([2.0], [])
    results.lack("node", "ban", "it has no bans")
    text = table(results, [LATENCY], SERVERS, "node")
    assert "| ban to event, ms ↓ | 2.00 | – | – | 50% |" in text
    assert "- – Node: ban to event, ms: it has no bans" in text.splitlines()


def test_a_round_that_failed_is_told_beside_those_that_did_not() -> None:
    results = _results([2.0, 3.0], [])
    results.fail("ours", 2, ["ban"], "it did not start")
    text = table(results, [LATENCY], {"ours": "ours"}, "node")
    assert "| ban to event, ms ↓ | 2.50 (2.00 to 3.00) ✗ | 50% |" in text
    assert "- ✗ ours, round 3: ban to event, ms: it did not start" in text.splitlines()
    assert results.next_round == 3


def test_results_that_were_kept_are_added_to() -> None:
    results = _results([2.0], [1.0])
    results.be_of({"the sizes": "of --quick"})
    results.fail("node", 0, ["room"], "it did not start")
    results.lack("node", "ban", "it has no bans")
    kept = Results.read(results.written())
    assert kept.next_round == 1
    kept.add("ours", kept.next_round, Figure("ban", 4.0, 0.5))
    assert kept.values("ban", "ours") == [2.0, 4.0]
    assert kept.failed == {("room", "node"): {0: "it did not start"}}
    assert kept.lacking == {("ban", "node"): "it has no bans"}
    assert kept.made == {"the sizes": "of --quick"}


def test_figures_of_one_thing_are_not_mixed_with_those_of_another() -> None:
    results = Results()
    results.be_of({"ours": "abc"})
    results.be_of({"ours": "abc", "node": "v20"})
    with pytest.raises(ValueError, match="it has figures of ours abc, and these would be of abd"):
        results.be_of({"ours": "abd"})


def test_what_was_measured_later_does_not_hide_what_failed() -> None:
    results = Results()
    results.fail("ours", 0, ["ban"], "it did not start")
    results.add("ours", 1, Figure("ban", 4.0, 0.5))
    assert results.failed == {("ban", "ours"): {0: "it did not start"}}


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"made": {}, "figures": [[1]], "failed": [], "lacking": []}', '{"made": 1, "figures": []}'],
)
def test_a_file_of_something_else_is_no_results(text: str) -> None:
    with pytest.raises(ValueError, match="no results of a benchmark"):
        Results.read(text)
