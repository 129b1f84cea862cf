"""The life of an order in a swarm: made by a buyer, then paid, fulfilled, refunded, canceled, or its payment fails.

What a call causes is entered when it was answered: only the answer tells whose order it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from time import monotonic
from typing import Any, ClassVar, Final

from eventproof.catalog import load
from eventproof.load.call_effects import CallEffects
from eventproof.load.calls import CallAnswer, said
from eventproof.load.generator import Generator
from eventproof.load.life import Life, LifeStep, Table, table_of
from eventproof.load.visits import Visitor

from .market import ORDER_EVENTS, market_of
from .payments import WEBHOOK, event, tell
from .storefront import Product, Storefront

__all__ = ["OrderLife"]

_LIFE: Final = table_of(load().system("marketplace").states["order"])
_PAY: Final = LifeStep(WEBHOOK, "paid", 1, {"type": "payment_intent.succeeded"})
"""That a payment has succeeded changes nothing: nobody is told."""
_PAID: Final = tuple(replace(step, number=step.number + 1) for step in _LIFE["pending"] if step.operation != WEBHOOK)
_MAKE: Final = "createOrder"
_FULFIL: Final = "fulfilOrder"
_TRACKING: Final = "PT 0042 7711"


class OrderLife(Life):
    """One order of a visitor at a storefront."""

    table: ClassVar[Table] = {**_LIFE, "pending": (*_LIFE["pending"], _PAY), "paid": _PAID}

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
        if step.operation == _MAKE:
            asked: dict[str, Any] = {"productId": self._product.id, "quantity": 1}
            answer = self._buyer.attempt(step.operation, asked)
        else:
            asked = {
                "orderId": self._says["orderId"],
                **({"trackingNumber": _TRACKING} if step.operation == _FULFIL else {}),
            }
            answer = self._storefront.attempt(step.operation, asked)
        if not self._is_done(step, answer):
            return False
        self._says = {**self._says, **said(self.generator.target.operations[step.operation], answer)}
        who = self._buyer if step.operation == _MAKE else self._storefront
        number = next(self._market.steps)
        self._enter(step, who.caused(step.operation, asked, self._says, number), min(intended, called), called, number)
        return True

    def _is_told(self, step: LifeStep, intended: float, called: float) -> bool:
        """The payment provider tells, now and then twice: what is known already changes nothing."""
        number = next(self._market.steps)
        told = event(step.given["type"], self._says["orderId"])
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
