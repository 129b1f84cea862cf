"""Draws `claims.md` from the table of transitions: `python -m reference_server.systems.shield.diagram > FILE`."""

from .claims import TRANSITIONS, Status


def document() -> str:
    """The text of `claims.md`."""
    moves = [f"    {before.value} --> {after.value}: {action.value}" for (before, action), after in TRANSITIONS.items()]
    leaving = {before for before, _ in TRANSITIONS}
    ends = [f"    {status.value} --> [*]" for status in Status if status not in leaving]
    lines = ["    [*] --> submitted: submit", *moves, *ends]
    return "\n".join(
        (
            "# The life of a claim",
            "",
            "Drawn from the table `TRANSITIONS` in `claims.py` by `diagram.py`; every other change is refused.",
            "",
            "```mermaid",
            "stateDiagram-v2",
            *lines,
            "```",
            "",
        )
    )


if __name__ == "__main__":
    print(document(), end="")
