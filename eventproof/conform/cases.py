"""What the cases import: the case itself, who takes part, the marks, and what a case may raise."""

from eventproof.catalog import ADMIN, USER, System
from eventproof.client.aio import By, Closed, ConnectionRefused, Ending, Received, Where
from eventproof.errors import ContractViolation, EventproofError, Inconclusive, TargetUnavailable
from eventproof.history import History, Kind, Record
from eventproof.refusal import Proof, Refusal
from eventproof.target import SOCKET_IO, Command, Endpoint, Target, Tier, Transport

from .calls import Answer, Twin
from .canaries import Canaries
from .case import Case
from .contract_driver import ContractDriver
from .dialer import HandshakeOptions
from .driver import Driver, DriverOf, Fire
from .each import on_each
from .line import EndedAtOnce, Line
from .marks import (
    as_case,
    capability,
    each_event,
    each_system,
    every_system,
    judges_the_run,
    proves,
    requirement,
    slow,
)
from .people import People
from .person import Person
from .verdicts import NotApplicable, NotTestable

__all__ = [
    "ADMIN",
    "SOCKET_IO",
    "USER",
    "Answer",
    "By",
    "Canaries",
    "Case",
    "Closed",
    "Command",
    "ConnectionRefused",
    "ContractDriver",
    "ContractViolation",
    "Driver",
    "DriverOf",
    "EndedAtOnce",
    "Ending",
    "Endpoint",
    "EventproofError",
    "Fire",
    "HandshakeOptions",
    "History",
    "Inconclusive",
    "Kind",
    "Line",
    "NotApplicable",
    "NotTestable",
    "People",
    "Person",
    "Proof",
    "Received",
    "Record",
    "Refusal",
    "System",
    "Target",
    "TargetUnavailable",
    "Tier",
    "Transport",
    "Twin",
    "Where",
    "as_case",
    "capability",
    "each_event",
    "each_system",
    "every_system",
    "judges_the_run",
    "on_each",
    "proves",
    "requirement",
    "slow",
]
