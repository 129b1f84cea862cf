"""How the benchmarks refuse what means nothing."""

from collections.abc import Callable, Sequence

import pytest


def is_refused(
    main: Callable[[Sequence[str]], int], options: Sequence[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command ends with 2 and one sentence that says this, and prints nothing else."""
    with pytest.raises(SystemExit) as ended:
        main(options)
    said = capsys.readouterr()
    assert ended.value.code == 2
    assert problem in said.err
    assert len(said.err.splitlines()) == 1
    assert not said.out
