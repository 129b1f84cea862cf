"""A user's devices: several connections with sessions of their own, each known by what is special about it."""

from eventproof.conform.cases import Case, Line, Person, Transport

__all__ = ["COUNT", "devices"]

COUNT = 3


async def devices(case: Case, user: Person, transport: Transport) -> list[Line]:
    """Three connections over this transport, of two sessions; beside them one over every other transport."""
    sessions = {"an older session": await user.session(), "a newer session": await user.another_token()}
    over = [transport] * COUNT + [other for other in case.transports if other is not transport]
    lines = []
    for number, carried in enumerate(over):
        session = list(sessions)[number % len(sessions)]
        line = await user.connect(carried, token=sessions[session])
        line.role = f"device {number + 1} of {len(over)}, {session}"
        lines.append(line)
    return lines
