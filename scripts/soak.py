"""The check, many times in a row against the reference server, some of them with both cores kept busy.

    python scripts/soak.py [--runs 200] [--busy 50] [--system user-state] [-- COMMAND …]

With a command, that is run in place of the check: it passes where it exits with 0. Prints a line for each run that is
not a pass, then the count and the longest run. Exits 1 after a flake.
"""

import argparse
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


def spin(until: float) -> None:
    """Keep one core busy; ends by itself."""
    while time.monotonic() < until:
        pass


@contextmanager
def busy_cores(seconds: float) -> Iterator[None]:
    """Keep every core busy while the block runs, for `seconds` at most."""
    spinners = [
        multiprocessing.Process(target=spin, args=(time.monotonic() + seconds,), daemon=True)
        for _ in range(os.cpu_count() or 1)
    ]
    for spinner in spinners:
        spinner.start()
    try:
        yield
    finally:
        for spinner in spinners:
            spinner.terminate()
            spinner.join()


def run(command: list[str], timeout: float) -> tuple[int, float, str]:
    """Run a command once: its exit code, its seconds, and what it said."""
    began = time.monotonic()
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
        return done.returncode, time.monotonic() - began, done.stdout + done.stderr
    except subprocess.TimeoutExpired:
        return -1, timeout, f"no end within {timeout:.0f} s"


def main() -> int:
    """Run them; 0 where every one passed."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--runs", type=int, default=200)
    options.add_argument(
        "--busy", type=int, default=50, help="how many of the runs, the last ones, with all cores busy"
    )
    options.add_argument("--system", default="user-state")
    options.add_argument("--timeout", type=float, default=180)
    options.add_argument("command", nargs="*", help="what to run in place of the check")
    chosen = options.parse_args()
    command = chosen.command or [
        *(sys.executable, "-m", "eventproof", "check", "--reference", "--system", chosen.system)
    ]

    longest = {"quiet": 0.0, "busy": 0.0}
    flakes = 0
    for number in range(1, chosen.runs + 1):
        load = "busy" if number > chosen.runs - chosen.busy else "quiet"
        if load == "busy":
            with busy_cores(chosen.timeout):
                code, seconds, said = run(command, chosen.timeout)
        else:
            code, seconds, said = run(command, chosen.timeout)
        longest[load] = max(longest[load], seconds)
        if code != 0:
            flakes += 1
            print(f"run {number} ({load}): exit code {code} after {seconds:.1f} s\n{said}", flush=True)
        elif number % 10 == 0:
            print(f"{number} runs, {flakes} flakes", flush=True)
    print(
        f"{chosen.runs} runs, {flakes} flakes; "
        f"longest {longest['quiet']:.1f} s with idle cores, {longest['busy']:.1f} s with busy ones"
    )
    return 1 if flakes else 0


if __name__ == "__main__":
    sys.exit(main())
