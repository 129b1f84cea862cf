import json

from eventproof.load.account import Incident, SwarmAccount, merge
from eventproof.load.histogram import Histogram
from eventproof.load.tally import Tally
from eventproof.report.records import Gauge


def _account(*milliseconds: int, lost: int = 0, lag: float = 1.0, who: str = "a") -> SwarmAccount:
    histogram = Histogram()
    for value in milliseconds:
        histogram.record(value / 1000)
    return SwarmAccount(
        users=10,
        connections=12,
        seconds=2.0,
        tallies={"user.banned": Tally(expected=5, delivered=5 - lost, lost=lost, duplicate=3, explained=1)},
        histograms={"ban_to_logout": histogram},
        counts={"bans": 3},
        gauges=(Gauge("loop lag", lag, 250, "ms"),),
        stragglers=(who,),
        incidents=(Incident(0.5, who, "outlived the ban"),),
        notes=("the same note",),
    )


def test_an_account_survives_the_way_to_the_master() -> None:
    sent = _account(1, 2, 3, lost=1)
    received = SwarmAccount.from_json(json.loads(json.dumps(sent.to_json())))
    assert received.to_json() == sent.to_json()
    assert received.samples("ban_to_logout").percentiles(100) == sent.samples("ban_to_logout").percentiles(100)


def test_the_accounts_of_all_workers_add_up() -> None:
    merged = merge([_account(1, 2, lost=1, lag=9, who="a"), _account(3, lag=4, who="b")])
    assert (merged.users, merged.connections, merged.seconds, merged.count("bans")) == (20, 24, 2.0, 6)
    assert merged.count("lost") == 1
    assert merged.count("expected") == 10
    assert merged.count("unexplained") == 4
    assert len(merged.samples("ban_to_logout")) == 3
    assert merged.gauges == (Gauge("loop lag", 9, 250, "ms"),)
    assert merged.stragglers == ("a", "b")
    assert len(merged.incidents) == 2
    assert merged.notes == ("the same note",)


def test_merging_changes_none_of_the_accounts() -> None:
    one, other = _account(1, lost=1), _account(2)
    merge([one, other])
    assert (one.count("expected"), len(one.samples("ban_to_logout"))) == (5, 1)


def test_what_was_never_measured_is_empty() -> None:
    empty = merge([])
    assert len(empty.samples("connect")) == 0
    assert empty.count("leaked") == empty.count("stragglers") == 0
    assert empty.latency() == ()
    assert empty.delivery() == ()


def test_only_latencies_with_samples_are_reported() -> None:
    (latency,) = _account(5).latency()
    assert latency.metric == "ban_to_logout"
    assert latency.what.startswith("from the ban's intended time")


def test_of_several_systems_each_event_and_each_system_has_its_own_figures() -> None:
    parts = [_account(1, 2, lost=1).of_system("user-state"), _account(9).of_system("shield")]
    whole = merge([SwarmAccount.from_json(json.loads(json.dumps(part.to_json()))) for part in parts])
    assert [whole.count("lost", scope) for scope in ("", "user.banned", "user-state", "shield")] == [1, 1, 1, 0]
    assert [whole.count("bans", scope) for scope in ("", "user-state", "shield")] == [6, 3, 3]
    assert [len(whole.samples("ban_to_logout", scope)) for scope in ("", "user-state", "shield")] == [3, 2, 1]
    assert whole.count("unexplained", "shield") == 2
    assert [latency.metric for latency in whole.latency()] == ["ban_to_logout"], "a scope is no latency of its own"
