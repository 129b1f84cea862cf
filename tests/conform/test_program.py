"""A program of the profile ends in time, prints what can be kept, and leaves nothing behind."""

import asyncio
import os
import select
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from eventproof.conform import program
from eventproof.conform.calls import Caller
from eventproof.conform.exchange import session
from eventproof.conform.restart import restart
from eventproof.errors import ContractViolation, Inconclusive, UsageError
from eventproof.history import History
from eventproof.target import Budgets, Command, Identity, Rest, Target


async def ran(source: str, seconds: float = 10.0) -> program.Ended:
    return await program.run([sys.executable, "-c", source], what="it", seconds=seconds)


async def test_what_a_program_prints_and_complains_of_is_kept_with_its_code() -> None:
    ended = await ran("import sys; print('out', flush=True); print('err', file=sys.stderr); sys.exit(3)")
    assert (ended.code, ended.output) == (3, "out\nerr\n")


async def test_a_program_that_prints_without_end_is_stopped() -> None:
    with pytest.raises(Inconclusive, match="printed more than 16 MB"):
        await ran("while True: print('x' * 65536)", 60.0)


async def test_a_program_that_does_not_end_is_killed_with_its_children(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    source = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(pid)!r}, 'w').write(str(child.pid)); time.sleep(600)"
    )
    with pytest.raises(TimeoutError):
        await ran(source, 2.0)
    assert _ends(int(pid.read_text()))


def _ends(pid: int) -> bool:
    try:
        return bool(select.select([os.pidfd_open(pid)], [], [], 10)[0])
    except ProcessLookupError:
        return True


async def test_a_grandchild_that_holds_the_output_open_delays_nobody() -> None:
    began = time.monotonic()
    ended = await ran(
        "import subprocess, sys; print('done', flush=True)\n"
        "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(20)']).pid, flush=True)",
        15.0,
    )
    assert ended.code == 0
    said, pid = ended.output.split()
    os.kill(int(pid), 9)
    assert said == "done"
    assert time.monotonic() - began < 10


async def test_no_descriptor_stays_open() -> None:
    await ran("pass")
    await asyncio.sleep(0)  # asyncio closes a pipe in its next round
    before = _descriptors()
    for _ in range(5):
        await ran("pass")
        with pytest.raises(UsageError):
            await program.run(["/no/such/program"], what="it", seconds=1)
    await asyncio.sleep(0)
    assert _descriptors() <= before


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("is_there", [False, True])
async def test_a_program_that_cannot_be_started_is_an_error_of_the_profile(tmp_path: Path, is_there: bool) -> None:
    path = tmp_path / "manage"
    if is_there:
        path.write_text("not executable")
    target = commanding(str(path))
    with pytest.raises(UsageError, match=r"p\.toml: restart cannot be run: .*manage: "):
        await restart(target)
    with pytest.raises(UsageError, match=r"command of \[operations\.banUser\] cannot be run: .*manage: "):
        await banned(target, "u-1")


def commanding(*arguments: str, users: tuple[Identity, ...] = ()) -> Target:
    return Target(
        "p.toml",
        "http://127.0.0.1:9",
        ("user-state",),
        Rest("http://127.0.0.1:9"),
        {"banUser": Command("banUser", arguments, "admin")},
        users=users,
        restart=arguments,
        budgets=Budgets(call=10.0),
    )


async def banned(target: Target, user: str) -> object:
    async with session() as http:
        return (await Caller(target, History(time.monotonic), http).call("admin-1", "banUser", {"userId": user})).body


async def test_a_command_that_does_not_end_is_no_answer() -> None:
    endless = replace(commanding(sys.executable, "-c", "import time; time.sleep(60)"), budgets=Budgets(call=1.0))
    with pytest.raises(Inconclusive, match="banUser was not answered within 1 s: what it did is unknown"):
        await banned(endless, "u-1")


async def test_what_a_restart_leaves_running_can_go_on_printing(tmp_path: Path) -> None:
    said = tmp_path / "said"
    server = f"import sys; sys.stdin.read(); print('up'); sys.stdout.flush(); open({str(said)!r}, 'w').write('up')"
    source = (
        "import subprocess, sys\n"
        f"subprocess.Popen([sys.executable, '-c', {server!r}], stdin=open({str(tmp_path / 'go')!r}))"
    )
    os.mkfifo(tmp_path / "go")
    hold = os.open(tmp_path / "go", os.O_RDWR)
    await restart(commanding(sys.executable, "-c", source))
    os.close(hold)
    async with asyncio.timeout(10):
        while not said.is_file():  # noqa: ASYNC110 - another process makes it
            await asyncio.sleep(0.02)


async def test_a_restart_that_fails_says_how() -> None:
    with pytest.raises(Inconclusive, match=r"p\.toml: restart failed with exit code 3$"):
        await restart(commanding(sys.executable, "-c", "import sys; sys.exit(3)"))


@pytest.mark.parametrize(("user", "problem"), [("--all", 'begins with "-"'), ("-", 'begins with "-"'), ("u\0", "NUL")])
async def test_an_id_becomes_no_option_and_ends_no_argument(user: str, problem: str) -> None:
    command = (sys.executable, "-c", "import sys, json; print(json.dumps(sys.argv[1:]))", "{userId}")
    with pytest.raises(ContractViolation if "\0" in user else UsageError, match=problem):
        await banned(commanding(*command), user)


async def test_an_id_within_an_argument_may_begin_as_it_likes() -> None:
    command = (
        sys.executable,
        "-c",
        "import sys, json; print(json.dumps(sys.argv[1:]))",
        "--user={userId}",
        "u:{userId}",
    )
    assert await banned(commanding(*command), "-1") == ["--user=-1", "u:-1"]
