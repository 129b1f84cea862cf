"""One history, judged twice: by the checks afterwards, and by the ledger while it happens. They say the same.

Where they differ, they mean to: a ledger does not ask in which order something came that was lost, for a loss is
counted already; so the order is compared where all of a claim came in time. It counts events out of order, the checks
pairs: what is compared is whether there are any. And it takes each receipt for the earliest cause that it may be of,
which is the only one here: no two calls of this history cause the same event of the same claim.
"""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from eventproof import checks
from eventproof.catalog import Cause, effects
from eventproof.history import Kind, Record
from eventproof.load.judgement import Receipt
from eventproof.load.ledger import Ledger
from eventproof.load.reading import read
from eventproof.load.rooms import Rooms
from tests.checks.shield import KNOWN, ROOMS, SYSTEM, called, opened, received

_WITHIN = 5.0
_ANSWERED = 0.1
_STEPS = {"reviewClaim": "claim_under_review", "approveClaim": "claim_approved", "payClaim": "claim_paid"}
_EVENTS = [event for event in SYSTEM.events if event.name in _STEPS.values()]
_LINES = {"1": ("user-1/a", "user-1/b"), "2": ("user-2/a",)}


@dataclass(frozen=True)
class Fate:
    """What becomes of one event at one recipient: when it comes after its call, again, and to a stranger; or not."""

    delays: tuple[float, ...]
    astray: bool


_FATES = st.builds(
    Fate,
    st.one_of(st.just(()), st.lists(st.sampled_from([0.05, 0.3, 1.7, 4.9, 5.3, 8.0]), max_size=2).map(tuple)),
    st.sampled_from([False, False, False, True]),
)
_CLAIMS = st.lists(
    st.tuples(st.sampled_from("12"), st.lists(st.lists(_FATES, min_size=2, max_size=2), min_size=1, max_size=3)),
    min_size=1,
    max_size=3,
)


def _history(claims: list[tuple[str, list[list[Fate]]]]) -> list[Record]:
    """Each claim is taken through its steps, a second apart; the claims begin a little after each other."""
    records = [opened(0, *line.split("/")) for lines in _LINES.values() for line in lines]
    for number, (user, steps) in enumerate(claims):
        for place, (operation, fates) in enumerate(zip(_STEPS, steps, strict=False)):
            at, claim = 1 + place + number * 0.13, f"clm_{number}"
            call = replace(called(at, "admin-1", operation, userId=user, claimId=claim), call=number * 10 + place)
            answer: dict[str, Any] = {"status": 200, "body": None, "says": {}}
            records += [call, replace(call, at=at + _ANSWERED, kind=Kind.ANSWERED, payload=answer)]
            for line, fate in zip(_LINES[user], fates, strict=False):
                actor, _, name = line.partition("/")
                event = _STEPS[operation]
                records += [received(at + delay, actor, event, line=name, claimId=claim) for delay in fate.delays]
                if fate.astray:
                    stranger = "user-2" if user == "1" else "user-1"
                    records.append(received(at + 0.7, stranger, event, claimId=claim))
    return [*sorted(records, key=lambda record: record.at), Record(100.0, Kind.NOTE, "case")]


class Online:
    """The ledger's judgement."""

    def __init__(self, records: list[Record]) -> None:
        self.ledger, self._rooms = Ledger(kept=1000, patience=60), Rooms[str]()
        self.out_of_order: set[str] = set()
        self.judged: Counter[tuple[Receipt, str, str]] = Counter()
        calls: dict[Any, Record] = {}
        for record in records:
            match record.kind:
                case Kind.OPENED:
                    self._rooms.join(record.connection, ROOMS[record.actor])
                case Kind.CALLED:
                    calls[record.call] = record
                case Kind.ANSWERED:
                    self._enter(calls[record.call], record)
                case Kind.RECEIVED:
                    self._take(record)
        self.ledger.conclude()
        self.lost = {(loss.event, str(loss.recipient)) for loss in self.ledger.settle(1000)}

    def _enter(self, call: Record, answer: Record) -> None:
        cause = Cause(call.name, call.payload, "9")
        for effect in effects(_EVENTS, cause):
            recipients = self._rooms.of(effect.audience.rooms)
            name, deadline = effect.event.name, answer.at + _WITHIN
            matches = self.ledger.expect(
                call.name,
                name,
                recipients,
                at=call.at,
                deadline=deadline,
                subject=effect.key,
                step=list(_STEPS).index(call.name),
            )
            for match in matches:
                self._note(match, name, str(effect.key))

    def _take(self, record: Record) -> None:
        event = KNOWN[record.channel, record.name]
        reading = read(event, record.payload)
        match = self.ledger.receive(record.name, record.connection, at=record.at, subject=reading.subject)
        self._note(match, record.name, str(reading.subject))

    def _note(self, match: Any, event: str, claim: str) -> None:
        self.judged[match.receipt, event, claim] += 1
        if match.out_of_order:
            self.out_of_order.add(claim)


@settings(max_examples=150, deadline=None)
@given(claims=_CLAIMS)
@example(claims=[("2", [[Fate((1.7,), False)] * 2, [Fate((0.3,), False)] * 2])])  # the second is heard before the first
def test_the_ledger_and_the_checks_judge_one_history_alike(claims: list[tuple[str, list[list[Fate]]]]) -> None:
    records = _history(claims)
    online, story = Online(records), checks.Story(records, KNOWN, ROOMS)
    tallies = online.ledger.tallies
    for event in _STEPS.values():
        undelivered = list(checks.undelivered(story, _WITHIN, event))
        lost = sum(_heard(finding.sentence) for finding in undelivered)
        late = sum(_late(finding.sentence) for finding in undelivered)
        tally = online.ledger.tally(event)
        assert (tally.lost, tally.late) == (lost + late, late), undelivered
        assert tally.leaked == len(list(checks.leaked(story, event)))
        twice = sum(_repeats(records, event, f"clm_{number}") for number in range(len(claims)))
        assert tally.duplicate == twice
    wrong = {key for key in _in_time(online, claims) if _is_misordered(records, key)}
    assert online.out_of_order & _in_time(online, claims) == wrong
    assert all(tally.expected == tally.delivered + tally.lost for tally in tallies.values())


def _heard(sentence: str) -> int:
    """How many connections a finding says heard nothing."""
    told = next((part for part in sentence.split("; ") if part.endswith(" did not")), "")
    return len(told.removesuffix(" did not").split(", ")) if told else 0


def _late(sentence: str) -> int:
    told = next((part for part in sentence.split("; ") if " more than " in part), "")
    return len(told.partition(" more than ")[0].split(", ")) if told else 0


def _repeats(records: list[Record], event: str, claim: str) -> int:
    """What a connection whom it is for received of an event of a claim, beyond the first."""
    own = {
        record.payload["userId"]
        for record in records
        if record.kind is Kind.CALLED and record.payload["claimId"] == claim
    }
    lines = [line for user in own for line in _LINES[user]]
    about = [
        record for record in records if record.kind is not Kind.RECEIVED or record.payload["data"]["claimId"] == claim
    ]
    return sum(int(finding.observed) - 1 for finding in checks.duplicated(about, event, lines))


def _in_time(online: Online, claims: list[tuple[str, list[list[Fate]]]]) -> set[str]:
    """The claims of which nothing was lost or late, and something came of each step everywhere."""
    return {
        f"clm_{number}"
        for number, (user, steps) in enumerate(claims)
        if all(fate.delays and max(fate.delays) <= _WITHIN for fates in steps for fate in fates[: len(_LINES[user])])
    }


def _is_misordered(records: list[Record], claim: str) -> bool:
    about = [
        record for record in records if record.kind is not Kind.RECEIVED or record.payload["data"]["claimId"] == claim
    ]
    calls = [one for one in about if one.kind not in (Kind.CALLED, Kind.ANSWERED) or _claim_of(one, records) == claim]
    return any(True for _ in checks.misordered(checks.Story(calls, KNOWN, ROOMS)))


def _claim_of(record: Record, records: list[Record]) -> Any:
    return next(one.payload["claimId"] for one in records if one.kind is Kind.CALLED and one.call == record.call)
