"""The command line: parse, call one function, return its code. One file a verb."""

from .main import main, run

__all__ = ["main", "run"]
