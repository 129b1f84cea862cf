"""What is measured of an admin's action, and what is said where it cannot be told."""

from types import SimpleNamespace
from typing import Any

import pytest

from eventproof.load.books import Books
from eventproof.load.calls import CallAnswer
from loadtests.user_state.admin_action import AdminAction, Until
from loadtests.user_state.administering import _await_refusal


@pytest.mark.parametrize(
    ("answer", "stragglers", "failed", "samples"),
    [
        (CallAnswer(401, None), 0, 0, 1),
        (CallAnswer(200, None), 1, 0, 0),
        (CallAnswer(0, None, "getMe was not answered"), 0, 1, 0),
        (CallAnswer(503, None), 0, 1, 0),
    ],
)
def test_a_token_outlives_its_ban_where_it_works_and_not_where_nobody_knows(
    answer: CallAnswer, stragglers: int, failed: int, samples: int
) -> None:
    books = Books({}, lambda *_: None)
    generator: Any = SimpleNamespace(books=books, calls=SimpleNamespace(perform=lambda *_: answer))
    user: Any = "user-1"
    action = AdminAction("ban of user-1", "user.banned", 0.0, Until.CLOSE, ())
    _await_refusal(generator, user, "old", action, deadline=0.0)
    account = books.account(users=1, connections=1, gauges=())
    assert (account.count("stragglers"), account.count("failed")) == (stragglers, failed)
    assert len(account.samples("ban_to_refused")) == samples
