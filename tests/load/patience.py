"""What a swarm is asked for where a test is not about time."""

__all__ = ["deadline", "patient"]


def patient(metric: str) -> str:
    """What any target meets on a busy machine, and a generator that is held up for seconds may still measure."""
    return f"{metric}: p(99) < 60s"


def deadline(fault: object) -> str:
    """When what has not come is lost: soon where a fault makes it so, late where a busy machine alone could."""
    return f"--deadline={3 if fault else 15}"
