"""Generated runs of every shape that the records allow."""

from dataclasses import fields
from enum import Enum
from typing import Any, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from eventproof.report.records import Run

texts = st.text(max_size=12)

_LEAVES: dict[Any, st.SearchStrategy[Any]] = {
    str: texts,
    bool: st.booleans(),
    int: st.integers(min_value=0, max_value=2**70),
    float: st.floats(allow_nan=False, allow_infinity=False, min_value=0),
}


def _of(kind: Any) -> st.SearchStrategy[Any]:
    if kind in _LEAVES:
        return _LEAVES[kind]
    if get_origin(kind) is tuple:
        return st.lists(_of(get_args(kind)[0]), max_size=2).map(tuple)
    if get_args(kind):
        return st.none() | _of(get_args(kind)[0])
    if issubclass(kind, Enum):
        return st.sampled_from(list(kind))
    hints = get_type_hints(kind)
    return st.builds(kind, **{field.name: _of(hints[field.name]) for field in fields(kind)})


runs: st.SearchStrategy[Run] = _of(Run)
