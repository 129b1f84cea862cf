"""The settings of a seller: which call changes which, and who hears of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Public:
    """A call whose settings everybody sees who looks at the storefront."""

    event: str
    fields: tuple[str, ...]
    """What the event says of the settings as they are then."""


@dataclass(frozen=True, slots=True)
class Internal:
    """A call whose settings are nobody else's business; the event says which one, and not what it is."""

    setting: str


CALLS: Final[Mapping[str, Public | Internal]] = {
    "updateBranding": Public(
        "settings:branding_updated", ("storeBanner", "storeLogo", "shippingPolicy", "returnsPolicy")
    ),
    "updateAboutContact": Public(
        "settings:contact_updated",
        (
            "aboutStory",
            "contactEmail",
            "socialInstagram",
            "socialTwitter",
            "socialTiktok",
            "socialSnapchat",
            "socialWebsite",
        ),
    ),
    "updateStoreStatus": Public("settings:store_status_updated", ("storeActive",)),
    "updateTerms": Public("settings:terms_updated", ("termsSource", "termsPdfUrl")),
    "updateUsername": Public("settings:username_updated", ("username",)),
    "updateWarehouse": Internal("warehouse"),
    "updatePaymentProvider": Internal("payment_provider"),
    "updateTaxSettings": Internal("tax_settings"),
    "updateCustomDomain": Internal("custom_domain"),
    "updateShipping": Internal("shipping"),
}
"""By operationId. The internal ones have the names that the specification gives them."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one seller, by the names that calls have for them; what was never set is not there."""

    seller_id: str
    values: Mapping[str, Any]


def said(settings: Settings, fields: tuple[str, ...]) -> dict[str, Any]:
    """Those of the settings that an event says."""
    return {name: settings.values[name] for name in fields if name in settings.values}


def shown(settings: Settings) -> dict[str, Any]:
    """The settings, as their seller sees them."""
    return {"sellerId": settings.seller_id, **settings.values}


def seen(settings: Settings) -> dict[str, Any]:
    """The settings, as everybody may see them: those that the events of the storefront say."""
    public = [field for call in CALLS.values() if isinstance(call, Public) for field in call.fields]
    return {"sellerId": settings.seller_id, **said(settings, tuple(public))}
