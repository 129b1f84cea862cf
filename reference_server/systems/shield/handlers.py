"""Shield's calls, by whoever may make them."""

from collections.abc import Mapping

from ...services import Services
from ...transport.rest import Handler
from ..sessions import Sessions
from .admin import AdminCalls
from .own import OwnCalls
from .visit import Visits


class Shield:
    """The handlers, by the contract's operationIds."""

    def __init__(self, services: Services) -> None:
        visits = Visits(services.courier, services.store)
        self._parts = (Sessions(services), OwnCalls(services, visits), AdminCalls(services, visits))

    def operations(self) -> Mapping[str, Handler]:
        """Every operation of `contracts/shield/openapi.yaml`."""
        return {name: handler for part in self._parts for name, handler in part.operations().items()}
