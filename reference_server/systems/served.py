"""What a system gives to the server that serves it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..delivery.manners import Manners
from ..transport.rest import Handler


@dataclass(frozen=True, slots=True)
class Served:
    """Its operations by their operationIds, and how its channels behave, by their names in the contract."""

    operations: Mapping[str, Handler]
    manners: Mapping[str, Manners] = field(default_factory=dict)
