# ruff: noqa: ARG002 - a question is answered with the arguments that it comes with
"""The faults of plan-sync: each is a class that answers one question otherwise, and a line of the table below them."""

import asyncio
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import orjson

from ..accounts.account import Account
from ..delivery.conduct import Conduct, Event
from ..delivery.connections import Connection, Connections, opened
from ..delivery.entry import Entry
from ..delivery.message import Message
from ..reasons import Reason
from ..refusals import Refusal
from .fault import Fault
from .shapes import limited

_ONE_PLAN: Final = "/api/plans/{planId}/subscribe"
"""The channel of one plan."""
Body = Mapping[str, Any] | None


# How a stream is written.


class _StreamCached(Conduct):
    """The stream may be cached for a minute."""

    def stream_headers(self, headers: Mapping[str, str]) -> Mapping[str, str]:
        return {**headers, "Cache-Control": "max-age=60"}


class _NoRetry(Conduct):
    """The stream does not say when to reconnect."""

    def beginning(self, block: bytes) -> bytes:
        return b":\n\n"


class _NamesInEventField(Conduct):
    """Every event has its name in `event:`, so that `onmessage` of a browser gets none."""

    def block(self, name: str, block: bytes) -> bytes:
        return f"event: {name}\n".encode() + block


class _LettersLost(Conduct):
    """The stream carries letters of ASCII alone."""

    def block(self, name: str, block: bytes) -> bytes:
        return block.decode().encode("ascii", "replace")


class _RawLineBreaks(Conduct):
    """A line break in a text breaks the line of the stream."""

    def block(self, name: str, block: bytes) -> bytes:
        return block.replace(b"\\n", b"\n")


class _EndsAfterThree(Conduct):
    """A stream ends after three events."""

    def __init__(self) -> None:
        self._told: dict[Connection, int] = {}

    def recipients(self, entry: Entry, right: list[Connection], everyone: Connections) -> list[Connection]:
        for connection in right:
            self._told[connection] = self._told.get(connection, 0) + 1
            if self._told[connection] == 3:
                asyncio.get_running_loop().call_soon(connection.link.close, Reason.SERVER_DISCONNECT)
        return right


# What is told, and to whom.


class _Unconnected(Conduct):
    """A new stream says nothing until a plan changes."""

    def greeting(self, connection: Connection, greeting: Sequence[Event]) -> Sequence[Event]:
        return ()


class _LatestChangeFirst(Conduct):
    """A new stream of all plans begins with the latest change."""

    def __init__(self) -> None:
        self._latest: list[Event] = []

    def outgoing(self, message: Message) -> Iterable[Message]:
        self._latest = [(message.name, message.payload)]
        return (message,)

    def greeting(self, connection: Connection, greeting: Sequence[Event]) -> Sequence[Event]:
        return greeting if connection.channel == _ONE_PLAN else (*self._latest, *greeting)


class _AdminsUntold(Conduct):
    """Users hear of changes, admins do not."""

    def recipients(self, entry: Entry, right: list[Connection], everyone: Connections) -> list[Connection]:
        return [connection for connection in right if not connection.is_admin]


class _Altered(Conduct):
    """The argument of an event, altered."""

    def __init__(self, alter: Callable[[dict[str, Any]], Mapping[str, Any]]) -> None:
        self._alter = alter

    def outgoing(self, message: Message) -> Iterable[Message]:
        return (replace(message, payload=message.payload | self._alter(message.payload)),)


class _OrderByConnection(Conduct):
    """Every second stream hears every third change a little later than the next ones."""

    def __init__(self) -> None:
        self._count = 0

    def recipients(self, entry: Entry, right: list[Connection], everyone: Connections) -> list[Connection]:
        self._count += 1
        late = right[1::2] if entry.name == "UPDATE" and self._count % 3 == 0 else []
        for connection in late:
            asyncio.get_running_loop().call_later(0.05, connection.link.send, entry.emission())
        return [connection for connection in right if connection not in late]


class _OnePlanHearsAll(Conduct):
    """The stream of one plan carries the changes of all plans."""

    def recipients(self, entry: Entry, right: list[Connection], everyone: Connections) -> list[Connection]:
        others = [connection for connection in opened(everyone) if connection.channel == _ONE_PLAN]
        return list(dict.fromkeys([*right, *others])) if entry.name != "CREATE" else right


class _RefusedChangeTold(Conduct):
    """A change that is refused is told: with what was told last, as if it happened now."""

    def __init__(self) -> None:
        self._latest: deque[Entry] = deque(maxlen=8)
        self._everyone: Connections | None = None

    def recipients(self, entry: Entry, right: list[Connection], everyone: Connections) -> list[Connection]:
        self._latest.append(entry)
        self._everyone = everyone
        return right

    def refusal(self, refusal: Refusal) -> Refusal:
        if refusal.code in ("amounts_crossed", "plan_not_found", "version_conflict") and self._everyone is not None:
            for connection in opened(self._everyone):
                for entry in self._latest if connection.channel != _ONE_PLAN else ():
                    said = {**orjson.loads(entry.text), "timestamp": time.time_ns() // 1_000_000}
                    connection.link.send(replace(entry, text=orjson.dumps(said).decode()).emission())
        return refusal


class _SlowReaderHoldsAll(Conduct):
    """As long as a stream does not take what is sent, nobody is told."""

    def recipients(self, entry: Entry, right: list[Connection], everyone: Connections) -> list[Connection]:
        return [] if any(_unread(connection) for connection in opened(everyone)) else right


def _unread(connection: Connection) -> bool:
    """Whether its socket takes nothing more: a server that writes and waits would wait here."""
    pipe = getattr(connection.link, "pipe", None)
    return pipe is not None and not pipe.is_closing() and pipe.get_write_buffer_size() > 0


class _FiveHundredHear(Conduct):
    """Only the first five hundred streams are told."""

    def recipients(self, entry: Entry, right: list[Connection], everyone: Connections) -> list[Connection]:
        return right[:500]


# Coming back.


class _Resumes(Conduct):
    """What a stream missed, otherwise than it was."""

    def __init__(self, choose: Callable[[Sequence[Entry]], Sequence[Entry]]) -> None:
        self._choose = choose

    def replays(self, connection: Connection, missed: Sequence[Entry]) -> Sequence[Entry]:
        return self._choose(missed)


# How calls are answered.


class _Answered(Conduct):
    """The items of a list, each altered, with the list's caller and what was told of plans so far at hand."""

    operation = ""
    items = ""

    def __init__(self) -> None:
        self.plans: dict[str, dict[str, Any]] = {}
        """What was told of each plan last."""

    def outgoing(self, message: Message) -> Iterable[Message]:
        if "planData" in message.payload:
            self.plans[message.payload["planId"]] = message.payload["planData"]
        return (message,)

    def answer(self, operation: str, account: Account | None, body: Body) -> Body:
        if operation != self.operation or body is None:
            return body
        return {**body, self.items: [self.item(item) for item in body[self.items]]}

    def item(self, item: dict[str, Any]) -> dict[str, Any]:
        """One of them."""
        return item


class _UserPlansStay(_Answered):
    """A user plan keeps the ROI and the duration that it began with."""

    operation, items = "listUserPlans", "userPlans"

    def __init__(self) -> None:
        super().__init__()
        self._begun: dict[str, dict[str, Any]] = {}

    def answer(self, operation: str, account: Account | None, body: Body) -> Body:
        if operation == "invest" and body is not None:
            self._begun[body["id"]] = {"roi": body["roi"], "duration": body["duration"]}
        return super().answer(operation, account, body)

    def item(self, item: dict[str, Any]) -> dict[str, Any]:
        return item | self._begun.get(item["id"], {})


class _EndedFollow(_Answered):
    """A user plan that has ended follows its plan, too."""

    operation, items = "listUserPlans", "userPlans"

    def item(self, item: dict[str, Any]) -> dict[str, Any]:
        plan = self.plans.get(item["planId"])
        return item if plan is None else item | {"roi": plan["roi"], "duration": plan["duration"]}


class _DeletedStaysTheirs(_Answered):
    """A user plan names its plan after the plan has been deleted."""

    operation, items = "listUserPlans", "userPlans"

    def __init__(self) -> None:
        super().__init__()
        self._of: dict[str, str] = {}

    def item(self, item: dict[str, Any]) -> dict[str, Any]:
        if item["planId"] is not None:
            self._of[item["id"]] = item["planId"]
        return item | {"planId": self._of.get(item["id"])}


class _UserPlansLag(Conduct):
    """A user's plans are those of a moment ago."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[float, Body]] = {}

    def answer(self, operation: str, account: Account | None, body: Body) -> Body:
        if operation != "listUserPlans" or account is None:
            return body
        at, before = self._seen.get(account.id, (0.0, None))
        if time.monotonic() - at < 0.3:
            return before
        self._seen[account.id] = (time.monotonic(), body)
        return body


class _FirstListed(_Answered):
    """A field of a plan, as the list had it first."""

    operation, items = "listPlans", "plans"

    def __init__(self, field: str) -> None:
        super().__init__()
        self._field = field
        self._first: dict[str, Any] = {}

    def item(self, item: dict[str, Any]) -> dict[str, Any]:
        return item | {self._field: self._first.setdefault(item["id"], item[self._field])}


class _LeaversCounted(Conduct):
    """Who has left is counted as a subscriber all the same."""

    def __init__(self) -> None:
        self._count = 0

    def greeting(self, connection: Connection, greeting: Sequence[Event]) -> Sequence[Event]:
        self._count += 1
        return greeting

    def answer(self, operation: str, account: Account | None, body: Body) -> Body:
        return {"subscribers": self._count} if operation == "countSubscribers" else body


class _NobodyCounted(Conduct):
    """The count of subscribers is always 0."""

    def answer(self, operation: str, account: Account | None, body: Body) -> Body:
        return {"subscribers": 0} if operation == "countSubscribers" else body


# What an admin may do.


class _PlansForEverybody(Conduct):
    """Every user may change plans."""

    def role(self, operation: str, code: str | None) -> str | None:
        return None


class _NegativeTaken(Conduct):
    """A negative ROI is taken."""

    def fits_call(self, operation: str, fits: bool, body: Any) -> bool:
        return fits or (isinstance(body, dict) and _is_negative(body.get("roi")))


def _is_negative(value: object) -> bool:
    return isinstance(value, float | int) and -1 <= value < 0


class _CurtBadValue(Conduct):
    """A bad value is refused without a word that helps."""

    def refusal(self, refusal: Refusal) -> Refusal:
        return Refusal(refusal.code, "No.") if refusal.code in ("invalid_input", "amounts_crossed") else refusal


class _OlderVersionWritten(Conduct):
    """A change of an older version is made."""

    def conflict(self, late: bool) -> bool:
        return False


def _told(fault: str, summary: str, alter: Callable[[dict[str, Any]], Mapping[str, Any]]) -> Fault:
    return Fault(fault, "PLN-EVT-1", summary, lambda: _Altered(alter))


def _resuming(fault: str, summary: str, choose: Callable[[Sequence[Entry]], Sequence[Entry]]) -> Fault:
    return Fault(fault, "PLN-SSE-6", summary, lambda: _Resumes(choose))


def _listed(fault: str, summary: str, field: str, *implies: str) -> Fault:
    return Fault(fault, "PLN-POLL-1", summary, lambda: _FirstListed(field), implies)


FAULTS: Final = (
    Fault.of("stream-cached", "PLN-SSE-1", _StreamCached),
    Fault.of("stream-ends-after-three", "PLN-SSE-1", _EndsAfterThree, ("PLN-SSE-6", "PLN-SSE-7")),
    Fault.of("unconnected", "PLN-SSE-2", _Unconnected),
    Fault.of("latest-change-first", "PLN-SSE-2", _LatestChangeFirst, ("PLN-SSE-6",)),
    Fault.of("names-in-event-field", "PLN-SSE-3", _NamesInEventField),
    Fault.of("letters-lost", "PLN-SSE-3", _LettersLost),
    Fault.of("raw-line-breaks", "PLN-SSE-3", _RawLineBreaks),
    Fault.of("no-retry", "PLN-SSE-4", _NoRetry),
    Fault("no-comments", "PLN-SSE-4", "An idle stream carries nothing.", limited(stream_comment=3600.0)),
    Fault.of("leavers-counted", "PLN-SSE-5", _LeaversCounted),
    _resuming("resumes-backwards", "What was missed comes in reverse.", lambda missed: missed[::-1]),
    _resuming("resumes-without-the-first", "The first that was missed stays lost.", lambda missed: missed[1:]),
    Fault.of("slow-reader-holds-all", "PLN-SSE-7", _SlowReaderHoldsAll),
    Fault(
        "kept-for-slow-readers",
        "PLN-SSE-7",
        "All that a slow reader does not take is kept for it, and it is never cut off.",
        limited(max_backlog=sys.maxsize),
        scenario="slow_consumers",
    ),
    Fault.of("admins-untold", "PLN-EVT-1", _AdminsUntold),
    _told(
        "time-in-seconds", "Changes carry the time in seconds.", lambda data: {"timestamp": data["timestamp"] // 1000}
    ),
    _told("another-admin-named", "Changes name another admin.", lambda _: {"adminEmail": "somebody@example.com"}),
    Fault.of("order-by-connection", "PLN-EVT-2", _OrderByConnection),
    Fault.of("one-plan-hears-all", "PLN-EVT-3", _OnePlanHearsAll, ("ALL-ROOM-1",)),
    Fault.of("refused-change-told", "PLN-EVT-4", _RefusedChangeTold, fails_each=True),
    Fault.of("user-plans-stay", "PLN-USER-1", _UserPlansStay, ("PLN-USER-3",)),
    Fault.of("ended-follow", "PLN-USER-1", _EndedFollow),
    Fault.of("deleted-stays-theirs", "PLN-USER-2", _DeletedStaysTheirs),
    Fault.of("user-plans-lag", "PLN-USER-3", _UserPlansLag, ("PLN-USER-2",)),
    Fault.of("plans-for-everybody", "PLN-ADMIN-1", _PlansForEverybody, ("PLN-EVT-4",)),
    Fault.of("negative-taken", "PLN-ADMIN-2", _NegativeTaken, ("PLN-EVT-1", "PLN-EVT-4")),
    Fault.of("curt-bad-value", "PLN-ADMIN-2", _CurtBadValue),
    Fault.of("older-version-written", "PLN-ADMIN-3", _OlderVersionWritten),
    _listed("old-name-listed", "The list of plans shows the name that a plan had first.", "name"),
    _listed("old-rois-listed", "The list of plans shows the ROI that a plan had first.", "roi", "PLN-USER-3"),
    Fault.of("five-hundred-hear", "PLN-SCALE-1", _FiveHundredHear),
    Fault.of("nobody-counted", "PLN-STAT-1", _NobodyCounted),
)
