"""The rules of the marketplace, which need no server."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_server.systems.marketplace import order, quotation, wholesale
from reference_server.systems.marketplace.money import amount, cents
from reference_server.systems.marketplace.order import Order, OrderStatus, moved, order_of, told_by
from reference_server.systems.marketplace.product import Alert, alerts
from reference_server.systems.marketplace.signature import refused_with, signature

SECRET = b"a secret that is long enough"


@given(st.integers(min_value=0, max_value=10**11))
def test_every_amount_of_whole_cents_is_taken_and_shown_as_it_came(whole: int) -> None:
    text = f"{whole // 100}.{whole % 100:02d}"
    assert cents(float(text)) == whole
    assert amount(whole) == float(text)


@pytest.mark.parametrize("strange", [0.001, 19.999, 24.505, 1e-9])
def test_an_amount_with_more_than_two_decimals_is_none(strange: float) -> None:
    assert cents(strange) is None


def test_a_zero_with_a_sign_is_a_zero() -> None:
    assert cents(-0.0) == 0
    assert str(amount(0)) == "0.0"


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (11, 10, [Alert.LOW]),
        (40, 1, [Alert.LOW]),
        (40, 11, []),
        (10, 9, []),
        (9, 9, []),
        (40, 0, [Alert.LOW, Alert.OUT]),
        (3, 0, [Alert.OUT]),
        (0, 3, [Alert.RESTOCKED]),
        (0, 40, [Alert.RESTOCKED]),
        (3, 40, []),
    ],
)
def test_a_fall_and_a_rise_are_told_where_they_pass_a_line(before: int, after: int, told: list[Alert]) -> None:
    assert list(alerts(before, after)) == told


@given(st.lists(st.integers(min_value=0, max_value=30), min_size=2))
def test_a_stock_is_low_again_only_after_it_was_not(stocks: list[int]) -> None:
    low = stocks[0] <= 10
    for before, after in pairwise(stocks):
        told = Alert.LOW in alerts(before, after)
        assert told == (after <= 10 and not low)
        low = after <= 10


def test_the_states_are_those_of_the_contract() -> None:
    assert set(order.LIFE.states) == set(order.OrderStatus)
    assert set(quotation.LIFE.states) == set(quotation.QuotationStatus)
    assert set(wholesale.LIFE.states) == set(wholesale.InvitationStatus)


@pytest.mark.parametrize(
    "about", [{}, {"object": {}}, {"object": {"metadata": {}}}, {"object": {"metadata": {"orderId": 7}}}]
)
def test_an_event_that_names_no_order_is_about_none(about: dict[str, object]) -> None:
    assert order_of({"data": about}) is None


def header(body: bytes = b"{}", at: int = 1000, secret: bytes = SECRET) -> str:
    return f"t={at},v1={signature(secret, str(at), body)}"


@pytest.mark.parametrize(
    ("given_header", "now", "code"),
    [
        (header(), 1000, None),
        (header(), 1300, None),
        (header(), 700, None),
        (header(), 1301, "signature_expired"),
        (header(), 699, "signature_expired"),
        (header(b"{ }"), 1000, "signature_invalid"),
        (header(secret=b"another one"), 1000, "signature_invalid"),
        (header().replace("t=1000", "t=1001"), 1000, "signature_invalid"),
        ("v1=00, " + header(), 1000, None),
        (header() + ",v1=\u0663", 1000, None),
        (header() + ",t=1000", 1000, "signature_invalid"),
        (header().replace("v1", "v0"), 1000, "signature_invalid"),
        (header().replace("1000", "\u0661\u0660"), 1000, "signature_invalid"),
        ("t=" + "9" * 400 + ",v1=00", 1000, "signature_invalid"),
        ("", 1000, "signature_invalid"),
        (None, 1000, "signature_invalid"),
    ],
)
def test_a_signature_is_of_this_body_by_this_secret_and_young(
    given_header: str | None, now: float, code: str | None
) -> None:
    assert refused_with(given_header, b"{}", SECRET, now) == code


REFUNDED = "receivePaymentEvent type=charge.refunded"


@pytest.mark.parametrize(
    ("charge", "call"),
    [
        ({}, REFUNDED),
        ({"refunded": True, "amount": 500, "amount_refunded": 500}, REFUNDED),
        ({"refunded": False, "amount": 500, "amount_refunded": 100}, None),
        ({"amount": 500, "amount_refunded": 100}, None),
    ],
)
def test_a_charge_that_was_refunded_in_part_is_still_a_charge(charge: dict[str, Any], call: str | None) -> None:
    assert told_by({"type": "charge.refunded", "data": {"object": charge}}) == call


def an_order(status: OrderStatus) -> Order:
    return Order("ord_1", "prd_1", "usr_1", "usr_2", 2, 4900, status)


def test_an_order_whose_payment_failed_may_be_paid_after_all() -> None:
    failed = an_order(OrderStatus.PAYMENT_FAILED)
    assert moved(failed, "fulfilOrder") == an_order(OrderStatus.FULFILLED)
    assert moved(failed, "refundOrder") == moved(failed, REFUNDED) == an_order(OrderStatus.REFUNDED)


def test_what_the_provider_tells_of_an_order_that_is_over_changes_nothing() -> None:
    assert moved(an_order(OrderStatus.CANCELED), REFUNDED) is None
    assert told_by({"type": "invoice.paid", "data": {"object": {}}}) is None
