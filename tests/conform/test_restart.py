"""The case that restarts the server, against one that is killed without warning and started again where it was."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eventproof import profile
from eventproof.conform import run
from eventproof.report.records import Check
from eventproof.verdict import Verdict

CASE = "retries_outlive_a_restart_of_the_server"
SETTINGS = "[limits]\nack_first = 0.4\nack_within = 60.0\n"
PROFILE = """
base_url = {url}
systems = ["shield"]
restart = {restart}
[identities]
file = "people"
[budgets]
ack_retry = "2s"
ack_retries_end = "60s"
"""
START = """
import subprocess, sys
PIPE, DEVNULL = subprocess.PIPE, subprocess.DEVNULL
command = [sys.executable, "-m", "eventproof", "serve", "--config", "settings", "--database-url", "sqlite:///server.db"]
with open("log", "ab") as log:
    child = subprocess.Popen(command + sys.argv[1:], stdin=DEVNULL, stdout=PIPE, stderr=log, text=True)
open("pid", "w").write(str(child.pid))
ready = child.stdout.readline()
open("url", "w").write(ready.split()[-1])
sys.exit(not ready.startswith("listening on "))
"""
RESTART = """
import os, signal, socket, subprocess, sys, time
folder, forgets = sys.argv[1:]
os.chdir(folder)
port = open("url").read().rpartition(":")[2]
os.kill(int(open("pid").read()), signal.SIGKILL)
try:
    while True:
        socket.create_connection(("127.0.0.1", int(port))).close()
        time.sleep(0.02)
except OSError:
    pass
if forgets == "True":
    import sqlite3
    with sqlite3.connect("server.db") as database:
        database.execute("delete from journal")
sys.exit(subprocess.call([sys.executable, "start.py", "--port", port]))
"""


@contextmanager
def restartable(folder: Path, *, forgets: bool) -> Iterator[Path]:
    """A server in this folder, and the profile that reaches it and restarts it."""
    for name, text in {"settings": SETTINGS, "start.py": START, "restart.py": RESTART}.items():
        (folder / name).write_text(text, encoding="utf-8")
    subprocess.run(
        [sys.executable, "start.py", "--port", "0", "--seed", "4", "--credentials", "people"], cwd=folder, check=True
    )
    try:
        command = [sys.executable, str(folder / "restart.py"), str(folder), str(forgets)]
        file = folder / "eventproof.toml"
        url = (folder / "url").read_text()
        file.write_text(PROFILE.format(url=json.dumps(url), restart=json.dumps(command)), encoding="utf-8")
        yield file
    finally:
        os.kill(int((folder / "pid").read_text()), signal.SIGKILL)


def played(folder: Path, *, forgets: bool) -> Check:
    with restartable(folder, forgets=forgets) as file:
        ran = run.check(profile.load(file), only=(CASE,))
    (check,) = [check for line in ran.requirements for check in line.checks if check.name == CASE]
    return check


def test_a_server_whose_retries_outlive_its_restart_passes(tmp_path: Path) -> None:
    check = played(tmp_path, forgets=False)
    assert check.verdict is Verdict.PASS, check.reason


def test_a_server_that_forgets_what_it_owes_fails(tmp_path: Path) -> None:
    check = played(tmp_path, forgets=True)
    assert check.verdict is Verdict.FAIL
    assert check.reason.endswith("after a restart")
