"""One table of a TOML file, read key by key with the type each must have.

Whatever nobody asked for is unknown: `Table.finish` names it, the file, and the nearest key that exists.
Strings may hold `${NAME}`; the value comes from the environment, and a missing one is named. Secrets enter here, and
are learnt, so that no output shows them: what `<key>_env` names, what is called like a secret, and every variable but
those that fill a plain text (an address, an e-mail) and are not called like one.
"""

import math
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Final, NoReturn

from . import wellformed
from .errors import UsageError
from .redaction import learn, learn_from, names_a_secret, secrets_of

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_DURATION = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,12})?)\s*(ms|s|min|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_LONGEST_DAYS: Final = 31
_LISTED: Final = 12
"""So many keys at most are named to whoever writes one that is none of them."""
_MOST: Final = 1_000_000
_SHOWN: Final = 80
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


def shown(value: Any) -> str:
    """A value for a message to people: a table and a list by what they are, anything else in short."""
    if isinstance(value, Mapping | list):
        return "a table" if isinstance(value, Mapping) else "a list"
    text = repr(value) if isinstance(value, str | bool | float | None) else str(value)[:_SHOWN]
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


@dataclass(slots=True)
class Table:
    """A TOML table under its dotted name in `file`; `environment` holds the variables; None: `${…}` is plain text."""

    values: Mapping[str, Any]
    file: str
    environment: Mapping[str, str] | None
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

    def place(self, key: str) -> str:
        """A string that says where something is, whatever that is: no secret, also under the name of one."""
        return self._filled(key, self._get(key, str, "a string", _REQUIRED), learnt=False)

    def text_or_number(self, key: str) -> str | int | None:
        """A string, with its variables filled in, or a whole number as it is; None where it is absent."""
        value = self._get(key, (str, int), "a string or a whole number", None)
        if isinstance(value, bool):
            self.fail(key, f"must be a string or a whole number, not {shown(value)}")
        return self._plain(key, value) if isinstance(value, str) else value

    def secret(self, key: str) -> str | None:
        """The string `key`, or the variable that `<key>_env` names; None where neither is given."""
        variable = self.text(f"{key}_env", None)
        asked = key if variable is None else f"{key}_env"
        if not isinstance(self.values.get(asked, ""), str):
            self.fail(asked, "must be a string in quotes")
        value = self.text(key, None) if variable is None else self._variable(asked, variable)
        learn(value)
        if value is not None:
            self.check(asked, wellformed.encodable(value) if value else "is empty")
        return value

    def flag(self, key: str, default: bool) -> bool:
        """`true` or `false`."""
        return bool(self._get(key, bool, "true or false", default))

    def number(self, key: str, default: int) -> int:
        """A whole number, 1 or more, and no more than a million."""
        value = self._get(key, int, "a whole number", default)
        if isinstance(value, bool) or not 1 <= value <= _MOST:
            self.fail(key, f"must be a whole number of at least 1 and at most {_MOST}, not {shown(value)}")
        return int(value)

    def texts(self, key: str, default: tuple[str, ...] = _REQUIRED) -> tuple[str, ...]:
        """A list of strings."""
        values = self._get(key, list, "a list of strings", default)
        for value in values:
            if not isinstance(value, str):
                self.fail(key, f"must be a list of strings, but it holds {shown(value)}")
        return tuple(self._filled(key, value) for value in values)

    def duration(self, key: str, default: float) -> float:
        """Seconds, written as a number or as text such as "250ms", "5s" or "2min"; above 0, at most a month."""
        value = self._get(key, (str, int, float), 'a duration such as "5s"', default)
        given = value
        if isinstance(value, str):
            try:
                value = seconds(value)
            except ValueError as error:
                self.fail(key, str(error))
        if isinstance(value, bool) or math.isnan(value) or value <= 0:
            self.fail(key, f'must be a duration such as "5s", not {shown(given)}')
        if value > _LONGEST_DAYS * _SECONDS["d"]:
            self.fail(key, f"must be no more than {_LONGEST_DAYS} days, not {shown(given)}")
        return float(value)

    def template(self, key: str, default: Any = _REQUIRED) -> Any:
        """Any TOML value that JSON has too; the strings in it get their variables filled in."""
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
                self.fail(key, f"must be a list of tables, but it holds {shown(value)}")
        return tuple(self._under(f"{key}[{index}]", value) for index, value in enumerate(values))

    def choice(
        self, key: str, choices: tuple[str, ...], default: str = _REQUIRED, *, upper: bool = False, hint: str = ""
    ) -> str:
        """One of a closed set of words, which are in capitals where `upper` is true, however they were written.

        The `hint` ends the sentence about any other word.
        """
        value = self.text(key, default)
        value = value.upper() if upper else value
        if value not in choices:
            self.fail(key, f'must be one of {", ".join(choices)}, not "{value}"{nearest(value, set(choices))}{hint}')
        return value

    def finish(self) -> None:
        """Raise UsageError for the first key that was never asked for."""
        for key in self.values:
            if key not in self._asked:
                where = f" in [{self.name}]" if self.name else ""
                known = sorted(self._asked)
                others = f"; there are {', '.join(known)}" if 0 < len(known) <= _LISTED else ""
                raise UsageError(f'{self.file}: unknown key "{key}"{where}{nearest(key, known) or others}')

    def headers(self, key: str, default: Mapping[str, str]) -> dict[str, str]:
        """A table of HTTP headers, each with what it says."""
        result = self.strings(key, default, '{ Authorization = "Bearer {token}" }')
        for name, value in result.items():
            self.check(key, wellformed.header(name, value))
        self.check(key, wellformed.repeated(name.title() for name in result))
        return result

    def strings(self, key: str, default: Mapping[str, str], example: str) -> dict[str, str]:
        """A table of strings under names given by the profile."""
        values = self.template(key, default)
        if not isinstance(values, Mapping) or not all(isinstance(value, str) for value in values.values()):
            self.fail(key, f"must be a table of strings, such as {example}")
        return dict(values)

    def check(self, key: str, problem: str) -> None:
        """Raise UsageError about the value of `key` where there is a problem with it."""
        if problem:
            self.fail(key, problem)

    def fail(self, key: str, sentence: str) -> NoReturn:
        """Raise UsageError about the value of `key`."""
        raise UsageError(f'{self.file}: "{self._dotted(key)}" {sentence}')

    def _get(self, key: str, kind: type | tuple[type, ...], words: str, default: Any) -> Any:
        self._asked.add(key)
        if key not in self.values:
            return self._missing(key) if default is _REQUIRED else default
        value = self.values[key]
        if not isinstance(value, kind):
            given = type(value).__name__ if names_a_secret(key) else shown(value)
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

        return text if self.environment is None else _VARIABLE.sub(value, text)

    def _fill_all(self, key: str, value: Any) -> Any:
        if isinstance(value, str):
            return self._filled(key, value)
        if isinstance(value, dict):
            return {name: self._fill_all(f"{key}.{name}", inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._fill_all(key, inner) for inner in value]
        if isinstance(value, float) and not math.isfinite(value):
            self.fail(key, f"has {value}, which is no number of JSON")
        if not isinstance(value, bool | int | float):
            self.fail(key, f'has the date or time {value}, which JSON does not have: write it in quotes, "{value}"')
        return value

    def _variable(self, key: str, name: str) -> str:
        if self.environment is None or name not in self.environment:
            raise UsageError(
                f'{self.file}: "{self._dotted(key)}" needs the environment variable {name}, which is not set'
            )
        return self.environment[name]
