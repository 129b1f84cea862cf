"""Holds trials ahead of the tests that ask for them, several at a time, each in a process of its own.

A trial waits for what does not come for most of its time. So one test process holds all of them, and those that are
asked for later run while it waits for the earlier ones.
"""

import os
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Final

from eventproof.report.records import Run
from tests.conform.trials import Trial

LONGEST: Final = 200.0
"""Seconds that a trial may take; then its process is killed."""
AT_ONCE: Final = 3 * (os.cpu_count() or 1)
"""So many trials run at the same time, beside other tests: each computes for a tenth to a fifth of its time."""


class Ahead:
    """The trials in the order in which they are asked for. Close it when the last one was.

    `hold` is a function of a module, or a part of one: it is called in the process of a trial.
    """

    def __init__(self, order: Sequence[Trial], hold: Callable[[Trial], Run]) -> None:
        self._order = order
        self._carry_out = hold
        self._begun: dict[Trial, Future[Run]] = {}
        self._threads = ThreadPoolExecutor(AT_ONCE)
        self._is_over = False

    def held(self, trial: Trial) -> Run:
        """The run of this trial; those after it begin meanwhile. Raises TimeoutError, or RuntimeError with why."""
        for upcoming in self._order[self._order.index(trial) :]:
            if upcoming not in self._begun:
                self._begun[upcoming] = self._threads.submit(self._hold, upcoming)
        return self._begun.pop(trial).result()

    def close(self) -> None:
        """Begin no more, and end those that run."""
        self._is_over = True
        self._threads.shutdown(cancel_futures=True)

    def _hold(self, trial: Trial) -> Run:
        forks = get_context("forkserver")
        forks.set_forkserver_preload(["tests.conform.warm"])
        ours, theirs = forks.Pipe(duplex=False)
        process = forks.Process(target=_hold_and_send, args=(self._carry_out, trial, theirs), name=str(trial))
        with ours:
            process.start()
            theirs.close()
            try:
                return self._received(trial, ours)
            finally:
                process.kill()
                process.join()

    def _received(self, trial: Trial, ours: Connection) -> Run:
        for _ in range(round(LONGEST)):
            if ours.poll(1.0):
                break
            if self._is_over:
                raise TimeoutError(f"nobody waits for {trial} any more")
        else:
            raise TimeoutError(f"{trial} took longer than {LONGEST:g} s")
        found = ours.recv()
        if isinstance(found, Run):
            return found
        raise RuntimeError(f"{trial} did not come to an end: {found}")


def _hold_and_send(hold: Callable[[Trial], Run], trial: Trial, answer: Connection) -> None:
    try:
        answer.send(hold(trial))
    except Exception:
        answer.send(traceback.format_exc())
