"""The options that every swarm has, as `argparse` takes them. Knows nothing of gevent."""

from collections.abc import Mapping
from typing import Any, Final

__all__ = ["OF_RUNS", "OF_USERS"]

OF_RUNS: Final[Mapping[str, Mapping[str, Any]]] = {
    "--target": {
        "env_var": "EVENTPROOF_TARGET",
        "default": "",
        "help": "The profile or the URL of the target; eventproof.toml here by default.",
    },
    "--target-environment": {
        "env_var": "EVENTPROOF_ENVIRONMENT",
        "default": "",
        "help": "A named environment of the profile.",
    },
    "--admins": {"type": int, "default": 2, "help": "How many of the users act: admins, or whoever the scenario says."},
    "--seed": {"type": int, "default": 0, "help": "Makes random choices repeatable."},
    "--objective": {
        "action": "append",
        "default": [],
        "metavar": "LINE",
        "include_in_web_ui": False,
        "help": 'Such as "ban_to_logout: p(99) < 250ms" or "leaked == 0"; may be given several times.',
    },
    "--objectives": {
        "default": "",
        "metavar": "LINES",
        "help": "More of them, with ; in between: lost == 0; connect: p(99) < 1s. Else the scenario's own.",
    },
    "--results": {
        "env_var": "EVENTPROOF_RESULTS",
        "default": "",
        "include_in_web_ui": False,
        "help": "The results folder; one below eventproof-results by default.",
    },
}
"""Those of a run, which `eventproof swarm` has under names of its own."""

OF_USERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "--multi-device": {
        "type": float,
        "default": 0.3,
        "help": "The share of users who are logged in on two or three devices.",
    },
    "--deadline": {
        "type": float,
        "default": 5.0,
        "help": "Seconds after which an event counts as lost and a session as a straggler.",
    },
}
"""Those of what users do, which it takes as `--option`, beside the scenario's own."""
