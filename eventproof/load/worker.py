"""A worker of a swarm: generates its share of the load, and sends its account when it is asked for it."""

import sys
from collections.abc import Sequence
from typing import Any, Final

from eventproof.errors import EventproofError, UsageError
from eventproof.redaction import learnt

from . import admission, controller, objectives
from .account import SwarmAccount, merge
from .greenlets import Greenlet, sleep, spawn
from .messages import ACCOUNT, CAUSE, CLOCK, COLLECT, NEWS, POINT, REFUSED, REPORT, SECRETS, SHARE
from .node import Node
from .objectives import ObjectiveLine
from .relay import Relay
from .scenario import Scenario
from .share import ProcessShare
from .watch import Watch

__all__ = ["Worker"]

_NOBODY: Final = ProcessShare(index=sys.maxsize)
"""The share of a worker that came too late to get one."""
_SENT: Final = 0.5
"""Seconds that a last message has to leave this process."""


class Worker(Node):
    """Generates its share of the load, and sends its account when it is asked for it."""

    def __init__(
        self, environment: Any, runner: Any, scenarios: Sequence[Scenario], whole: Sequence[ObjectiveLine] = ()
    ) -> None:
        super().__init__(environment, runner, scenarios, whole)
        self._share, self._fingerprint = _NOBODY, ""
        self._relay: Relay | None = None
        self._clock_keeper: Greenlet | None = None
        self._watched: frozenset[str] = frozenset()
        self._told: set[str] = set()
        """The secrets that the master knows."""
        runner.register_message(SHARE, self._on_share)
        runner.register_message(COLLECT, self._on_collect, concurrent=True)
        runner.register_message(CLOCK, self._on_clock)
        runner.register_message(CAUSE, self._on_cause)
        runner.register_message(POINT, self._on_point)
        environment.events.report_to_master.add_listener(self._on_report)

    def glance(self) -> None:
        """Nothing: the master shows what all have told."""

    def test_start(self, **_: Any) -> None:
        """Be ready for the users of this process; the share came before, and the master's options with the test."""
        try:
            self._prepare()
        except EventproofError as error:
            self._runner.send_message(REFUSED, {"why": str(error), "code": int(error.exit_code)})
            sleep(_SENT)
            raise
        super().test_start()

    def _prepare(self) -> None:
        options = self._environment.parsed_options
        target = controller.target_of(options)
        if self._share is not _NOBODY and admission.fingerprint(target, self._scenarios) != self._fingerprint:
            raise UsageError(
                f"{target.source}: the profile of this worker names another target or other identities than the "
                "master's, or the versions of eventproof differ; copy the master's profile and its credentials here"
            )
        given = [*options.objective, *objectives.separate(options.objectives)]
        asked = controller.asked_of(given, target, self._scenarios, self._whole)
        self._watched = Watch(asked).metrics
        self._start_generators(self._share, target, asked)
        if self._relay is not None:
            self._relay.serve(self._generators.values())

    def _conclude(self) -> None:
        account = self._settled_account()
        if self._relay is not None and (note := self._relay.note()):
            account = merge([account, SwarmAccount(notes=(note,))])
        news = self.timeline().drain().to_json()
        self._runner.send_message(ACCOUNT, account.to_json() | {SECRETS: self._new_secrets(), NEWS: news})

    def _new_secrets(self) -> list[str]:
        found = [secret for secret in learnt() if secret not in self._told]
        self._told.update(found)
        return found

    def _on_share(self, msg: Any, **_: Any) -> None:
        self._share = ProcessShare(msg.data["index"], msg.data["of"])
        self._fingerprint = msg.data["fingerprint"]
        vars(self._environment.parsed_options).update(msg.data["options"])
        if self._clock_keeper is not None:
            self._clock_keeper.kill(block=False)
        self._relay = Relay(self._share.index, self._runner.send_message) if self._share.of > 1 else None
        self._clock_keeper = spawn(self._relay.compare_clocks) if self._relay is not None else None

    def _on_collect(self, **_: Any) -> None:
        self._end(interrupted=False)

    def _on_clock(self, msg: Any, **_: Any) -> None:
        if self._relay is not None:
            self._relay.told_time(msg.data)

    def _on_cause(self, msg: Any, **_: Any) -> None:
        if self._relay is not None:
            self._relay.hear(msg.data)

    def _on_point(self, msg: Any, **_: Any) -> None:
        if self._relay is not None:
            self._relay.all_reach(msg.data["point"])

    def _on_report(self, data: dict[str, Any], **_: Any) -> None:
        """What was measured so far, for whoever looks on at the master and for what it watches."""
        if self._generators:
            entered = {one.system: generator.entered for one, generator in self._generators.items()}
            account = self._interim_account(self._watched).to_json()
            news = self.timeline().drain().to_json()
            told = {"entered": entered, "measured": self.measured(), SECRETS: self._new_secrets(), NEWS: news}
            data[REPORT] = account | told
