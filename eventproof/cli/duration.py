"""A length of time on the command line."""

from typing import Any

import click

__all__ = ["Duration"]


class Duration(click.ParamType[float]):
    """Seconds, written as in a profile; a bare number is seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The seconds; fails with how a duration is written."""
        from eventproof import settings

        try:
            return float(value) if str(value).isdigit() else settings.seconds(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)
