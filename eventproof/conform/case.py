"""What the cases import: the stage, who plays on it, the marks, and what a case may raise."""

from eventproof.client.aio import By, Closed, ConnectionRefused, Ending, Received
from eventproof.errors import ContractViolation, EventproofError, Inconclusive, TargetUnavailable
from eventproof.history import History, Kind, Record
from eventproof.target import OtherChannel, Target, Tier, Transport

from .calls import Answer
from .doors import Handshake
from .each import on_each
from .line import Line
from .marks import capability, every_system, judges_the_run, on_stage, requirement, slow
from .person import Person
from .play import Fire, Play, PlayOf
from .silence import Silence
from .stage import Stage
from .verdicts import NotApplicable, NotTestable

__all__ = [
    "Answer",
    "By",
    "Closed",
    "ConnectionRefused",
    "ContractViolation",
    "Ending",
    "EventproofError",
    "Fire",
    "Handshake",
    "History",
    "Inconclusive",
    "Kind",
    "Line",
    "NotApplicable",
    "NotTestable",
    "OtherChannel",
    "Person",
    "Play",
    "PlayOf",
    "Received",
    "Record",
    "Silence",
    "Stage",
    "Target",
    "TargetUnavailable",
    "Tier",
    "Transport",
    "capability",
    "every_system",
    "judges_the_run",
    "on_each",
    "on_stage",
    "requirement",
    "slow",
]
