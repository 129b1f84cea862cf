"""The machine that a run is made on, and what runs there: whoever compares figures has to know."""

import os
import platform
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from eventproof.report.records import Machine

__all__ = ["here"]

_PROCESSORS = Path("/proc/cpuinfo")


def here(software: Iterable[str]) -> Machine:
    """This machine, as far as it tells, with the versions of Python and of these distributions."""
    return Machine(
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 0,
        memory=_memory(),
        system=f"{platform.system()} {platform.release()}",
        software=(
            f"{platform.python_implementation()} {platform.python_version()}",
            *(f"{name} {metadata.version(name)}" for name in software),
        ),
    )


def _processor() -> str:
    try:
        lines = _PROCESSORS.read_text("utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or platform.machine()


def _memory() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return 0
