"""One table of a TOML file, read key by key with the type each must have.

Whatever nobody asked for is unknown: `Table.finish` names it, the file, and the nearest key that exists.
Strings may hold `${NAME}`; the value comes from the environment, and a missing one is named. Secrets enter here, and
are learnt, so that no output shows them: what `<key>_env` names, what is called like a secret, and every variable but
those that fill a plain text (an address, an e-mail) and are not called like one.
"""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Final, NoReturn

from .errors import UsageError
from .redaction import learn, learn_from, names_a_secret, secrets_of

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|min|m|h)")
_SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0}
_REQUIRED: Final[Any] = object()
_SECRET_VARIABLE = re.compile(r"PASS|SECRET|TOKEN|KEY|CREDENTIAL|AUTH|COOKIE", re.IGNORECASE)


def nearest(word: str, known: Iterable[str]) -> str:
    """` (did you mean "x"?)` for the known word most like `word`, or nothing."""
    close = get_close_matches(word, sorted(known), n=1)
    return f' (did you mean "{close[0]}"?)' if close else ""


def seconds(text: str) -> float:
    """The seconds in a duration such as "250ms", "5s", "2min" or "1h"; ValueError says how one is written."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f'must be a duration such as "250ms", "5s" or "2min", not {text!r}')
    return float(match[1]) * _SECONDS[match[2]]


@dataclass(slots=True)
class Table:
    """A TOML table under its dotted name in `file`; `environment` holds the variables."""

    values: Mapping[str, Any]
    file: str
    environment: Mapping[str, str]
    name: str = ""
    _asked: set[str] = field(default_factory=set)

    def __contains__(self, key: str) -> bool:
        self._asked.add(key)
        return key in self.values

    def denies(self, key: str) -> bool:
        """Whether the key is `false`, where otherwise a table would be."""
        self._asked.add(key)
        return self.values.get(key) is False

    def names(self) -> tuple[str, ...]:
        """The keys of a table whose keys are names given by the profile."""
        self._asked.update(self.values)
        return tuple(self.values)

    def text(self, key: str, default: str | None = _REQUIRED) -> str:
        """A string, with its variables filled in."""
        value = self._get(key, str, "a string", default)
        return self._plain(key, value) if isinstance(value, str) else value

    def text_or_number(self, key: str) -> str | int | None:
        """A string, with its variables filled in, or a whole number as it is; None where it is absent."""
        value = self._get(key, (str, int), "a string or a whole number", None)
        if isinstance(value, bool):
            self.fail(key, f"must be a string or a whole number, not {value!r}")
        return self._plain(key, value) if isinstance(value, str) else value

    def secret(self, key: str) -> str | None:
        """The string `key`, or the variable that `<key>_env` names; None where neither is given."""
        variable = self.text(f"{key}_env", None)
        value = self.text(key, None) if variable is None else self._variable(f"{key}_env", variable)
        learn(value)
        return value

    def flag(self, key: str, default: bool) -> bool:
        """`true` or `false`."""
        return bool(self._get(key, bool, "true or false", default))

    def number(self, key: str, default: int) -> int:
        """A whole number, 1 or more."""
        value = self._get(key, int, "a whole number", default)
        if isinstance(value, bool) or value < 1:
            self.fail(key, f"must be a whole number of at least 1, not {value!r}")
        return int(value)

    def texts(self, key: str, default: tuple[str, ...] = _REQUIRED) -> tuple[str, ...]:
        """A list of strings."""
        values = self._get(key, list, "a list of strings", default)
        for value in values:
            if not isinstance(value, str):
                self.fail(key, f"must be a list of strings, but it holds {value!r}")
        return tuple(self._filled(key, value) for value in values)

    def duration(self, key: str, default: float) -> float:
        """Seconds, written as a number or as text such as "250ms", "5s" or "2min"."""
        value = self._get(key, (str, int, float), 'a duration such as "5s"', default)
        if isinstance(value, str):
            try:
                return seconds(value)
            except ValueError as error:
                self.fail(key, str(error))
        if isinstance(value, bool) or value <= 0:
            self.fail(key, f'must be a duration such as "5s", not {value!r}')
        return float(value)

    def template(self, key: str, default: Any = _REQUIRED) -> Any:
        """Any TOML value; the strings in it get their variables filled in."""
        self._asked.add(key)
        if key not in self.values:
            return self._missing(key) if default is _REQUIRED else default
        filled = self._fill_all(key, self.values[key])
        learn_from({key: filled})
        return filled

    def table(self, key: str) -> "Table":
        """The table under `key`; an empty one where it is absent."""
        return self._under(key, self._get(key, dict, "a table", {}))

    def tables(self, key: str) -> tuple["Table", ...]:
        """The list of tables under `key` (`[[key]]`); empty where it is absent."""
        values = self._get(key, list, f"a list of tables, each begun by [[{self._dotted(key)}]]", [])
        for value in values:
            if not isinstance(value, dict):
                self.fail(key, f"must be a list of tables, but it holds {value!r}")
        return tuple(self._under(f"{key}[{index}]", value) for index, value in enumerate(values))

    def choice(self, key: str, choices: tuple[str, ...], default: str = _REQUIRED) -> str:
        """One of a closed set of words."""
        value = self.text(key, default)
        if value not in choices:
            self.fail(key, f'must be one of {", ".join(choices)}, not "{value}"{nearest(value, set(choices))}')
        return value

    def finish(self) -> None:
        """Raise UsageError for the first key that was never asked for."""
        for key in self.values:
            if key not in self._asked:
                where = f" in [{self.name}]" if self.name else ""
                raise UsageError(f'{self.file}: unknown key "{key}"{where}{nearest(key, self._asked)}')

    def fail(self, key: str, sentence: str) -> NoReturn:
        """Raise UsageError about the value of `key`."""
        raise UsageError(f'{self.file}: "{self._dotted(key)}" {sentence}')

    def _get(self, key: str, kind: type | tuple[type, ...], words: str, default: Any) -> Any:
        self._asked.add(key)
        if key not in self.values:
            return self._missing(key) if default is _REQUIRED else default
        value = self.values[key]
        if not isinstance(value, kind):
            given = type(value).__name__ if names_a_secret(key) else repr(value)
            self.fail(key, f"must be {words}, not {given}")
        return value

    def _missing(self, key: str) -> NoReturn:
        raise UsageError(f'{self.file}: "{self._dotted(key)}" is missing')

    def _under(self, key: str, values: Mapping[str, Any]) -> "Table":
        return Table(values, self.file, self.environment, self._dotted(key))

    def _dotted(self, key: str) -> str:
        return f"{self.name}.{key}" if self.name else key

    def _plain(self, key: str, text: str) -> str:
        """A text that is no secret, unless it or a variable in it is called like one."""
        filled = self._filled(key, text, learnt=False)
        if names_a_secret(key):
            learn(filled)
        elif "://" in filled:
            with suppress(ValueError):  # no URL; whoever asked for one says so
                learn(*secrets_of(url=filled))
        return filled

    def _filled(self, key: str, text: str, *, learnt: bool = True) -> str:
        def value(match: re.Match[str]) -> str:
            found = self._variable(key, match[1])
            if learnt or _SECRET_VARIABLE.search(match[1]):
                learn(found)
            return found

        return _VARIABLE.sub(value, text)

    def _fill_all(self, key: str, value: Any) -> Any:
        if isinstance(value, str):
            return self._filled(key, value)
        if isinstance(value, dict):
            return {name: self._fill_all(f"{key}.{name}", inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._fill_all(key, inner) for inner in value]
        return value

    def _variable(self, key: str, name: str) -> str:
        if name not in self.environment:
            raise UsageError(
                f'{self.file}: "{self._dotted(key)}" needs the environment variable {name}, which is not set'
            )
        return self.environment[name]
