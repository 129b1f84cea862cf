from dataclasses import replace

from hypothesis import given, settings
from prometheus_client.parser import text_string_to_metric_families

from eventproof.report import prometheus
from eventproof.report.records import Course, Glance, Run
from tests.report import samples
from tests.report.strategies import runs


def figures(run: Run) -> dict[tuple[str, ...], float]:
    return figures_of(prometheus.render(run))


def figures_of(text: str) -> dict[tuple[str, ...], float]:
    """Every sample by its name and its labels' values."""
    families = text_string_to_metric_families(text)
    return {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}


def test_a_swarm_tells_its_verdict_objectives_events_and_latencies() -> None:
    told = figures(samples.swarm())
    for name, value in {
        ("eventproof_run_info", "swarm", samples.TARGET, "eventproof 0.1.0", "pass"): 1,
        ("eventproof_run_exit_code",): 0,
        ("eventproof_objective_met", "ban_to_logout: p(99) < 250ms", "pass"): 1,
        ("eventproof_events", "user.banned", "delivered"): 1412,
        ("eventproof_latency_samples", "ban_to_logout"): 941,
        ("eventproof_load_connections",): 287,
        ("eventproof_load_generator_limit", "loop lag p99", "ms"): 20,
    }.items():
        assert told[name] == value, name
    latency = next(one for one in samples.swarm().latency if one.metric == "ban_to_logout")
    assert told["eventproof_latency_seconds", "ban_to_logout", "0.99"] == latency.p99 / 1e3
    assert told["eventproof_latency_seconds", "ban_to_logout", "1"] == latency.maximum / 1e3


def test_an_objective_that_cannot_be_judged_is_not_met() -> None:
    assert figures(samples.invalid())["eventproof_objective_met", "ban_to_logout: p(99) < 250ms", "inconclusive"] == 0


def test_a_check_tells_how_many_requirements_have_which_verdict() -> None:
    told = figures(samples.failing())
    assert (told["eventproof_requirements", "fail"], told["eventproof_run_exit_code",]) == (3, 1)
    assert not any(name.startswith("eventproof_load") for name, *_ in told)


def test_what_two_runs_have_of_one_name_is_told_once() -> None:
    swarm = samples.swarm()
    told = prometheus.render(replace(swarm, latency=swarm.latency * 2, objectives=swarm.objectives * 2))
    lines = [line.split("} ")[0] for line in told.splitlines() if "{" in line]
    assert len(lines) == len(set(lines))


def test_how_a_swarm_stands_is_told_while_it_runs() -> None:
    whole = samples.series()
    course = Course("ban_to_logout", (4,), (5.2,), (20.7,))
    recent = replace(
        whole, seconds=5.0, connections=(287.0,), courses=(course, replace(course, metric="x", counts=(0,)))
    )
    told = figures_of(prometheus.live(Glance(9.0, recent, samples.swarm().delivery)))
    assert told["eventproof_connections",] == 287
    assert told["eventproof_events", "user.banned", "delivered"] == 1412
    assert told["eventproof_latency_recent_seconds", "ban_to_logout", "0.99"] == 0.0207
    assert not any("x" in labels for _, *labels in told)
    assert prometheus.live(None) == ""


@settings(max_examples=30, deadline=None)
@given(runs)
def test_any_run_is_read_by_prometheus(run: Run) -> None:
    assert figures(run)
