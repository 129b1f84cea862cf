"""A signal ends a run, whatever becomes of it on its way, and what was found so far is kept."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from eventproof.reference import Reference
from eventproof.verdict import Outcome
from tests.conform.plugged import check, profile_of, result, run_pytest

HOLDS = """
from eventproof.conform.cases import requirement

@requirement("UST-CONN-1")
async def test_holds(case):
    pass
"""


def test_an_interrupted_run_keeps_what_it_found_and_puts_things_back(server: Reference, tmp_path: Path) -> None:
    cases = """
import asyncio, signal
from eventproof.conform.cases import requirement

@requirement("UST-CONN-1")
async def test_holds(case):
    pass

@requirement("UST-BAN-1")
async def test_is_interrupted(case):
    user = await case.user()
    await case.admin.call("banUser", userId=user.id)
    signal.raise_signal(signal.SIGINT)
    await asyncio.sleep(30)

@requirement("UST-BAN-2")
async def test_never_begins(case):
    pass
"""
    ran = run_pytest(tmp_path, profile_of(server, tmp_path), cases)
    assert ran.code == 130, ran.output
    assert ran.results["verdict"] == "interrupted"
    assert ran.requirement("UST-CONN-1")["verdict"] == "pass"
    assert ran.requirement("UST-BAN-2")["reason"] == "no case of it ran"
    assert '"unbanUser"' in (ran.folder / "history.ndjson").read_text()


SWALLOWED = {
    "a finalizer": """
    class Finalized:
        def __del__(self):
            signal.raise_signal(signal.SIGINT)
    thing = Finalized()
    del thing
    await asyncio.sleep(30)
""",
    "the case": """
    signal.raise_signal(signal.SIGINT)
    try:
        await asyncio.sleep(30)
    except BaseException:
        pass
""",
    "a failure": """
    signal.raise_signal(signal.SIGTERM)
    try:
        await asyncio.sleep(30)
    finally:
        raise AssertionError("something else")
""",
    "a thread that waits": """
    signal.raise_signal(signal.SIGHUP)
    await asyncio.to_thread(time.sleep, 0.5)
    await asyncio.sleep(30)
""",
}


@pytest.fixture
def usual_signals() -> Iterator[None]:
    """The handlers of a process in which nobody installed any: coverage has one for SIGTERM, which ends the worker."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    for number in before:
        signal.signal(number, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("usual_signals")
@pytest.mark.parametrize("swallowing", SWALLOWED.values(), ids=SWALLOWED)
def test_a_signal_that_is_swallowed_on_its_way_ends_the_run_all_the_same(
    server: Reference, tmp_path: Path, swallowing: str
) -> None:
    cases = f"""
import asyncio, signal, time
from eventproof.conform.cases import requirement

@requirement("UST-CONN-1")
async def test_swallows_a_signal(case):
    {swallowing.strip()}

@requirement("UST-CONN-2")
async def test_never_begins(case):
    pass
"""
    ran = check(server, tmp_path, cases, "UST-CONN-1", "UST-CONN-2")
    assert ran.outcome is Outcome.INTERRUPTED
    assert not result(ran, "UST-CONN-2").checks


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_signal_between_two_cases_that_a_finalizer_swallows_ends_the_run(server: Reference, tmp_path: Path) -> None:
    cases = """
import signal
import pytest
from eventproof.conform.cases import requirement

class Finalized:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)

@pytest.fixture
def thing():
    yield
    Finalized()

@requirement("UST-CONN-1")
async def test_holds(case, thing):
    pass

@requirement("UST-CONN-2")
async def test_never_begins(case):
    pass
"""
    ran = check(server, tmp_path, cases, "UST-CONN-1", "UST-CONN-2")
    assert ran.outcome is Outcome.INTERRUPTED
    assert not result(ran, "UST-CONN-2").checks


def test_the_handlers_of_the_caller_come_back(server: Reference, tmp_path: Path) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    check(server, tmp_path, HOLDS, "UST-CONN-1")
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before
