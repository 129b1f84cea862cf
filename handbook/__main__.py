"""Writes `docs/`: `python -m handbook`, or `make docs`."""

from .folder import write
from .material import ROOT, gathered
from .pages import pages

if __name__ == "__main__":
    write(ROOT / "docs", pages(gathered()))
