"""`python -m eventproof` is the command `eventproof`."""

from .cli import main

main()
