"""Why a claim is denied: the codes D001 to D012, what members read, and whether they can appeal."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Denial:
    """What one denial code says."""

    reason: str
    appealable: bool


DENIALS: Final[Mapping[str, Denial]] = {
    "D001": Denial("The ticket was issued before the coverage began.", appealable=True),
    "D002": Denial("The plan does not cover this type of violation.", appealable=True),
    "D003": Denial("The same ticket has been claimed before.", appealable=False),
    "D004": Denial("The annual coverage limit has been reached.", appealable=False),
    "D005": Denial("The number of tickets covered in a year has been reached.", appealable=False),
    "D006": Denial("The documents cannot be read or are incomplete.", appealable=True),
    "D007": Denial("The ticket number could not be verified with the issuing authority.", appealable=True),
    "D008": Denial("The claim was submitted after the filing deadline.", appealable=True),
    "D009": Denial("The ticket was not issued to the member or the member's vehicle.", appealable=True),
    "D010": Denial("The subscription was not active when the ticket was issued.", appealable=True),
    "D011": Denial("The ticket has been dismissed or paid by someone else.", appealable=True),
    "D012": Denial("The claim contains false information.", appealable=False),
}
