"""The rules by which a change is judged: one table, with a column for what the server sends and one for what it takes.

A client was written for the old contract, and talks to a server that keeps the new one. What a client does not know it
passes over: a new field, a new event. What it relies on has to stay: the fields that it reads, the values that it
knows, the calls that it makes, what it is told after them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

__all__ = ["RULES", "Change", "Level", "Rule", "found"]


class Level(StrEnum):
    """What a change does to such a client; the gravest first."""

    BREAKING = "breaking"
    """It fails, or is told less than it was promised."""
    RISKY = "risky"
    """It may: that depends on the client, or cannot be told from the contract."""
    SAFE = "safe"
    """It goes on as before."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of change; `sent` is its level in what the server sends, `taken` in what it takes from clients."""

    sentence: str
    sent: Level
    taken: Level


@dataclass(frozen=True, slots=True)
class Change:
    """One change: by which rule, how grave, where, and what was and is there."""

    rule: str
    level: Level
    system: str
    where: str
    """`event NAME, from the server`, `call NAME`, and the place in its payload, a JSON pointer."""
    old: Any = None
    new: Any = None

    @property
    def sentence(self) -> str:
        """What the rule says."""
        return RULES[self.rule].sentence


def found(rule: str, system: str, where: str, old: Any = None, new: Any = None, *, taken: bool = False) -> Change:
    """A change by a rule, in what the server takes or in what it sends."""
    known = RULES[rule]
    return Change(rule, known.taken if taken else known.sent, system, where, old, new)


_B, _R, _S = Level.BREAKING, Level.RISKY, Level.SAFE

RULES: Final[Mapping[str, Rule]] = {
    # Systems and channels.
    "system-removed": Rule("the system is gone", _B, _B),
    "system-added": Rule("there is a new system", _S, _S),
    "channel-removed": Rule("the channel is gone", _B, _B),
    "channel-added": Rule("there is a new channel", _S, _S),
    "channel-moved": Rule("the channel is at another address", _B, _B),
    "channel-wire": Rule("the channel speaks another protocol", _B, _B),
    "channel-auth": Rule("a client presents its token in another way", _B, _B),
    "channel-name-at": Rule("the name of an event stands at another place of its message", _B, _B),
    "channel-opening-added": Rule("every client has to begin with an event, and did not before", _B, _B),
    "channel-opening-changed": Rule("every client has to begin with another event, or another argument", _B, _B),
    "channel-opening-removed": Rule("a client need not begin with an event any more", _S, _S),
    "channel-greeting": Rule("a connection begins with another event, or with none", _R, _R),
    "channel-heartbeat-added": Rule("a client has to answer heartbeats, and did not before", _B, _B),
    "channel-heartbeat": Rule("the heartbeat, or its answer, is another event", _B, _B),
    "channel-heartbeat-removed": Rule("there is no heartbeat of the channel any more", _S, _S),
    "channel-roles-narrowed": Rule("somebody may not connect any more who could", _B, _B),
    "channel-roles-widened": Rule("further roles may connect", _S, _S),
    "channel-refusal": Rule("a bad token is refused with another code", _R, _R),
    "channel-limit-lowered": Rule("a client may say less than it could", _B, _B),
    "channel-limit-raised": Rule("a client may say more than it could", _S, _S),
    "channel-room": Rule("a connection is in another room", _R, _R),
    # Events.
    "event-removed": Rule("the event is gone", _B, _B),
    "event-added": Rule("there is a new event", _S, _S),
    "trigger-removed": Rule("a call does not cause the event any more", _B, _B),
    "trigger-uncertain": Rule("a call causes the event only at times, where it always did", _B, _B),
    "trigger-added": Rule("a further call causes the event", _S, _S),
    "trigger-certain": Rule("a call causes the event always, where it did at times", _S, _S),
    "audience-narrowed": Rule("somebody is not told of it any more", _B, _B),
    "audience-widened": Rule("somebody is told of it who was not", _R, _R),
    "order-removed": Rule("its order is not promised any more, or within something else", _B, _B),
    "order-added": Rule("its order is promised", _S, _S),
    "correlate-changed": Rule("another id ties it to its cause, or none", _R, _R),
    "joins-changed": Rule("it joins or leaves another room", _B, _B),
    # Acknowledgements; of what the server sends a client owes them, of what it takes the server does.
    "ack-demanded": Rule("it has to be acknowledged, and had not", _B, _S),
    "ack-dropped": Rule("it need not be acknowledged any more", _S, _B),
    "ack-by": Rule("it is acknowledged in another way", _B, _B),
    "ack-match": Rule("an acknowledgement names it by other fields", _B, _B),
    "ack-retry": Rule("what is not acknowledged is sent again at other times, or not at all", _R, _S),
    # Calls.
    "call-removed": Rule("the call is gone", _B, _B),
    "call-added": Rule("there is a new call", _S, _S),
    "call-moved": Rule("the call is at another path, or by another method", _B, _B),
    "call-role-narrowed": Rule("somebody may not call it any more who could", _B, _B),
    "call-role-widened": Rule("further roles may call it", _R, _R),
    "call-ends": Rule("it ends other sessions than before", _R, _R),
    "call-conditional": Rule("it is there only on servers that claim a capability", _R, _R),
    "call-answer-moved": Rule("what is read from its answer stands elsewhere, or nowhere", _B, _B),
    "call-refusal-added": Rule("it may refuse for a further reason", _R, _R),
    "call-refusal-removed": Rule("it does not refuse for that reason any more", _S, _S),
    "state-step-removed": Rule("a call does not lead from a state to where it led", _B, _B),
    "state-step-added": Rule("a call leads from a state, where it was refused", _S, _S),
    "parameter-demanded": Rule("a parameter has to be given, and had not", _B, _B),
    "parameter-added": Rule("there is a new parameter, which may be left out", _S, _S),
    "parameter-removed": Rule("a parameter is not known any more", _R, _R),
    "status-removed": Rule("a success does not come with this status any more", _B, _B),
    "status-added": Rule("a success may come with a further status", _R, _R),
    # Payloads: what is wider lets more through, what is narrower less.
    "field-required-added": Rule("there is a new field, which is always there", _S, _B),
    "field-added": Rule("there is a new field, which may be left out", _S, _S),
    "field-required-removed": Rule("a field that was always there is gone", _B, _S),
    "field-removed": Rule("a field that could be there is gone", _R, _S),
    "field-refused": Rule("a field that was known is refused", _S, _B),
    "field-demanded": Rule("a field that could be left out is always there", _S, _B),
    "field-optional": Rule("a field that was always there may be left out", _B, _S),
    "object-closed": Rule("fields that are not listed are refused", _S, _B),
    "object-opened": Rule("fields that are not listed are let through", _S, _S),
    "type-widened": Rule("a value of a further type is let through", _B, _S),
    "type-narrowed": Rule("a value of one of its types is refused", _S, _B),
    "value-added": Rule("a further value is let through", _B, _S),
    "value-removed": Rule("a value that was known is refused", _S, _B),
    "limit-loosened": Rule("a limit lets more through", _B, _S),
    "limit-tightened": Rule("a limit lets less through", _S, _B),
    "form-added": Rule("a text must have a form that it need not have had", _S, _B),
    "form-removed": Rule("a text need not have its form any more", _B, _S),
    "form-changed": Rule("a text must have another form", _R, _R),
    "branch-added": Rule("a further alternative is let through", _B, _S),
    "branch-removed": Rule("an alternative is refused", _S, _B),
    "demand-added": Rule("a further rule must hold", _S, _B),
    "demand-removed": Rule("a rule need not hold any more", _B, _S),
    "schema-changed": Rule("a keyword changed of which nobody can tell whether it lets more or less through", _R, _R),
}
"""Every rule by its name. The first level is that of what the server sends, the second that of what it takes."""
