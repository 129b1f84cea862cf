"""A member's time, which tests can move where the target claims the capability."""

from eventproof.conform.cases import Case, Person

__all__ = ["advance"]


async def advance(case: Case, user: Person, days: int) -> None:
    """So many days pass for this user, with all that becomes due."""
    (await case.admin.call("advanceTime", userId=user.id, days=days)).must_succeed()
