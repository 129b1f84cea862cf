"""The reference in `docs/`: `python -m handbook`, or `make docs`.

It is written from the contracts, the cases, the faults, the commands, the schema of a profile, and the scenarios.

Everything here but `material` and `folder` is pure: catalogue in, Markdown out. It is no part of what is shipped.
"""
