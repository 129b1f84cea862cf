"""What the cases import: the stage, who plays on it, the marks, and what a case may raise."""

from eventproof.client.aio import By, Closed, ConnectionRefused, Ending, Received
from eventproof.errors import ContractViolation, EventproofError, Inconclusive, TargetUnavailable
from eventproof.history import History, Kind, Record
from eventproof.refusal import Proof, Refusal
from eventproof.target import SOCKET_IO, Command, Endpoint, Target, Tier, Transport

from .calls import Answer, Twin
from .doors import Handshake
from .each import on_each
from .line import EndedAtOnce, Line
from .marks import (
    capability,
    each_event,
    each_system,
    every_system,
    judges_the_run,
    on_stage,
    proves,
    requirement,
    slow,
)
from .person import Person
from .play import Fire, Play, PlayOf
from .silence import Silence
from .stage import Stage
from .verdicts import NotApplicable, NotTestable

__all__ = [
    "SOCKET_IO",
    "Answer",
    "By",
    "Closed",
    "Command",
    "ConnectionRefused",
    "ContractViolation",
    "EndedAtOnce",
    "Ending",
    "Endpoint",
    "EventproofError",
    "Fire",
    "Handshake",
    "History",
    "Inconclusive",
    "Kind",
    "Line",
    "NotApplicable",
    "NotTestable",
    "Person",
    "Play",
    "PlayOf",
    "Proof",
    "Received",
    "Record",
    "Refusal",
    "Silence",
    "Stage",
    "Target",
    "TargetUnavailable",
    "Tier",
    "Transport",
    "Twin",
    "capability",
    "each_event",
    "each_system",
    "every_system",
    "judges_the_run",
    "on_each",
    "on_stage",
    "proves",
    "requirement",
    "slow",
]
