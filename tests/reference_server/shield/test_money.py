"""No amount is ever off by a cent."""

import json
from decimal import ROUND_HALF_UP, Decimal

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_server.refusals import Refusal
from reference_server.systems.shield import money
from reference_server.systems.shield.settlement import settle

CENTS = st.integers(0, 10**12)


@given(CENTS)
def test_what_goes_out_comes_back_through_any_json(cents: int) -> None:
    dollars = money.to_json(cents)
    for text in (orjson.dumps(dollars), json.dumps(dollars)):
        assert money.from_json("amount", orjson.loads(text)) == cents


@given(CENTS)
def test_an_amount_is_written_with_two_decimals_at_most(cents: int) -> None:
    written = Decimal(json.dumps(money.to_json(cents)))
    assert written == Decimal(cents) / 100
    assert written.as_tuple().exponent in (-1, -2)


@given(st.lists(CENTS, max_size=50))
def test_a_sum_of_what_came_in_is_exact(amounts: list[int]) -> None:
    read = [money.from_json("amount", float(f"{cents // 100}.{cents % 100:02d}")) for cents in amounts]
    assert sum(read) == sum(amounts)


@pytest.mark.parametrize(
    ("written", "cents"),
    [("0.29", 29), ("0.01", 1), ("19.990", 1999), ("175", 17500), ("1e3", 100000), ("1.1", 110), ("1000000", 10**8)],
)
def test_a_number_is_taken_as_it_was_written(written: str, cents: int) -> None:
    assert money.from_json("amount", orjson.loads(written)) == cents


@pytest.mark.parametrize("written", ["0.001", "12.345", "1e-9", "0.30000000000000004", "99999999.999"])
def test_more_than_two_decimals_are_refused_in_words(written: str) -> None:
    with pytest.raises(Refusal, match=r"In amount, .* whole cents") as refused:
        money.from_json("amount", orjson.loads(written))
    assert refused.value.code == "invalid_input"


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_refused(number: float) -> None:
    with pytest.raises(Refusal):
        money.from_json("amount", number)


@given(CENTS, st.integers(0, 100))
def test_a_percentage_is_rounded_half_up(cents: int, rate: int) -> None:
    exact = Decimal(cents) * rate / 100
    assert money.percent(rate, cents) == int(exact.quantize(Decimal(1), ROUND_HALF_UP))


@pytest.mark.parametrize(
    ("amount", "deductible", "co_pay", "payout"),
    [
        (175_00, 25_00, 15_00, 135_00),
        (25_00, 25_00, 0, 0),
        (10_00, 10_00, 0, 0),
        (1, 1, 0, 0),
        (25_05, 25_00, 1, 4),
        (25_04, 25_00, 0, 4),
        (25_15, 25_00, 2, 13),
        (100_29, 25_00, 7_53, 67_76),
    ],
)
def test_a_claim_pays_what_the_deductible_and_a_tenth_of_the_rest_leave(
    amount: int, deductible: int, co_pay: int, payout: int
) -> None:
    found = settle(amount)
    assert (found.deductible, found.co_pay, found.payout) == (deductible, co_pay, payout)


@given(st.integers(1, 10**8))
def test_the_three_parts_of_a_claim_make_up_its_amount(amount: int) -> None:
    found = settle(amount)
    assert found.deductible + found.co_pay + found.payout == amount
    assert min(found.deductible, found.co_pay, found.payout) >= 0


@pytest.mark.parametrize(("cents", "text"), [(0, "$0.00"), (5, "$0.05"), (123_456_70, "$123,456.70")])
def test_people_read_amounts_with_two_decimals(cents: int, text: str) -> None:
    assert money.shown(cents) == text
