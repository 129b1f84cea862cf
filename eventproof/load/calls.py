"""The calls of a swarm: an operation of the target performed over kept-alive connections, by greenlets that wait.

No cookies and no redirects: what one person does leaves nothing behind for the next. Connections that were idle for
long are not used again, so that no call meets one that the server is about to close.
"""

import http.client
import secrets
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from time import monotonic, sleep, time
from typing import Any
from urllib.parse import urlsplit

import orjson
from gevent.lock import BoundedSemaphore

from eventproof import actions
from eventproof.actions import Invocation, Request
from eventproof.errors import EventproofError, Inconclusive, TargetUnavailable, UsageError
from eventproof.target import Identity, Target

_IDLE_SECONDS = 1.5
"""Node.js and Apache close a connection that was idle for 5 seconds, gunicorn after 2."""
_LOGINS = 16
"""How many logins are under way at once: a login costs a server more than anything else."""
_PATIENT_LOGINS, _LONGEST_WAIT = 3, 5.0
"""How often a login is tried where there are too many of them, and the most seconds between two attempts."""
_TOO_MANY = 429
_TOLD = ("Retry-After", "Location")
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """What an operation was answered with. Status 0: there was no answer, and nobody knows what happened."""

    status: int
    body: Any
    problem: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Those that say what to do now: Retry-After and Location."""
    was_made: bool = field(default=True, compare=False)
    """Whether there was a call: the profile lacked nothing for it."""

    @property
    def done(self) -> bool:
        """Whether the target says that it did what was asked."""
        return 200 <= self.status < 300

    @property
    def refused(self) -> bool:
        """Whether the target refused the token that came with the call."""
        return self.status in (401, 403)

    def __str__(self) -> str:
        return self.problem or f"status {self.status}"


@dataclass(frozen=True, slots=True)
class Login:
    """What a login gave; None for what there is not."""

    token: str | None = None
    tier: str | None = None
    id: str | int | None = None
    answer: Answer | None = field(default=None, compare=False)
    """What the call was answered with; None where a token was minted."""


class Calls:
    """Performs the operations of one target."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._logins = BoundedSemaphore(_LOGINS)
        self._idle: dict[tuple[str, str], list[tuple[float, http.client.HTTPConnection]]] = {}

    def perform(self, operation: str, parameters: Mapping[str, Any], token: str | None = None) -> Answer:
        """Perform an operation as the bearer of `token` and wait for the answer.

        A call that cannot be made, since the profile lacks something, is an answer without a status too.
        """
        try:
            action = actions.action_for(self._target, operation, parameters, token)
        except UsageError as lacking:
            return Answer(0, None, str(lacking), was_made=False)
        return self._invoke(action) if isinstance(action, Invocation) else self._request(action)

    def log_in(self, identity: Identity) -> Login:
        """A new token of somebody, the tier that the answer tells, and the id where the profile gives none."""
        if identity.password is None:
            return Login(actions.mint(self._target, identity, time(), secrets.token_hex(8)), identity.tier, identity.id)
        for _ in range(_PATIENT_LOGINS):
            with self._logins:
                answer = self.perform("login", actions.credentials_of(identity))
            if answer.status != _TOO_MANY:
                break
            sleep(_asked_to_wait(answer))
        if not answer.done:
            return Login(answer=answer)
        operation = self._target.operations["login"]
        token = actions.read(operation, "token", answer.body)
        user_id = identity.id if identity.id is not None else actions.read(operation, "userId", answer.body)
        tier = actions.at(answer.body, operation.answers.get("tier", ""))
        if not isinstance(token, str):
            return Login(answer=replace(answer, problem="the answer to login has no token"))
        return Login(
            token=token,
            tier=tier if isinstance(tier, str) else None,
            id=user_id if isinstance(user_id, str | int) else None,
            answer=answer,
        )

    def token_of(self, identity: Identity) -> str:
        """The token that the profile gives somebody, or a new one.

        Where there is neither raises what says why: UsageError, TargetUnavailable or Inconclusive.
        """
        if identity.token is not None:
            return identity.token
        login = self.log_in(identity)
        if login.token is None:
            raise self._without_token(identity, login.answer)
        return login.token

    def _without_token(self, identity: Identity, answer: Answer | None) -> EventproofError:
        """Why somebody has no token, by what the login was answered with."""
        who = f"{self._target.source}: {identity.name} cannot log in"
        if answer is None:
            return UsageError(f"{who}: the profile gives neither a token nor a password, and [jwt] mints none")
        match answer.status:
            case 0 if answer.was_made:
                return TargetUnavailable(f"{who} at {self._target.rest.url}: {answer}")
            case 0:
                return UsageError(f"{who}: {answer}")
            case 429:
                return Inconclusive(f"{who}: too many logins (status 429), also after a wait; try again later")
            case status if status >= 500:
                return TargetUnavailable(f"{who}: {self._target.rest.url} answers with status {status}")
            case status if 300 <= status < 400:
                place = answer.headers.get("Location", "nowhere")[:_SHOWN]
                return UsageError(f"{who}: status {status} points to {place}; correct url under [rest] or the path")
            case 404 | 405 | 410:
                return UsageError(f"{who}: {answer}; is the path right? See [operations.login]")
            case status if status < 300:
                return UsageError(f"{who}: the answer has no token where answers of [operations.login] says")
        return UsageError(f"{who}: {answer}; is the password right?")

    def close(self) -> None:
        """Close the connections that nobody uses."""
        for idle in self._idle.values():
            while idle:
                idle.pop()[1].close()

    def _request(self, request: Request) -> Answer:
        parts = urlsplit(request.url)
        place = (parts.scheme, parts.netloc)
        connection = self._connection(place)
        headers = {"Accept": "application/json", **request.headers}
        body = None
        if request.json is not None:
            body = orjson.dumps(request.json)
            headers["Content-Type"] = "application/json"
        try:
            connection.request(request.method, parts._replace(scheme="", netloc="").geturl() or "/", body, headers)
            response = connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            return Answer(0, None, f"{request.operation} was not answered: {error or type(error).__name__}")
        if response.will_close:
            connection.close()
        else:
            self._idle.setdefault(place, []).append((monotonic(), connection))
        said = {name: value for name in _TOLD if (value := response.getheader(name)) is not None}
        return Answer(response.status, _json(content), headers=said)

    def _connection(self, place: tuple[str, str]) -> http.client.HTTPConnection:
        idle = self._idle.get(place, [])
        while idle:
            since, connection = idle.pop()
            if monotonic() - since < _IDLE_SECONDS:
                return connection
            connection.close()
        scheme, netloc = place
        kind = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
        return kind(netloc.rpartition("@")[2], timeout=self._target.budgets.call)

    def _invoke(self, invocation: Invocation) -> Answer:
        try:
            done = subprocess.run(  # noqa: S603 - the profile's own command
                invocation.arguments, capture_output=True, check=False, timeout=self._target.budgets.call
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return Answer(0, None, f"{invocation.operation} did not end: {type(error).__name__}")
        if done.returncode:
            return Answer(500, None, f"{invocation.operation} ended with exit code {done.returncode}")
        return Answer(200, _json(done.stdout))


def _asked_to_wait(answer: Answer) -> float:
    """How many seconds to wait before the next attempt: what the target asks for, within bounds."""
    asked = answer.headers.get("Retry-After", "")
    return min(float(asked), _LONGEST_WAIT) if asked.isascii() and asked.isdigit() else 1.0


def _json(content: bytes) -> Any:
    with suppress(ValueError):
        return orjson.loads(content)
    return None
