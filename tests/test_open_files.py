from contextlib import ExitStack
from pathlib import Path
from resource import RLIMIT_NOFILE, getrlimit, setrlimit

from eventproof.open_files import share_in_use


def test_the_share_of_open_files_grows_with_them_and_is_whole_where_none_is_left(tmp_path: Path) -> None:
    soft, hard = getrlimit(RLIMIT_NOFILE)
    with ExitStack() as stack:
        stack.callback(setrlimit, RLIMIT_NOFILE, (soft, hard))
        setrlimit(RLIMIT_NOFILE, (400, hard))
        before = share_in_use()
        for number in range(200):
            stack.enter_context((tmp_path / str(number)).open("w"))
        assert share_in_use() >= before + 0.49
        setrlimit(RLIMIT_NOFILE, (1, hard))
        assert share_in_use() == 1.0
