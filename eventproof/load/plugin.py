"""What makes a Locust run a swarm of ours: its options, and the part that the process has in it."""

import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping
from math import inf, isfinite
from pathlib import Path
from typing import Any

from locust import events
from locust.runners import LocalRunner, MasterRunner, WorkerRunner

from eventproof.catalog import ADMIN
from eventproof.errors import EventproofError, UsageError
from eventproof.legible import legible
from eventproof.profile import DEFAULT
from eventproof.redaction import guarded
from eventproof.verdict import ExitCode

from . import greenlets, otel, web
from . import objectives as lines
from .entrance import EntranceOf
from .generator import Generator
from .master import Master
from .metrics import COUNTS, LATENCIES, Count
from .node import Local, Node
from .objectives import ObjectiveLine
from .options import OF_RUNS, OF_USERS
from .scenario import Conclusion, Scenario, appointed
from .window import Pane
from .worker import Worker

__all__ = [
    "check",
    "conclusion",
    "count",
    "current",
    "default",
    "entrance",
    "generator",
    "latency",
    "objectives",
    "option",
    "steps",
    "system",
    "together",
]

_NODES: dict[type, type[Node]] = {LocalRunner: Local, MasterRunner: Master, WorkerRunner: Worker}
_EVENTS = ("test_start", "test_stopping", "spawning_complete", "quitting")
_scenarios: list[Scenario] = []
"""Those of the locustfile: the last one is the one that is being read."""
_whole: list[ObjectiveLine] = []
"""What is asked for of several scenarios together."""
_checks: list[Callable[[Any], object]] = []
_OPTIONS: dict[str, dict[str, Any]] = {name: dict(described) for name, described in {**OF_RUNS, **OF_USERS}.items()}
"""Every option, as for `argparse`; a scenario adds its own."""
_own: list[str] = []
"""The names of the scenario's own options."""
_UNKNOWN = "unrecognized arguments: --"


def current() -> Scenario:
    """The scenario that is being read."""
    if not _scenarios:
        _scenarios.append(Scenario())
    return _scenarios[-1]


def objectives(*expressions: str) -> None:
    """What a scenario asks for where nobody asks for anything else."""
    current().objectives = tuple(lines.parse(line, is_checked=False) for line in expressions)


def together(*expressions: str) -> None:
    """What is asked for of all scenarios of a run together, in place of what each of them asks for of the same."""
    _whole.extend(lines.parse(line, is_checked=False) for line in expressions)


def entrance(of: EntranceOf) -> None:
    """When the users of a scenario come in; at the rate at which Locust spawns them, where nobody says otherwise."""
    current().entrance = of


def conclusion(function: Conclusion) -> None:
    """What a scenario concludes from the account of a whole run when it is over: further counts and notes."""
    current().conclusions = (*current().conclusions, function)


def system(
    name: str,
    *,
    members: str = "",
    acting: str = ADMIN,
    others: Iterable[str] = (),
    channels: Iterable[str] = (),
    patience: float = 0.0,
    recurs: bool = False,
    keys: Mapping[str, str] | None = None,
) -> None:
    """The system that a scenario is about; every scenario says it, before its users are defined.

    `members` is the role of its users, where the system's main channel is not for that role alone, `acting` that of
    those who act, and `others` are the further roles of which it needs somebody. `channels` are the further channels of
    the system that somebody listens to.
    With `patience`, in seconds, an event may be received before its cause is entered: for actions whose causes are
    known only when their calls are answered; `recurs` says that the same happens to one thing again and again, so that
    what looks like a second receipt may be such an early one. `keys` says of events where their payloads tell them from
    others about the same thing (a JSON pointer): which status it has reached, say.
    """
    if current().system:
        _scenarios.append(Scenario())
    scenario = current()
    scenario.system, scenario.members, scenario.acting = name, members, acting
    scenario.others, scenario.channels, scenario.keys = tuple(others), tuple(channels), keys or {}
    scenario.patience, scenario.recurs = patience, recurs


def steps() -> None:
    """The scenario goes in steps: each of its processes begins them by `Books.begin_step`, all by the same names."""
    current().has_steps = True


def latency(name: str, what: str) -> None:
    """A latency that a scenario measures, before its objectives name it; `what` says from when to when."""
    LATENCIES[name] = what


def count(name: str, what: str, *, of: str) -> None:
    """A number that a scenario counts, before its objectives name it; `of` is the count that it is a share of."""
    COUNTS[name] = Count(what, of)


def option(name: str, *, least: float = -inf, most: float = inf, above: float | None = None, **described: Any) -> None:
    """An option of a scenario, as for `argparse`; its value must be a plain one, for it is sent to the workers.

    A number must be finite, from `least` to `most`, and more than `above` where that is given.
    """
    _OPTIONS[name] = described
    _own.append(name.removeprefix("--"))
    check(_within(name, least=least, most=most, above=above))


def default(name: str, value: Any) -> None:
    """Another default for an option of a scenario that this locustfile takes in."""
    _OPTIONS[name]["default"] = value


def _within(
    name: str, *, least: float = -inf, most: float = inf, above: float | None = None
) -> Callable[[Any], object]:
    def is_within_bounds(options: Any) -> None:
        value = getattr(options, name.removeprefix("--").replace("-", "_"))
        if not isinstance(value, int | float):
            return
        bounds = [] if above is None else [f"more than {above:g}"]
        bounds += [f"at least {least:g}"] if least > -inf else []
        bounds += [f"at most {most:g}"] if most < inf else []
        if not (isfinite(value) and least <= value <= most and (above is None or value > above)):
            asked = " and ".join(bounds) or "a finite number"
            raise UsageError(f"{name.removeprefix('--')} must be {asked}, not {value:g}")

    return is_within_bounds


def check(function: Callable[[Any], object]) -> None:
    """Have the parsed options checked before a run: `function` raises UsageError where they cannot be used."""
    _checks.append(function)


check(_within("--deadline", above=0, most=60))
check(otel.is_there)


def generator(environment: Any, scenario: Scenario | None = None) -> Generator:
    """The load generator of a scenario, of the only one where none is named, in this process, while a test runs."""
    node: Node = environment.eventproof
    return node.generator if scenario is None else node.generator_of(scenario)


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]  # Locust's events have no types
def _add_options(parser: Any) -> None:
    # Locust logs, prints tables and shows traces, and knows no secret: it says nothing but through this.
    legible(sys.stdout)
    legible(sys.stderr)
    sys.stdout, sys.stderr = guarded(sys.stdout), guarded(sys.stderr)
    # Locust would listen on all interfaces; who wants that can say so.
    parser.set_defaults(web_host="127.0.0.1", master_bind_host="127.0.0.1")
    for name, described in _OPTIONS.items():
        parser.add_argument(name, **described)
    complain = parser.error

    def error(message: str) -> None:
        """Name an unknown option without its dashes, as `eventproof swarm --option` takes it, and those there are."""
        if message.startswith(_UNKNOWN):
            unknown = message.removeprefix(_UNKNOWN).split("=")[0].split()[0]
            # Locust's own words follow: they may name one of its own that is meant.
            message = f"there is no option {unknown}: the scenario has {', '.join(_own) or 'none'}\n{message}"
        complain(message)

    parser.error = error


@events.init.add_listener  # type: ignore[untyped-decorator]  # Locust's events have no types
def _take_part(environment: Any, runner: Any, web_ui: Any = None, **_: Any) -> None:
    # Ctrl-C ends the main greenlet, which is Locust's; without this it would hit whichever runs.
    greenlets.on_signal(signal.SIGINT, greenlets.interrupt)
    _check(environment)
    # A worker has the options of its master by then, and a web UI those that somebody typed there.
    environment.events.test_start.add_listener(lambda **_: _check(environment))
    current()
    if isinstance(runner, WorkerRunner):
        # How many act in all processes the master tells, with the test.
        environment.events.test_start.add_listener(lambda **_: _count_in(environment))
    else:
        _appoint(environment)
    node = _or_sentence(lambda: _NODES[type(runner)](environment, runner, _scenarios, _whole))()
    environment.eventproof = node
    for name in _EVENTS:
        getattr(environment.events, name).add_listener(_or_sentence(getattr(node, name)))
    if (pane := Pane.inherited()) is not None:
        greenlets.spawn(node.show, pane)
    if environment.parsed_options.otel:
        otel.begin(node.glance)
    if web_ui is not None:
        # Locust shows where the load goes, and warns where it does not know.
        target = environment.parsed_options.target or str(DEFAULT)
        environment.host = environment.host or (target if "://" in target else Path(target).name)
        web.show(web_ui, environment.parsed_options.web_base_path or "", node)


def _check(environment: Any) -> None:
    for checked in _checks:
        _or_sentence(checked)(environment.parsed_options)


def _appoint(environment: Any) -> None:
    """Locust takes the number of users of a class from the class."""
    classes = _count_in(environment)
    environment.user_classes[:] = [
        known for known in environment.user_classes if known not in classes or known.fixed_count
    ]
    environment.parsed_options.admins = sum(user_class.fixed_count for user_class in classes)


def _count_in(environment: Any) -> list[Any]:
    """Tell those who act how many of them there are in all processes: they share what the options ask for."""
    classes: list[Any] = [known for known in environment.user_classes if getattr(known, "acts", False)]
    for user_class, number in appointed(environment.parsed_options.admins, classes).items():
        user_class.fixed_count = number
    return classes


def _or_sentence(function: Callable[..., Any]) -> Callable[..., Any]:
    """Locust would show a stack trace and go on; here the process ends with a sentence and its exit code."""

    def call(*arguments: Any, **named: Any) -> Any:
        try:
            return function(*arguments, **named)
        except EventproofError as error:
            print(f"eventproof: {error}", file=sys.stderr, flush=True)
            sys.exit(error.exit_code)
        except Exception:
            traceback.print_exc()
            sys.exit(ExitCode.UNAVAILABLE)

    return call
