"""What a system gives to the server that serves it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..delivery.options import ChannelOptions
from ..transport.rest import Handler


@dataclass(frozen=True, slots=True)
class Served:
    """Its operations by their operationIds, and how it uses its channels, by their names in the contract."""

    operations: Mapping[str, Handler]
    channels: Mapping[str, ChannelOptions] = field(default_factory=dict)
