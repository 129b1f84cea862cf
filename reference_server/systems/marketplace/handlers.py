"""The marketplace, put together: its calls by module, and how it uses its channels."""

from ...services import Services
from ..served import Served
from ..sessions import Sessions
from .calls.analytics import Analytics
from .calls.cart import Cart
from .calls.notices import Notices
from .calls.orders import Orders
from .calls.products import Products
from .calls.quotations import Quotations
from .calls.settings import SettingsCalls
from .calls.stock import Stock
from .calls.webhooks import Webhooks
from .calls.wholesale import Wholesale
from .channel import options
from .desk import Desk
from .signature import secret_for_webhooks


def served(services: Services) -> Served:
    """The marketplace, on these services."""
    desk = Desk(services)
    modules = (
        Sessions(services),
        Products(desk),
        Stock(desk),
        Wholesale(desk),
        Quotations(desk),
        Orders(desk),
        Cart(desk),
        SettingsCalls(desk),
        Analytics(desk),
        Notices(desk),
        Webhooks(desk, secret_for_webhooks()),
    )
    operations = {name: handler for module in modules for name, handler in module.operations().items()}
    return Served(operations, options(services))
