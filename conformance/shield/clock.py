"""A member's time, which tests can move where the target claims the capability."""

from eventproof.conform.case import Person, Stage

__all__ = ["advance"]


async def advance(stage: Stage, user: Person, days: int) -> None:
    """So many days pass for this user, with all that becomes due."""
    (await stage.admin.call("advanceTime", userId=user.id, days=days)).must_succeed()
