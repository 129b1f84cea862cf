"""The former name of `Case`, for cases that were written against it."""

from .case import Case as Stage

__all__ = ["Stage"]
