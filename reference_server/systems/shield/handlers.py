"""Shield's calls, by whoever may make them."""

from collections.abc import Mapping

from ...services import Services
from ...transport.rest import Handler
from ..served import Served
from ..sessions import Sessions
from .admin import AdminCalls
from .channel import options
from .own import OwnCalls
from .visit import Visits


def served(services: Services) -> Served:
    """Shield, on these services."""
    return Served(Shield(services).operations(), {"shield": options(services)})


class Shield:
    """The handlers, by the contract's operationIds."""

    def __init__(self, services: Services) -> None:
        visits = Visits(services.courier, services.store)
        self._parts = (Sessions(services), OwnCalls(services, visits), AdminCalls(services, visits))

    def operations(self) -> Mapping[str, Handler]:
        """Every operation of `contracts/shield/openapi.yaml`."""
        return {name: handler for part in self._parts for name, handler in part.operations().items()}
