"""What the systems are built from; made once, by app.py."""

from dataclasses import dataclass

from .accounts.tables import Accounts
from .alarms import Alarms
from .attempts import Attempts
from .delivery.admission import Admission
from .delivery.channels import Channels
from .delivery.conduct import Conduct
from .delivery.connections import Connections
from .delivery.courier import Courier
from .delivery.eviction import Eviction
from .delivery.incoming import Incoming
from .delivery.journal import Journal
from .delivery.slow_readers import SlowReaders
from .health import Health
from .metrics import Metrics
from .passwords import Passwords
from .places import Places
from .store.database import Store
from .tokens import Tokens


@dataclass(frozen=True, slots=True)
class Services:
    """Accounts and their sessions, the ways out to connected users, and how to behave."""

    store: Store
    health: Health
    accounts: Accounts
    attempts: Attempts
    passwords: Passwords
    tokens: Tokens
    connections: Connections
    admission: Admission
    channels: Channels
    courier: Courier
    eviction: Eviction
    slow_readers: SlowReaders
    journal: Journal
    incoming: Incoming
    metrics: Metrics
    places: Places
    alarms: Alarms
    conduct: Conduct
    test_controls: bool
    """Whether the operations that only tests need are served: moving a user's time, failing inside."""
