"""What a locustfile measures, asks for and can be told: `python -m eventproof.load.listing FILE` prints it as JSON.

Reading a locustfile patches the process; whoever only wants to know what is in it has that done by this program.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from eventproof.errors import EventproofError

__all__ = ["Description"]


@dataclass(frozen=True, slots=True)
class Description:
    """A scenario by names, each with its meaning."""

    systems: tuple[str, ...]
    options: Mapping[str, str]
    latencies: Mapping[str, str]
    events: tuple[str, ...]
    """Those whose names are latencies, too."""
    counts: Mapping[str, str]
    objectives: tuple[str, ...]
    """What is asked for where nobody asks for anything else about the same."""
    has_steps: bool

    @classmethod
    def from_json(cls, text: str) -> "Description":
        """The description that this program printed."""
        told: dict[str, Any] = json.loads(text)
        whole: dict[str, Any] = {name: tuple(one) if isinstance(one, list) else one for name, one in told.items()}
        return cls(**whole)


def _described(path: str) -> Description:
    from locust.util.load_locustfile import load_locustfile

    from eventproof.load import metrics, plugin

    load_locustfile(path)
    scenarios, whole, options = plugin.read()
    systems = tuple(scenario.system for scenario in scenarios)
    own = (line for scenario in scenarios for line in scenario.objectives)
    replaced = {line.about for line in whole}
    return Description(
        systems=systems,
        options=options,
        latencies=dict(metrics.LATENCIES),
        events=tuple(event for event in metrics.events() if set(metrics.systems_of(event)) & set(systems)),
        counts={name: count.what for name, count in metrics.COUNTS.items()},
        objectives=tuple(
            dict.fromkeys(line.expression for line in (*(one for one in own if one.about not in replaced), *whole))
        ),
        has_steps=any(scenario.has_steps for scenario in scenarios),
    )


if __name__ == "__main__":
    try:
        print(json.dumps(asdict(_described(sys.argv[1]))))
    except EventproofError as error:
        print(f"eventproof: {error}", file=sys.stderr)
        sys.exit(int(error.exit_code))
