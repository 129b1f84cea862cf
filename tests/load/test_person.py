"""What the end of a session means for its person, and for the account."""

from types import SimpleNamespace
from typing import Any

import pytest

from eventproof.client.hub import Closed, CloseReason
from eventproof.load.action import Action, Until
from eventproof.load.books import Books
from eventproof.load.person import Person
from eventproof.target import Identity


@pytest.fixture
def books() -> Books:
    return Books(frozenset({"user.banned"}), lambda *_: None)


def _end(books: Books, reason: CloseReason) -> Action:
    """A session ends so, half a second after the ban of its person."""
    generator: Any = SimpleNamespace(books=books)
    session: Any = object()
    person = Person(generator, Identity("user", token="t"), 1)
    person.action = Action("ban", 10.0, Until.CLOSE, [session])
    person.session_ended(session, Closed(reason), 10.5, was_open=True)
    return person.action


@pytest.mark.parametrize("reason", [CloseReason.CLOSE_FRAME, CloseReason.ENGINE_CLOSE, CloseReason.END])
def test_a_session_that_the_target_ends_is_logged_out(books: Books, reason: CloseReason) -> None:
    assert not _end(books, reason).waiting
    assert books.account(users=1, connections=1, gauges=()).count("dropped") == 0


@pytest.mark.parametrize("reason", [CloseReason.VIOLATION, CloseReason.SILENT, CloseReason.CONGESTED])
def test_a_session_that_we_give_up_is_no_logout(books: Books, reason: CloseReason) -> None:
    """An event after DISCONNECT, say, breaks the protocol: that we then leave must not look like a ban well done."""
    assert _end(books, reason).waiting
    account = books.account(users=1, connections=1, gauges=())
    assert (account.count("dropped"), len(account.samples("ban_to_closed"))) == (1, 0)
    assert reason.value in account.incidents[0].what
