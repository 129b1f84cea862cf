"""Our exceptions: each says who is at fault.

EventproofError
├── UsageError            the caller: a wrong option, profile, file or environment
│   └── ContractError     the contracts themselves: a schema that does not compile, a duplicate name
├── ContractViolation     the peer: it did what its contract or its protocol forbids
│   └── ProtocolViolation     below the contract: a frame that no document of the protocol allows
├── Inconclusive          nobody: what happened on the other side is unknown (a timeout)
└── TargetUnavailable     the world: nobody listens there, or what listens is something else
"""

from .verdict import ExitCode


class EventproofError(Exception):
    """The base of all our exceptions; its text is one sentence for a person, saying what to do.

    `exit_code` is what the command line returns when the exception reaches it.
    """

    exit_code: ExitCode = ExitCode.UNAVAILABLE


class UsageError(EventproofError):
    """The caller gave something that cannot be used."""

    exit_code = ExitCode.USAGE


class ContractError(UsageError):
    """A contract document is itself wrong; the text names the file and the place in it."""


class ContractViolation(EventproofError):
    """The peer broke its contract: what was expected, what came, and the record of a history that shows it, if any.

    `breaks` is what of a contract does not hold, as `SYSTEM/EVENT/audience`, where others can find the same.
    """

    exit_code = ExitCode.FAIL

    def __init__(
        self,
        sentence: str,
        *,
        expected: str = "",
        observed: str = "",
        record: object = None,
        breaks: tuple[str, ...] = (),
    ) -> None:
        super().__init__(sentence)
        self.expected = expected
        self.observed = observed
        self.record = record
        self.breaks = breaks


class ProtocolViolation(ContractViolation):
    """The peer sent what no document of the protocol allows."""


class Inconclusive(EventproofError):
    """What happened on the other side is unknown.

    `waits_for` are the ids of the requirements whose failure is why: what must hold before anything can be said here.
    """

    exit_code = ExitCode.INVALID

    def __init__(self, sentence: str = "", *, waits_for: tuple[str, ...] = ()) -> None:
        super().__init__(sentence)
        self.waits_for = waits_for


class TargetUnavailable(EventproofError):
    """The target cannot be reached, or what answers there is something else."""

    exit_code = ExitCode.UNAVAILABLE
