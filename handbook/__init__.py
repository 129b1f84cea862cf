"""The reference in `docs/`, written from the contracts, the cases and the faults: `python -m handbook`, or `make docs`.

Everything here but `material` and `folder` is pure: catalogue in, Markdown out. It is no part of what is shipped.
"""
