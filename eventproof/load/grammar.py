"""How a line of an objective is written: `eventproof swarm SCENARIO --list` prints it, and needs no more than that."""

from typing import Final

__all__ = ["GRAMMAR"]

GRAMMAR: Final = """\
METRIC: p(99) < 250ms       a latency: p(N), min, mean or max, in µs, ms or s, from the intended time of its cause
METRIC: service max < 1s    the same from the actual start: without what the load generator was late
METRIC: count >= 10         how many samples a latency has
METRIC == 0                 a number, or with % a share of all that could have been counted
METRIC[EVENT] == 0          of one event alone: expected, delivered, lost, leaked and the like
METRIC[SYSTEM] == 0         of one system alone, in a run of several; also of a latency
METRIC[step 2] == 0         in one step of a scenario that goes in steps; [each step]: in every one of them
LINE, min_samples 100       inconclusive with fewer samples, or with less that could have been counted
LINE, optional              where too little was measured it is left out, and not inconclusive
LINE, abort_after 10s       a run that misses it for so long at a stretch is ended, and has failed it

The operators are < <= > >= == and !=. The name of every event is a latency."""
