"""Settings: what the storefront shows at once, and what nobody but the seller hears of."""

from collections.abc import Mapping
from typing import Any, Final

import pytest

from eventproof.conform.cases import Case, ContractViolation, on_each, requirement

from .market import a_seller, joins, must_not_hear, told

_INTERNAL: Final[Mapping[str, str]] = {
    "updateWarehouse": "warehouse",
    "updatePaymentProvider": "payment_provider",
    "updateTaxSettings": "tax_settings",
    "updateCustomDomain": "custom_domain",
    "updateShipping": "shipping",
}
"""What the specification calls each."""
_INTERNAL_UPDATED: Final = "settings:internal_updated"
_PUBLIC: Final[Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    "updateBranding": ("settings:branding_updated", {"storeLogo": "https://cdn.example.com/{n}.png"}),
    "updateAboutContact": ("settings:contact_updated", {"socialInstagram": "lune.{n}"}),
    "updateStoreStatus": ("settings:store_status_updated", {"storeActive": 1}),
    "updateTerms": ("settings:terms_updated", {"termsPdfUrl": "https://cdn.example.com/{n}.pdf"}),
    "updateUsername": ("settings:username_updated", {"username": "lune-{n}"}),
}


def _fields(case: Case, fields: Mapping[str, Any]) -> dict[str, Any]:
    number = case.random.randrange(10**9)
    return {
        name: value.replace("{n}", str(number)) if isinstance(value, str) else value for name, value in fields.items()
    }


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
    (await seller.call(operation, **given)).must_succeed()
    await on_each(lines, lambda line: line.hears(name, told(*given.values())), f"heard `{name}` with what it shows")
    await must_not_hear(case, other, aside, 0, name)


@requirement("MKT-SET-2")
@pytest.mark.parametrize("operation", _INTERNAL)
async def test_no_viewer_hears_of_what_is_internal(case: Case, operation: str) -> None:
    """The seller hears which one it is; who looks at the storefront hears of what is public, and of nothing else."""
    seller, viewer = await a_seller(case), await case.user()
    mine, theirs = await seller.connect(), await viewer.connect()
    await joins(theirs, "storefront", seller.id)
    (await seller.call(operation, **case.system.operation(operation).example)).must_succeed()
    await mine.hears(_INTERNAL_UPDATED, told(_INTERNAL[operation]))
    (await seller.call("updateStoreStatus", storeActive=1)).must_succeed()
    await theirs.awaits("settings:store_status_updated")
    await must_not_hear(case, viewer, theirs, 0, _INTERNAL_UPDATED)
    await must_not_hear(case, viewer, theirs, 0, "", told(_INTERNAL[operation]))


@requirement("MKT-SET-3")
async def test_a_preview_shows_new_settings_within_a_second(case: Case) -> None:
    """Each of the five that it shows, on a connection that asks for nothing."""
    seller, viewer = await a_seller(case), await case.user()
    mine, preview = await seller.connect(), await viewer.connect()
    await joins(preview, "storefront", seller.id)
    within = case.budgets.settings_shown
    for operation, (name, fields) in _PUBLIC.items():
        answer = (await seller.call(operation, **_fields(case, fields))).must_succeed()
        for line in (mine, preview):
            took = (await line.awaits(name, within=within + case.budgets.event_arrival)).at - answer.began
            case.note(f"`{name}` on {line.name}: {took:.3f} s")
            if took > within:
                raise ContractViolation(
                    f"`{name}` came late to {line}",
                    expected=f"within {within:g} s of the call",
                    observed=f"after {took:.2f} s",
                )
