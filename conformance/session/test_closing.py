"""What ends a session ends its connections: all of them, at once, and for good; those of nobody else."""

from eventproof import checks
from eventproof.client.aio import SocketIOClient
from eventproof.conform.cases import Case, Inconclusive, Line, NotApplicable, on_each
from eventproof.conform.marks import each_system

from .sessions import Scene, Session, closed, doors, entrances, must_let_in, must_work, scene


async def _connected(case: Case, *sessions: Session) -> list[Line]:
    """Each of these sessions by every door, and the first one twice by the first: a second device."""
    found = [await session.connect(door) for session in sessions for door in doors(case)]
    return [*found, await sessions[0].connect(doors(case)[0])]


async def _ended(case: Case, here: Scene) -> list[Line]:
    """The connections of the sessions that have been ended by now, whatever became of them."""
    lines = await _connected(case, *here.ended)
    await here.end()
    return lines


@each_system("session-opens")
async def test_a_session_opens_every_door(case: Case) -> None:
    user = await case.user()
    session = Session(user, await user.session())
    lines = await must_let_in(session, doors(case), "a new session")
    await must_work(session, lines, "a new session")
    if all(ending.is_call for ending in case.target.endings.known.values()):
        case.warn(
            "no session of the profile ends by itself, so nothing is said of expired tokens: [session] ends.expiry = "
            '{ after = "15s" }, or {} where [jwt] has the secret of the tokens'
        )


@each_system("session-closes", "ending")
async def test_every_connection_closes_after(case: Case, ending: str) -> None:
    async with scene(case, ending, alone=True) as here:
        lines = await _ended(case, here)
        await on_each(lines, lambda line: line.ends(), "were closed by the server")


@each_system("session-closes-soon", "ending")
async def test_every_connection_closes_at_once_after(case: Case, ending: str) -> None:
    async with scene(case, ending, alone=True) as here:
        lines = await _ended(case, here)
        await closed(lines)
        names = [line.name for line in lines]
        case.judge(checks.slow_to_close(case.records, ending, names, case.budgets.ban_to_closed))
        if still := [str(line) for line in lines if line.is_open]:
            raise Inconclusive(f"{', '.join(still)} did not close at all", waits_for=("SESSION-CLOSE-1",))


@each_system("session-silent", "ending")
async def test_nothing_arrives_and_nobody_comes_back_after(case: Case, ending: str) -> None:
    """On a transport that outlives the namespace a new CONNECT is refused; that answer comes behind all else."""
    async with scene(case, ending, alone=True) as here:
        lines = await _ended(case, here)
        await closed(lines)
        left = [line for line in lines if not line.is_open and isinstance(line.client, SocketIOClient)]
        await on_each(left, lambda line: line.must_stay_out(), "stayed out of the namespace that they were sent from")
        case.judge(checks.heard_after_close(case.records))
        if still := [str(line) for line in lines if line.is_open]:
            raise Inconclusive(f"{', '.join(still)} did not close at all", waits_for=("SESSION-CLOSE-1",))


@each_system("session-other-users", "ending")
async def test_nobody_elses_session_ends_by(case: Case, ending: str) -> None:
    async with scene(case, ending, alone=True) as here:
        await _goes_on(case, here, here.bystander, "another user")
        names = checks.heard_of(case.records, here.bystander.person.name, ending, str(here.user.id))
        if names:
            case.warn(
                f"{', '.join(f'`{name}`' for name in names)} with the id of whose session had ended reached somebody "
                f"else after {ending}: whether it may, only a contract of your events can say "
                "(`eventproof init --asyncapi`)"
            )


@each_system("session-same-user", "ending")
async def test_another_session_of_the_user_goes_on_after(case: Case, ending: str) -> None:
    async with scene(case, ending) as here:
        if not here.kept:
            raise NotApplicable("all sessions of the user end by it")
        await _goes_on(case, here, here.kept[0], "the user's other session")


async def _goes_on(case: Case, here: Scene, other: Session, whose: str) -> None:
    """Seen once the ended connections have closed, and by a round trip through every door after that."""
    kept = [await other.connect(door) for door in doors(case)]
    await closed(await _ended(case, here))
    newer = await must_let_in(other, entrances(case), whose)
    await must_work(other, [*kept, *newer], whose)
