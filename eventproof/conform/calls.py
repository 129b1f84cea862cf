"""Sends what `actions` says an operation is on the target, and enters the call and its answer in the history."""

import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp

from eventproof.acknowledgement import is_refusal
from eventproof.actions import Invocation, Request, action_for, at, credentials_of, read
from eventproof.catalog.arguments import payload_of
from eventproof.client.answer import HttpAnswer
from eventproof.errors import ContractViolation, EventproofError, Inconclusive
from eventproof.history import History, Kind, Record
from eventproof.redaction import learn, learn_from, names_a_secret, redacted
from eventproof.refusal import Proof, Refusal, expected, proof, says_why_not
from eventproof.target import Emission, Identity, Target
from eventproof.templates import fill, names
from eventproof.wellformed import masked

from . import program
from .asking import ACCEPTED, REFUSED
from .exchange import document_in, exchange
from .line import Line
from .patience import Limited, must_not_be_limited, until_answered
from .verdicts import NotTestable

__all__ = ["Answer", "Caller", "Twin"]

Twin = Callable[[], Awaitable["Answer"]]
"""Makes a call that has to be accepted, and differs from a refused one in the refused thing alone."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back from a call; `status` is an HTTP status, or one that stands for how a program ended.

    That is 200 for its success, `refusal.COMMAND` for the exit code that the profile names, 500 for any other.
    """

    target: Target
    operation: str
    status: int
    body: Any
    began: float
    """When the call was sent, on the history's clock."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Those of the answer, whose names are the same in capitals and in small letters."""
    record: Record | None = field(default=None, repr=False, compare=False)
    """What the history has of it; None where it was not entered there."""

    @property
    def is_accepted(self) -> bool:
        """Whether the call did what it was asked."""
        return 200 <= self.status < 300

    @property
    def is_refused(self) -> bool:
        """Whether the caller was told that the fault is theirs."""
        return 400 <= self.status < 500

    @property
    def location(self) -> str:
        """Where a redirect points to, without a query: it may carry a secret."""
        return masked(self.headers.get("Location", ""))

    @property
    def code(self) -> Any:
        """The code of a refusal, where the profile says it is."""
        return at(self.body, self.target.rest.code)

    @property
    def message(self) -> Any:
        """The sentence of a refusal, where the profile says it is."""
        return at(self.body, self.target.rest.message)

    def says(self, name: str) -> Any:
        """What the answer says by `name` (`token`, `claimId`): where the profile says, else in its field of that name.

        None where there is none.
        """
        found = read(self.target.operations[self.operation], name, self.body, self.headers)
        return at(self.body, f"/{name}") if found is None else found

    @property
    def ids(self) -> dict[str, str | int]:
        """All that it says by a name of our contract and is an id or a short text; no secret."""
        operation = self.target.operations[self.operation]
        found: dict[str, str | int] = {}
        for name in operation.answers if self.is_accepted else ():
            with suppress(ContractViolation):  # it is in the items of a list, or this target has no such thing
                value = read(operation, name, self.body, self.headers)
                if isinstance(value, str | int) and not names_a_secret(name):
                    found[name] = value
        return found

    def must_be_accepted(self) -> "Answer":
        """Itself; raises ContractViolation where it is no success."""
        if not self.is_accepted:
            raise ContractViolation(
                f"{self.operation} was not accepted",
                expected="a success (2xx)",
                observed=str(self),
                record=self.record,
            )
        return self

    def must_succeed(self) -> "Answer":
        """Itself; raises Inconclusive where it is no success, since it only arranges what the case is about."""
        if not self.is_accepted:
            raise Inconclusive(f"{self.operation} was not accepted, so nothing can be said here: {self}")
        return self

    def proves(self, refusal: Refusal) -> Proof:
        """What its status says of this refusal on this target."""
        return proof(self.status, refusal, self.target.rest.refused_with)

    def must_not_be_done(self, because: str, refusal: Refusal = Refusal.CALLER) -> "Answer":
        """Itself; raises ContractViolation where the call was done (2xx) or the server failed (5xx)."""
        if self.proves(refusal) is Proof.BROKEN:
            raise ContractViolation(
                f"{self.operation} was not refused {because}",
                expected=f"a refusal ({expected(refusal, self.target.rest.refused_with)})",
                observed=str(self),
                record=self.record,
            )
        return self

    def must_be_refused(
        self, because: str, refusal: Refusal = Refusal.CALLER, *, beside: "Answer | None" = None
    ) -> "Answer":
        """Itself; `beside` is the answer to a call that differs in the refused thing alone.

        Raises as `must_not_be_done`, and Inconclusive where the answer says no to something else, or would be a
        refusal only beside an accepted call, and there is none.
        """
        found = self.must_not_be_done(because, refusal).proves(refusal)
        why = says_why_not(self.status, refusal, self.target.rest.refused_with)
        if found is Proof.NONE:
            raise Inconclusive(f"{self.operation} was not refused {because} in a way that proves it: {why}: {self}")
        if found is Proof.BESIDE and (beside is None or not beside.is_accepted):
            twin = "no call beside it shows which" if beside is None else f"the call beside it was answered {beside}"
            raise Inconclusive(f"whether {self.operation} was refused {because} is unknown: {why}, and {twin}: {self}")
        return self

    async def must_be_refused_beside(self, twin: Twin, because: str, refusal: Refusal = Refusal.CALLER) -> "Answer":
        """As `must_be_refused`; the twin is called only where the answer proves nothing without it."""
        beside = await twin() if self.proves(refusal) is Proof.BESIDE else None
        return self.must_be_refused(because, refusal, beside=beside)

    def must_be_an_answer(self) -> "Answer":
        """Itself; raises ContractViolation where the server failed (5xx), Inconclusive where it redirects."""
        if 300 <= self.status < 400:
            raise Inconclusive(f"{self.operation} is redirected to {self.location or 'nowhere'}: correct its path")
        if not (self.is_accepted or self.is_refused):
            raise ContractViolation(
                f"{self.operation} failed", expected="2xx or 4xx", observed=str(self), record=self.record
            )
        return self

    @property
    def shown(self) -> Any:
        """The body without its secrets."""
        return redacted(self.body)

    def __str__(self) -> str:
        if isinstance(self.body, str) and "<" in self.body:  # a page of a framework or a proxy
            return f"{self.status} {HttpAnswer('', self.status, body=self.shown).text}"
        return f"{self.status} {json.dumps(self.shown, ensure_ascii=False, default=repr)[:300]}"


def _with(action: Request | Invocation, further: Mapping[str, Any]) -> Request:
    if isinstance(action, Invocation) or not isinstance(action.json, Mapping):
        raise NotTestable(f"{action.operation} has no body of named fields, to which another one could be added")
    return replace(action, json={**action.json, **further})


class Caller:
    """Calls the target for everybody in a run."""

    def __init__(self, target: Target, history: History, http: aiohttp.ClientSession) -> None:
        self.target = target
        self._history = history
        self._http = http
        self._people: dict[str, Identity] = {}

    def meet(self, actor: str, identity: Identity) -> None:
        """Know somebody by what the history calls them and by their id: templates may name what identities have."""
        self._people[actor] = identity
        if identity.id is not None:
            self._people[str(identity.id)] = identity

    def _known_of(self, actor: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """What the identity brings that a call is about: the user it names, else whoever calls."""
        about = self._people.get(str(parameters.get("userId", actor)))
        return {} if about is None else credentials_of(about)

    @property
    def mints(self) -> bool:
        """Whether tokens are made with the target's secret, without a login."""
        return self.target.jwt is not None and self.target.jwt.claims is not None

    async def call(
        self,
        actor: str,
        operation: str,
        parameters: Mapping[str, Any],
        token: str | None = None,
        further: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Perform an operation as `actor`; again later where the target asks for that.

        `further` are fields of the body beside those that the parameters fill; NotTestable where there is no such body.
        Raises Inconclusive where no whole answer came in time or the target allows no more calls, TargetUnavailable
        where nothing listens. A call that raises is entered as unanswered, whatever it was that raised: what it did is
        unknown.
        """
        action = action_for(self.target, operation, {**self._known_of(actor, parameters), **parameters}, token)
        if further:
            action = _with(action, further)
        shown = {name: value for name, value in parameters.items() if not names_a_secret(name)}
        number = self._history.call()
        began = self._history.add(Kind.CALLED, actor, name=operation, payload=shown, call=number).at

        async def attempt() -> tuple[int, Any, Mapping[str, str]]:
            nonlocal began
            began = self._history.now()
            return await (self._run(action) if isinstance(action, Invocation) else self._send(action))

        def limited(why: Limited) -> None:
            self._history.add(Kind.NOTE, actor, name=operation, payload=f"limited with {why.status}, so made again")

        try:
            status, body, headers = await until_answered(attempt, limited)
            learn(at(body, self.target.operations[operation].answers.get("token", "/token")))
            learn_from(body)
            answer = Answer(self.target, operation, status, body, began, headers)
        except BaseException as error:
            why = str(error) if isinstance(error, EventproofError) else type(error).__name__
            self._history.add(Kind.UNANSWERED, actor, name=operation, payload=why, call=number)
            raise
        answered = {"status": status, "body": body, "says": answer.ids}
        record = self._history.add(Kind.ANSWERED, actor, name=operation, payload=answered, call=number)
        return replace(answer, record=record)

    async def emit(self, actor: str, action: Emission, parameters: Mapping[str, Any], line: Line) -> Answer:
        """Do by an event what others do by a call: sent on this line, and answered by its acknowledgement.

        Where the contract has none, it counts as accepted. Raises Inconclusive where one is owed and none comes.
        """
        where = f"{self.target.source}: [contracts] {action.operation}"
        arguments = tuple(fill(action.arguments, parameters, where, frozenset(names(action.arguments))))
        began = self._history.now()
        answer = await line.asks(action.event, *arguments, if_acknowledged=True, parameters=parameters)
        if answer is None:
            raise Inconclusive(f"`{action.event}` of {actor} was not acknowledged: what it did is unknown")
        status = REFUSED if is_refusal(answer) else ACCEPTED
        return Answer(self.target, action.operation, status, payload_of(answer), began)

    async def _send(self, request: Request) -> tuple[int, Any, Mapping[str, str]]:
        received = await exchange(
            self._http,
            request.method,
            request.url,
            what=request.operation,
            seconds=self.target.budgets.call,
            headers=request.sent_headers,
            data=request.content,
        )
        login = self.target.operations[request.operation].identity == "anyone"
        must_not_be_limited(request.operation, received.status, received.headers, login=login)
        return received.status, received.document, received.headers

    async def _run(self, invocation: Invocation) -> tuple[int, Any, Mapping[str, str]]:
        what = f"{self.target.source}: command of [operations.{invocation.operation}]"
        limit = self.target.budgets.call
        try:
            ended = await program.run(invocation.arguments, what=what, seconds=limit, folder=invocation.folder)
        except TimeoutError:
            sentence = f"{invocation.operation} was not answered within {limit:g} s: what it did is unknown"
            raise Inconclusive(sentence) from None
        return invocation.status(ended.code), document_in(ended.output), {}
