"""How somebody's own documents were read: what was understood, what is doubtful, what they say too little for."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from .event import Direction

__all__ = ["Lack", "Reading", "Remark", "Said", "Weight"]


class Weight(StrEnum):
    """How much a remark matters."""

    NOTE = "note"
    """It was read as it stands; this is how."""
    WARNING = "warning"
    """It was read as it was meant, which is not what it says."""
    QUESTION = "question"
    """Nobody can tell what was meant: nothing is checked before it is answered."""


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing worth telling of a document: `where` is its file and line, `remedy` what to write there."""

    weight: Weight
    where: str
    sentence: str
    remedy: str = ""
    further: int = 0
    """In how many other places the same is so."""

    def of(self, contract: str) -> "Remark":
        """The same, of the contract with this name in a profile."""
        return replace(self, remedy=self.remedy.replace("[contracts.NAME", f"[contracts.{contract}"))

    def __str__(self) -> str:
        more = f" (and in {self.further} other place{'s' if self.further > 1 else ''})" if self.further else ""
        return f"{self.where}: {self.sentence}{more}" + (f"; {self.remedy}" if self.remedy else "")


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that could be judged if the contract said one word more: `line` is what to add to the profile."""

    what: str
    """As a requirement is called: `message:new/audience`."""
    why: str
    line: str


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of an event by one word: in a document, or in the profile, which outweighs it."""

    value: Any
    where: str
    """The file and its line, or the table of the profile."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What became of the documents of one contract."""

    said: tuple[str, ...] = ()
    """How they were read, in words: `a channel is a namespace`."""
    remarks: tuple[Remark, ...] = ()
    lacks: tuple[Lack, ...] = ()
    judged: int = 0
    """How many things are judged; with the lacks, all that could be."""
    served: str = ""
    """The URL of the first server that the documents name; empty where they name none that is whole."""
    token_in: str = ""
    """The parameter of a connection's query in which the token is shown; empty where the documents name none."""
    events: Mapping[tuple[str, Direction, str], Mapping[str, Said]] = field(default_factory=dict, hash=False)
    """What is said of each event, by channel, direction and name: by the keys under which a profile says it."""

    @property
    def share(self) -> str:
        """How much is judged, in words."""
        return f"{self.judged} of {self.judged + len(self.lacks)}"
