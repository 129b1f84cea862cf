"""What the cases import: the stage, who plays on it, the marks, and what a case may raise."""

from eventproof.client.aio import ConnectionRefused, Received
from eventproof.errors import ContractViolation, EventproofError, Inconclusive, TargetUnavailable
from eventproof.history import Kind
from eventproof.target import OtherChannel, Tier, Transport

from .accounts import Accounts
from .calls import Answer
from .line import Line
from .marks import capability, judges_the_run, on_stage, requirement
from .person import Person
from .stage import Stage
from .verdicts import NotApplicable, NotTestable

__all__ = [
    "Accounts",
    "Answer",
    "ConnectionRefused",
    "ContractViolation",
    "EventproofError",
    "Inconclusive",
    "Kind",
    "Line",
    "NotApplicable",
    "NotTestable",
    "OtherChannel",
    "Person",
    "Received",
    "Stage",
    "TargetUnavailable",
    "Tier",
    "Transport",
    "capability",
    "judges_the_run",
    "on_stage",
    "requirement",
]
