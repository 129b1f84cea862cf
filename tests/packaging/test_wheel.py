"""The wheel, installed in a fresh environment, is the whole tool: engine, contracts, server, cases and swarms."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from eventproof import reference
from eventproof.verdict import ExitCode

ROOT = Path(__file__).resolve().parents[2]
CHOSEN = ("ALL-ROOM-1", "UST-BAN-1", "SHD-CLAIM-1")
"""One requirement of each folder of cases: all are collected, and the rest is tried from the checkout."""


def run(*command: str | Path, cwd: Path, timeout: float = 100) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True, timeout=timeout
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the source distribution, as an index would get it."""
    folder = tmp_path_factory.mktemp("dist")
    built = run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    assert built.returncode == 0, built.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel; the dependencies are those that this one has, so no network is needed."""
    folder = tmp_path_factory.mktemp("fresh environment")
    venv.create(folder, with_pip=False, symlinks=True)
    site = next((folder / "lib").glob("python*/site-packages"))
    installed = run(
        *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", site, wheel),
        cwd=folder,
    )
    assert installed.returncode == 0, installed.stderr
    # A path file inside a folder that a path file added is not read, so this checkout stays out of it.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return folder


@pytest.fixture(scope="module")
def without_extras(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel and what `pip install eventproof` brings, without any extra."""
    folder = tmp_path_factory.mktemp("bare environment")
    venv.create(folder, with_pip=False, symlinks=True)
    site = next((folder / "lib").glob("python*/site-packages"))
    zipfile.ZipFile(wheel).extractall(site)
    [described] = metadata.distributions(name="eventproof", path=[str(site)])
    for name in _closure(described.requires or []):
        files = metadata.distribution(name).files or []
        for top in {file.parts[0] for file in files} - {"..", "__pycache__"}:
            installed = Path(str(metadata.distribution(name).locate_file(top)))
            if not (site / top).exists():
                (site / top).symlink_to(installed)
    return folder


def _closure(lines: Iterable[str]) -> set[str]:
    """The distributions that these requirements come to here, without extras of ours."""
    found: set[str] = set()
    waiting = [(Requirement(line), "") for line in lines]
    while waiting:
        requirement, extra = waiting.pop()
        name = canonicalize_name(requirement.name)
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        extras = {"", *requirement.extras}
        if name not in found or requirement.extras:
            found.add(name)
            needs = metadata.distribution(name).requires or []
            waiting += [(Requirement(line), one) for line in needs for one in extras]
    return found


@pytest.fixture(scope="module")
def server() -> Iterator[reference.Reference]:
    with reference.start(seed_users=64) as running:
        yield running


def test_the_wheel_ships_the_five_folders_under_one_import_name(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert tops == {"eventproof", next(top for top in tops if top.endswith(".dist-info"))}
    for name in (
        "eventproof/py.typed",
        "eventproof/contracts/user_state/asyncapi.yaml",
        "eventproof/reference_server/app.py",
        "eventproof/reference_server/screens/index.html",
        "eventproof/loadtests/ban_storm.py",
        "eventproof/report/results.schema.json",
    ):
        assert name in names
    assert any(name.startswith("eventproof/conformance/user_state/test_") for name in names)


def test_the_wheel_brings_the_official_client_of_the_screens(screens_client: None, wheel: Path) -> None:
    assert "eventproof/reference_server/screens/vendor/socket.io.esm.min.js" in zipfile.ZipFile(wheel).namelist()


def test_the_installed_tool_imports_nothing_of_the_checkout(environment: Path) -> None:
    found = run(environment / "bin/python", "-c", "import eventproof; print(eventproof.__file__)", cwd=environment)
    assert Path(found.stdout.strip()).is_relative_to(environment), found


def test_the_installed_tool_checks_the_server_it_brings(environment: Path, tmp_path: Path) -> None:
    only = [part for line in CHOSEN for part in ("--only", line)]
    checked = run(environment / "bin/python", "-m", "eventproof", "check", "--reference", "--json", *only, cwd=tmp_path)
    assert checked.returncode == 0, checked.stderr
    results = json.loads(checked.stdout)
    assert results["verdict"] == "pass"
    assert {line["id"] for line in results["requirements"] if line["verdict"] == "pass"} == set(CHOSEN)


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        (("serve", "--port", "0"), ("`eventproof serve` needs", "sqlalchemy", "pip install 'eventproof[server]'")),
        (("check", "--reference"), ("needs", "argon2-cffi", "pip install 'eventproof[server]'")),
        (("swarm", "--users", "5", "http://127.0.0.1:9"), ("a swarm needs", "locust", "'eventproof[swarm]'")),
        (("demo",), ("the demo needs", "gevent", "structlog", "'eventproof[server,swarm]'")),
    ],
    ids=lambda value: value[0],
)
def test_a_missing_extra_is_one_sentence_with_the_command_that_installs_it(
    without_extras: Path, tmp_path: Path, asked: tuple[str, ...], named: tuple[str, ...]
) -> None:
    refused = run(without_extras / "bin/python", "-m", "eventproof", *asked, cwd=tmp_path)
    assert refused.returncode == ExitCode.USAGE, refused.stderr
    said = refused.stderr.strip()
    assert said.startswith("eventproof: ")
    assert "\n" not in said
    assert all(word in said for word in named), said


def test_without_any_extra_the_check_checks(without_extras: Path, server: reference.Reference, tmp_path: Path) -> None:
    only = ("--only", CHOSEN[1])
    checked = run(
        without_extras / "bin/python", "-m", "eventproof", "check", server.profile, "--json", *only, cwd=tmp_path
    )
    assert checked.returncode == 0, checked.stderr
    assert (tmp_path / "eventproof-results/latest/report.html").exists()


def test_the_installed_cases_run_under_plain_pytest(
    environment: Path, server: reference.Reference, tmp_path: Path
) -> None:
    checked = run(
        *(
            environment / "bin/python",
            "-m",
            "pytest",
            "--pyargs",
            "eventproof.conformance",
            "--eventproof-target",
            server.profile,
        ),
        *(f"--eventproof-only={line}" for line in CHOSEN),
        cwd=tmp_path,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert " passed" in checked.stdout


def test_an_installed_swarm_runs_by_its_path(environment: Path, server: reference.Reference, tmp_path: Path) -> None:
    scenario = next(environment.glob("lib/python*/site-packages/eventproof/loadtests/ban_storm.py"))
    swarm = run(
        *(environment / "bin/python", "-m", "eventproof", "swarm", scenario, server.profile),
        *("--users", "12", "--spawn-rate", "12", "--run-time", "6s", "--json"),
        cwd=tmp_path,
    )
    assert swarm.returncode == 0, swarm.stdout + swarm.stderr
    assert json.loads(swarm.stdout)["verdict"] == "pass"
