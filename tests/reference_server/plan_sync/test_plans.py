"""The rules of plans, which need no server."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_server.systems.plan_sync.plans import Plan, changed, is_crossed, made, matches, shown, takes

FIELDS = {"name": "Premium", "roi": 3.5, "duration": 90, "minAmount": 500, "maxAmount": 25000}
PLAN = made("pln_1", FIELDS)


def test_a_plan_is_shown_as_it_was_made() -> None:
    assert shown(PLAN) == {"id": "pln_1", **FIELDS}


def test_a_change_makes_the_next_version_and_leaves_the_rest_as_it_was() -> None:
    after = changed(PLAN, {"roi": 5})
    assert (after.version, shown(after)) == (2, {"id": "pln_1", **FIELDS, "roi": 5})
    assert after.etag != PLAN.etag


@pytest.mark.parametrize(("least", "most", "crossed"), [(1, 2, False), (2, 2, False), (3, 2, True)])
def test_amounts_are_crossed_where_nobody_could_invest(least: float, most: float, crossed: bool) -> None:
    plan = changed(PLAN, {"minAmount": least, "maxAmount": most})
    assert is_crossed(plan) is crossed
    assert takes(plan, least) is not crossed


@pytest.mark.parametrize(("amount", "taken"), [(499.99, False), (500, True), (25000, True), (25000.01, False)])
def test_a_plan_takes_amounts_up_to_its_bounds(amount: float, taken: bool) -> None:
    assert takes(PLAN, amount) is taken


@pytest.mark.parametrize(
    ("if_match", "written"),
    [
        (None, True),
        ("*", True),
        ('"1"', True),
        ('"0", "1"', True),
        ('"0" ,"1"', True),
        ('"2"', False),
        ('"0", "2"', False),
        ('W/"1"', False),  # RFC 9110, 13.1.1: the comparison is strong
        ('"x, W/", "1"', True),
        ('""', False),
    ],
)
def test_if_match_lets_the_version_that_it_names_be_written(if_match: str | None, written: bool) -> None:
    assert matches(PLAN, if_match) is written


@given(st.lists(st.sampled_from(sorted(FIELDS)), max_size=5))
def test_every_change_is_another_version(names: list[str]) -> None:
    plan: Plan = PLAN
    seen = {plan.etag}
    for name in names:
        plan = changed(plan, {name: FIELDS[name]})
        assert plan.etag not in seen
        seen.add(plan.etag)
