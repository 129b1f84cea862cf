"""A notification is told with how many are unread by then; a request for a proof of payment is told too."""

import uuid
from collections.abc import Callable

from eventproof.actions import at
from eventproof.conform.case import ContractViolation, Person, Received, Stage, requirement

from .reading import answered_count, said


@requirement("SHD-NOTE-1")
async def test_a_notification_is_told_with_what_is_unread_by_then(stage: Stage) -> None:
    user = await stage.user()
    line = await user.connect(acknowledges=True)
    for reads in (False, "readNotification" in stage.target.operations, False):
        title = await _notify(stage, user)
        told = await line.hears("notification_received", _titled(title))
        unread = answered_count((await user.call("listNotifications")).must_succeed(), "unreadCount")
        if said(told, "/unreadCount") != unread:
            raise ContractViolation(
                "`notification_received` gives another unreadCount than listNotifications does then",
                expected=f"unreadCount {unread}",
                observed=f"unreadCount {said(told, '/unreadCount')}",
            )
        if reads:
            read = await user.call("readNotification", notificationId=said(told, "/notification/id"))
            read.must_succeed()


async def _notify(stage: Stage, user: Person) -> str:
    """A new notification; its title, which no other has."""
    title = f"Note {uuid.uuid4().hex[:12]}"
    answer = await stage.admin.call(
        "notifyUser", userId=user.id, title=title, message="80 % of your coverage is used.", type="coverage_warning"
    )
    answer.must_succeed()
    return title


def _titled(title: str) -> Callable[[Received], bool]:
    return lambda heard: bool(at(heard.payload, "/data/notification/title") == title)
