"""What a target did not say, and how its profile can tell where it does: a sentence, for checks and swarms alike."""

from collections.abc import Iterable

__all__ = ["unanswered", "unknown_caller", "unsaid"]


def unsaid(operation: str, names: Iterable[str]) -> str:
    """That neither an accepted call nor its answer tells these ids."""
    lacking = tuple(dict.fromkeys(names))
    places = ", ".join(f"{name} = …" for name in lacking)
    return (
        f"the answer to {operation} gives no {' and no '.join(lacking)}: map it in the profile, by "
        f"[operations.{operation}] answers = {{ {places} }}"
    )


def unanswered(operation: str) -> str:
    """That nobody knows whether a call was done."""
    return f"{operation} was not answered with a success, so what it did is unknown"


def unknown_caller(operation: str) -> str:
    """That nobody knows whom a call is about, since it is about who made it."""
    return f"nobody knows the id of who called {operation}: map userId in the answer of the login"
