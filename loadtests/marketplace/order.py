"""The life of an order in a swarm: made by a buyer, then paid, fulfilled, refunded, canceled, or its payment fails.

What a call causes is entered when it was answered: only the answer tells whose order it is. What the payment provider
tells changes an order by its type alone, which no contract says: the table here does.
"""

from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any, ClassVar, Final

from eventproof.load.call_effects import CallEffects
from eventproof.load.calls import CallAnswer, said
from eventproof.load.generator import Generator
from eventproof.load.life import Life, LifeStep, Table
from eventproof.load.visits import Visitor

from .market import ORDER_EVENTS, market_of
from .payments import WEBHOOK, event, tell
from .storefront import Product, Storefront

__all__ = ["OrderLife"]

_MAKE: Final = LifeStep("createOrder", "pending", 0)
_FAIL: Final = LifeStep(WEBHOOK, "payment_failed", 1)
_CANCEL: Final = LifeStep(WEBHOOK, "canceled", 1)
_PAY: Final = LifeStep(WEBHOOK, "paid", 1)
_FULFIL: Final = LifeStep("fulfilOrder", "fulfilled", 2)
_REFUND: Final = LifeStep("refundOrder", "refunded", 3)
_CHARGE_BACK: Final = LifeStep(WEBHOOK, "refunded", 3)
_KINDS: Final[Mapping[LifeStep, str]] = {
    _FAIL: "payment_intent.payment_failed",
    _CANCEL: "payment_intent.canceled",
    _PAY: "payment_intent.succeeded",
    _CHARGE_BACK: "charge.refunded",
}
"""What the provider tells. That a payment has succeeded changes nothing: nobody is told."""
_TRACKING: Final = "PT 0042 7711"


class OrderLife(Life):
    """One order of a visitor at a storefront."""

    table: ClassVar[Table] = {
        "": (_MAKE,),
        "pending": (_PAY, _FAIL, _CANCEL, _FULFIL),
        "paid": (_FULFIL,),
        "fulfilled": (_REFUND, _CHARGE_BACK),
    }

    def __init__(
        self,
        generator: Generator,
        buyer: Visitor[Storefront],
        storefront: Storefront,
        product: Product,
        intended: float,
        *,
        pace: float,
        repeat_share: float,
    ) -> None:
        super().__init__(generator, intended, pace)
        self._market = market_of(generator)
        self._buyer = buyer
        self._storefront = storefront
        self._product = product
        self._repeat_share = repeat_share
        self._says: Mapping[str, Any] = {}
        """What is known of it: its id, who buys, who sells."""

    def choose(self, steps: Sequence[LifeStep]) -> LifeStep:
        """Any of them; where nobody gave the secret of the payment provider, none that it tells."""
        is_known = self.generator.target.webhook_secret is not None
        return self.generator.random.choice([step for step in steps if is_known or step.operation != WEBHOOK])

    def take(self, step: LifeStep, intended: float) -> bool:
        """Make the order, or take it further."""
        called = monotonic()
        if step.operation == WEBHOOK:
            return self._is_told(step, min(intended, called), called)
        if step is _MAKE:
            asked: dict[str, Any] = {"productId": self._product.id, "quantity": 1}
            answer = self._buyer.attempt(step.operation, asked)
        else:
            asked = {"orderId": self._says["orderId"], **({"trackingNumber": _TRACKING} if step is _FULFIL else {})}
            answer = self._storefront.attempt(step.operation, asked)
        if not self._is_done(step, answer):
            return False
        self._says = {**self._says, **said(self.generator.target.operations[step.operation], answer)}
        who = self._buyer if step is _MAKE else self._storefront
        number = next(self._market.steps)
        self._enter(step, who.caused(step.operation, asked, self._says, number), min(intended, called), called, number)
        return True

    def _is_told(self, step: LifeStep, intended: float, called: float) -> bool:
        """The payment provider tells, now and then twice: what is known already changes nothing."""
        number = next(self._market.steps)
        told = event(_KINDS[step], self._says["orderId"])
        answer = tell(self.generator, told)
        if not self._is_done(step, answer):
            if answer.status == 0:
                self.generator.nobody_knows(WEBHOOK)
            return False
        self.generator.books.count("webhooks")
        self._enter(step, self._storefront.caused(WEBHOOK, told, self._says, number), intended, called, number)
        if self.generator.random.random() < self._repeat_share:
            return self._is_done(step, tell(self.generator, told))
        return True

    def _enter(self, step: LifeStep, effects: CallEffects, intended: float, called: float, number: int) -> None:
        self.state = step.state
        if step is _PAY:
            return
        also = ORDER_EVENTS if step.operation == WEBHOOK else ()
        self._market.orders.begin(effects, at=intended, called=called, step=number, also=also)

    def _is_done(self, step: LifeStep, answer: CallAnswer) -> bool:
        if not answer.done:
            books = self.generator.books
            books.count("failed")
            books.incident(str(self._buyer), f"{step.operation} was answered with {answer}")
        return answer.done
