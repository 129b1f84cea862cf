"""Locust in a process whose clock is shifted: `python shifted_locust.py SECONDS …`, as on another machine."""

import sys
import time

_SHIFT, _REAL = float(sys.argv.pop(1)), time.monotonic
time.monotonic = lambda: _REAL() + _SHIFT

if __name__ == "__main__":
    from locust.main import main

    sys.argv[0] = "locust"
    main()  # type: ignore[no-untyped-call]
