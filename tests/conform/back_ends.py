"""Back ends that are not ours: each runs as a process of its own, and is reached by a profile alone."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eventproof import profile
from eventproof.target import Target

JS = Path(__file__).parents[1] / "js"

Said = Mapping[str, Any]
"""The line of JSON that a back end prints when it is ready."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command printed, and its exit code."""

    code: int
    output: str
    errors: str

    @property
    def requirements(self) -> dict[str, dict[str, Any]]:
        """The requirements that were selected, by id."""
        lines = json.loads(self.output)["requirements"]
        return {line["id"]: line for line in lines if line["reason"] != "not selected for this run"}

    def ids(self, verdict: str) -> set[str]:
        """The requirements with this verdict."""
        return {line for line, result in self.requirements.items() if result["verdict"] == verdict}

    def reasons(self, *, but: str = "pass") -> dict[str, str]:
        """Why each of those that have not this verdict has not."""
        return {line: result["reason"] for line, result in self.requirements.items() if result["verdict"] != but}


@dataclass(frozen=True, slots=True)
class BackEnd:
    """A back end as it runs, and its profile; `secrets` are the variables that the profile names."""

    profile: Path
    secrets: dict[str, str]

    def check(self, *arguments: str) -> Ran:
        """Run `eventproof check` on it."""
        return self.run("check", str(self.profile), *arguments)

    def run(self, *arguments: str) -> Ran:
        """Run a verb on it."""
        command = [sys.executable, "-m", "eventproof", *arguments]
        folder, variables = self.profile.parent, {**os.environ, **self.secrets}
        done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)
        return Ran(done.returncode, done.stdout, done.stderr)

    def target(self, here: str, instead: str) -> Target:
        """What its profile says, with one setting changed."""
        text = self.profile.read_text(encoding="utf-8")
        assert here in text
        other = self.profile.with_name("other.toml")
        other.write_text(text.replace(here, instead), encoding="utf-8")
        return profile.load(other, env=self.secrets)


@contextmanager
def running(
    command: Sequence[str],
    folder: Path,
    profile_of: Callable[[Said], str],
    secrets_of: Callable[[Said], dict[str, str]],
    *,
    bug: str = "",
    habit: str = "",
) -> Iterator[BackEnd]:
    """Run a back end until the block ends, with a bug or a habit of its own, or neither; its profile is in `folder`."""
    variables = {**os.environ, "BUG": bug, "HABIT": habit}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=variables, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        file = folder / "eventproof.toml"
        file.write_text(profile_of(said), encoding="utf-8")
        try:
            yield BackEnd(file, secrets_of(said))
        finally:
            process.stdin.close()
