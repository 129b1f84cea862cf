"""`make chaos`: everything that may happen to the reference server, and the table of what it did to it.

    python -m tests.chaos [--short] [--rounds 20] [--seed N] [--only NAME]

Exits 1 where the server crashed, lost what it had acknowledged, logged a traceback or kept descriptors.
"""

import argparse
import asyncio
import secrets
import sys
import tempfile
from pathlib import Path

from tests.chaos.run import Plan, run
from tests.chaos.table import Row, text


def main() -> int:
    """Run it; 0 where all is well."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--short", action="store_true", help="a row for each kind of attack, made gently")
    options.add_argument("--rounds", type=int, default=20, help="how often it is killed")
    options.add_argument("--seed", type=int, help="repeats the moments of an earlier run")
    options.add_argument("--only", action="append", default=[], help="the row of this name; may be repeated")
    chosen = options.parse_args()
    seed = secrets.randbelow(2**31) if chosen.seed is None else chosen.seed
    print(f"seed {seed}", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="eventproof-chaos-") as folder:
        rows = asyncio.run(run(Plan(chosen.rounds, seed, not chosen.short, tuple(chosen.only)), Path(folder), tell))
    if not rows:
        options.error(f"no row has the name {' or '.join(chosen.only)}: the whole table names them all")
    print(text(rows))
    return int(not all(row.is_well for row in rows))


def tell(row: Row) -> None:
    """One row, as soon as it is there."""
    print("  ".join(row.cells), file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
