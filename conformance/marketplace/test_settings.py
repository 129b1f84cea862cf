"""Settings: what the storefront shows at once, and what nobody but the seller hears of."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

import pytest

from eventproof.actions import at
from eventproof.conform.cases import (
    Answer,
    Case,
    ContractViolation,
    Inconclusive,
    Person,
    Received,
    Where,
    on_each,
    requirement,
)

from .market import a_price, a_seller, joins, mentions, must_not_hear, says, shown, told

_INTERNAL: Final[Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    "updateWarehouse": ("warehouse", {"warehouseStreet": "Rua {n}", "warehouseCity": "Porto {n}"}),
    "updatePaymentProvider": ("payment_provider", {"paymentProvider": "stripe"}),
    "updateTaxSettings": ("tax_settings", {"taxProductCode": "txcd_{n}"}),
    "updateCustomDomain": ("custom_domain", {"customDomain": "lune-{n}.example.com"}),
    "updateShipping": ("shipping", {"shippingPrice": None}),
}
"""What the specification calls each, and what of it nobody else may hear; None: a new price."""
_CHOSEN: Final = frozenset({"paymentProvider"})
"""What is one of a few words, which other texts may hold."""
_BEFORE: Final[Mapping[str, Mapping[str, Any]]] = {
    "updatePaymentProvider": {"paymentProvider": "paypal"},
    "updateStoreStatus": {"storeActive": 0},
}
"""What is set first where there are two values only: a call that changes nothing need not be told."""
_INTERNAL_UPDATED: Final = "settings:internal_updated"
_PUBLIC: Final[Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    "updateBranding": ("settings:branding_updated", {"storeLogo": "https://cdn.example.com/{n}.png"}),
    "updateAboutContact": ("settings:contact_updated", {"socialInstagram": "lune.{n}"}),
    "updateStoreStatus": ("settings:store_status_updated", {"storeActive": 1}),
    "updateTerms": ("settings:terms_updated", {"termsPdfUrl": "https://cdn.example.com/{n}.pdf"}),
    "updateUsername": ("settings:username_updated", {"username": "lune-{n}"}),
}


def _fields(case: Case, fields: Mapping[str, Any]) -> dict[str, Any]:
    """New values, which nothing else that is told is like."""
    number = str(case.random.randrange(10**8, 10**9))
    filled = {name: value.replace("{n}", number) if isinstance(value, str) else value for name, value in fields.items()}
    return {name: a_price(case) if value is None else value for name, value in filled.items()}


async def _set(seller: Person, operation: str, given: Mapping[str, Any]) -> Answer:
    """Change a setting, to what it was not before; the answer is that of the last call."""
    if operation in _BEFORE:
        (await seller.call(operation, **_BEFORE[operation])).must_succeed()
    return (await seller.call(operation, **given)).must_succeed()


def _shows(given: Mapping[str, Any]) -> Where:
    """Whether an event shows these values; whether the storefront is open, where the contract has that."""
    if "storeActive" not in given:
        return told(*given.values())

    def shows(event: Received) -> bool:
        found = at(event.payload, "/storeActive")
        return says(event.payload, 1) or says(event.payload, True) if found is None else says(found, 1) or found is True

    return shows


@requirement("MKT-SET-1")
@pytest.mark.parametrize("operation", _PUBLIC)
async def test_a_storefront_is_told_what_it_shows_now(case: Case, operation: str) -> None:
    """To the seller and who is there; to who looks at another one, nothing."""
    seller, another, (viewer, other) = await a_seller(case), await a_seller(case), await case.users(2)
    lines, aside = [await seller.connect(), await viewer.connect()], await other.connect()
    await joins(lines[1], "storefront", seller.id)
    await joins(aside, "storefront", another.id)
    name, fields = _PUBLIC[operation]
    given = _fields(case, fields)
    await _set(seller, operation, given)
    await on_each(lines, lambda line: line.hears(name, _shows(given)), f"heard `{name}` with what it shows")
    await must_not_hear(case, other, aside, 0, name)


@requirement("MKT-SET-2")
@pytest.mark.parametrize("operation", _INTERNAL)
async def test_no_viewer_hears_of_what_is_internal(case: Case, operation: str) -> None:
    """The seller hears which one it is; who looks at the storefront hears of what is public, and of nothing else.

    Not within what is public either: all of that is told after it, and none of it says a word of what was set.
    """
    seller, viewer = await a_seller(case), await case.user()
    mine, theirs = await seller.connect(), await viewer.connect()
    await joins(theirs, "storefront", seller.id)
    what, fields = _INTERNAL[operation]
    secrets = _fields(case, fields)
    await _set(seller, operation, {**case.system.operation(operation).example, **secrets})
    await mine.hears(_INTERNAL_UPDATED, told(what))
    heard = 0
    for public, (name, shows) in _PUBLIC.items():
        given = _fields(case, shows)
        await _set(seller, public, given)
        with suppress(ContractViolation):  # whether each comes is judged elsewhere
            await theirs.hears(name, _shows(given) if public in _BEFORE else None)
            heard += 1
    if not heard:
        raise Inconclusive(f"{theirs} heard of nothing that is public", waits_for=("MKT-SET-1",))
    await must_not_hear(case, viewer, theirs, 0, _INTERNAL_UPDATED)
    for event in theirs.received:
        if says(event.payload, what) or any(_mentions(event, name, value) for name, value in secrets.items()):
            raise ContractViolation(
                f"`{event.name}` tells {theirs} of what is internal",
                expected="only what is public",
                observed=shown(event),
            )


def _mentions(event: Received, name: str, value: Any) -> bool:
    """Whether an event says the value of such a setting; what we have made up also within another text."""
    return says(event.payload, value) if name in _CHOSEN else mentions(event.payload, value)


@requirement("MKT-SET-3")
async def test_a_preview_shows_new_settings_within_a_second(case: Case) -> None:
    """Each of the five that it shows, on a connection that asks for nothing."""
    seller, viewer = await a_seller(case), await case.user()
    mine, preview = await seller.connect(), await viewer.connect()
    await joins(preview, "storefront", seller.id)
    within = case.budgets.settings_shown
    for operation, (name, fields) in _PUBLIC.items():
        given = _fields(case, fields)
        answer = await _set(seller, operation, given)
        where = _shows(given) if operation in _BEFORE else None
        for line in (mine, preview):
            took = (await line.awaits(name, where, within + case.budgets.event_arrival)).at - answer.began
            case.note(f"`{name}` on {line.name}: {took:.3f} s")
            if took > within:
                raise ContractViolation(
                    f"`{name}` came late to {line}",
                    expected=f"within {within:g} s of the call",
                    observed=f"after {took:.2f} s",
                )
