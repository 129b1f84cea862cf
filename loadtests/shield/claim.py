"""The life of one claim in a swarm: submitted by its member, then reviewed, decided and paid by admins, all on time.

What a step causes is expected as soon as it is known to be done: by the answer of its call, or where there was none, by
what the target then says of the claim. A call without an answer leaves its outcome unknown until then; what it would
have caused may come meanwhile, and waits in the ledger.
"""

from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any, ClassVar, Final

from eventproof import actions
from eventproof.load.backoff import backoff
from eventproof.load.call_effects import CallEffects
from eventproof.load.calls import CallAnswer
from eventproof.load.generator import Generator
from eventproof.load.greenlets import sleep
from eventproof.load.life import Life, LifeStep, Table

from .claimant import Claimant

__all__ = ["DENIAL", "ClaimLife"]

DENIAL = "D003"
_TICKET = {"city": "San Francisco", "state": "CA", "violationType": "no_parking"}
_CENTS = (3_000, 9_900)
"""The least and the most that a ticket costs: small, so that a plan's cover lasts."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 2.0
"""Seconds between two questions how far a claim has come."""
_CONFLICT = 409


_SUBMIT: Final = LifeStep("submitClaim", "submitted", 0)
_REVIEW: Final = LifeStep("reviewClaim", "under_review", 1)
_APPROVE: Final = LifeStep("approveClaim", "approved", 2)
_DENY: Final = LifeStep("denyClaim", "denied", 2)
_PAY: Final = LifeStep("payClaim", "paid", 3)


class ClaimLife(Life):
    """One claim of a member."""

    table: ClassVar[Table] = {
        "": (_SUBMIT,),
        "submitted": (_REVIEW,),
        "under_review": (_APPROVE, _DENY),
        "approved": (_PAY,),
    }

    def __init__(self, generator: Generator, claimant: Claimant, intended: float, *, pace: float, denied: bool) -> None:
        super().__init__(generator, intended, pace)
        self._claimant = claimant
        self._will_be_denied = denied
        self._id: str | int | None = None
        self._lost = 0
        """How often the present step got lost."""

    def live(self) -> bool:
        """Live until the end of the claim, or of the test."""
        if is_over := super().live():
            self.generator.books.count(self.state)
        return is_over

    def choose(self, steps: Sequence[LifeStep]) -> LifeStep:
        """Approve or deny."""
        return next(step for step in steps if (step is _DENY) is self._will_be_denied)

    def take(self, step: LifeStep, intended: float) -> bool:
        """Submit the claim, or have an admin take it further."""
        return self._submit(intended) if step is _SUBMIT else self._administer(step, intended)

    def _submit(self, intended: float) -> bool:
        """Submit a claim, a second one where the first cannot have arrived; whether there is one."""
        claimant, generator = self._claimant, self.generator
        claimant.submitting += 1
        try:
            while self._id is None:
                ticket = f"T-{generator.random.getrandbits(48):012X}"
                amount = generator.random.randint(*_CENTS) / 100
                called = monotonic()
                answer = claimant.perform("submitClaim", {**_TICKET, "ticketNumber": ticket, "amount": amount})
                if answer.done:
                    operation = generator.target.operations["submitClaim"]
                    told = actions.read(operation, "claimId", answer.body)
                    if not isinstance(told, str | int):
                        self._failed(_SUBMIT, "the answer has no claimId")
                        return False
                    self._id = told
                elif _is_refusal(answer):
                    self._failed(_SUBMIT, str(answer))
                    return False
                else:
                    self._was_not_answered(_SUBMIT, answer)
                    if not self._find(ticket):
                        return False
                    if self._id is None:
                        self._pause()
            claimant.claims_known.appendleft(str(self._id))
        finally:
            claimant.submitting -= 1
            claimant.ask_whose()
        generator.books.count("claims")
        self._caused(_SUBMIT, intended, called)
        return True

    def _find(self, ticket: str) -> bool:
        """Learn from the target whether the claim for this ticket was taken; whether it could be learned."""
        listed = self._ask(self._claimant.claims)
        if listed is None:
            self._nobody_knows(_SUBMIT)
            return False
        places = self.generator.target.operations["listClaims"].answers
        for claim in listed:
            if actions.at(claim, places.get("ticketNumber", "")) == ticket:
                told = actions.at(claim, places.get("claimId", ""))
                self._id = told if isinstance(told, str | int) else None
        return True

    def _administer(self, step: LifeStep, intended: float) -> bool:
        """Have an admin take a step; whether the claim goes on from where it then stands."""
        generator, called = self.generator, monotonic()
        details = {"denialCode": DENIAL} if step is _DENY else {}
        answer = generator.administer(step.operation, self._claimant.identity, claimId=str(self._id), **details)
        if not answer.done:
            if not _is_refusal(answer):
                self._was_not_answered(step, answer)
            status = self._ask(self._stands)
            if status is None:
                self._nobody_knows(step)
                return False
            if self.number_of(status) < step.number:
                return self._was_not_done(step, answer)
        self._caused(step, intended, called)
        return True

    def _was_not_done(self, step: LifeStep, answer: CallAnswer) -> bool:
        """Whether there is another way on: the same step again where it got lost, a denial where the cover is used."""
        if not _is_refusal(answer):
            self._pause()
            return True
        if step is _APPROVE and answer.status == _CONFLICT:
            self._will_be_denied = True
            return True
        self._failed(step, str(answer))
        return False

    def _caused(self, step: LifeStep, intended: float, called: float) -> None:
        """The step is done: enter what it causes."""
        # A timer may fire a little early, and no cause comes after its call.
        intended = min(intended, called)
        self.state, self._lost = step.state, 0
        self._effects_of(step).expect(at=intended, called=called, key=step.state, step=step.number)

    def _effects_of(self, step: LifeStep) -> CallEffects:
        known = {} if self._id is None else {"claimId": self._id}
        return self._claimant.call(step.operation, known, f"{step.operation} of {self._id}")

    def _was_not_answered(self, step: LifeStep, answer: CallAnswer) -> None:
        """The outcome is to be read. An answer that says that the target failed is a failure all the same."""
        books = self.generator.books
        if answer.status:
            books.count("failed")
            books.incident(str(self._claimant), f"{step.operation} failed: {answer}")
        else:
            books.count("unanswered")

    def _failed(self, step: LifeStep, why: str) -> None:
        """The claim ends here."""
        books = self.generator.books
        books.count("failed")
        books.incident(str(self._claimant), f"{step.operation} failed: {why}")

    def _nobody_knows(self, step: LifeStep) -> None:
        """The claim ends here, and what the step may have caused is permitted."""
        self._failed(step, "it was not answered, and nobody knows whether it was done")
        self._effects_of(step).permit()

    def _stands(self) -> str | None:
        answer = self._claimant.perform("getClaim", {"claimId": self._id})
        if not answer.done:
            return None
        status = actions.read(self.generator.target.operations["getClaim"], "status", answer.body)
        return None if status is None else str(status)

    def _pause(self) -> None:
        """A target that loses calls has enough to do."""
        sleep(backoff(self._lost, self.generator.random, first=_FIRST_PAUSE))
        self._lost += 1

    def _ask(self, question: Callable[[], Any]) -> Any:
        """Ask until there is an answer, while the ledger has patience; None where none comes."""
        generator, end = self.generator, monotonic() + self.generator.patience
        attempt = 0
        while (answer := question()) is None and monotonic() < end:
            sleep(backoff(attempt, generator.random, first=_FIRST_PAUSE, longest=_LONGEST_PAUSE))
            attempt += 1
        return answer


def _is_refusal(answer: CallAnswer) -> bool:
    """Whether the target says that it did not do what was asked."""
    return 400 <= answer.status < 500
