"""What the systems are built from; made once, by app.py."""

from dataclasses import dataclass

from .accounts.tables import Accounts
from .conduct import Conduct
from .delivery.admission import Admission
from .delivery.connections import Connections
from .delivery.emit import Delivery
from .metrics import Metrics
from .passwords import Passwords
from .tokens import Tokens


@dataclass(frozen=True, slots=True)
class Services:
    """Accounts and their sessions, the ways out to connected users, and how to behave."""

    accounts: Accounts
    passwords: Passwords
    tokens: Tokens
    connections: Connections
    admission: Admission
    delivery: Delivery
    metrics: Metrics
    conduct: Conduct
