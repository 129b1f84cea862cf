"""The page is served where it is asked for, with what keeps foreign scripts out of it."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from eventproof.errors import UsageError
from reference_server.transport import screens
from reference_server.transport.paths import Paths
from tests.reference_server.child import start_child
from tests.reference_server.house import House, keep_house

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def get(house: House, path: str) -> tuple[int, Mapping[str, str], str]:
    async with house.http.get(house.url + path, allow_redirects=False) as answer:
        return answer.status, answer.headers, await answer.text()


async def test_a_server_that_is_not_told_to_has_no_screens(tmp_path: Path) -> None:
    async with keep_house(tmp_path, systems=("user-state",)) as house:
        for path in ("/screens", "/screens/", "/screens/app.js"):
            status, body = await house.call("GET", path)
            assert (status, body["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize("path", ["", "app.js", "style.css", "icon.svg", "systems.json", screens.CLIENT])
async def test_every_file_comes_with_a_strict_policy(house: House, path: str) -> None:
    status, headers, body = await get(house, f"/screens/{path}")
    assert status == 200
    assert body
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert (policy["script-src"], policy["connect-src"], policy["frame-ancestors"]) == ("'self'", "'self'", "'none'")
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    async with house.http.head(f"{house.url}/screens/{path}") as answer:
        assert (answer.status, answer.headers["Content-Length"]) == (200, headers["Content-Length"])
        assert await answer.read() == b""


async def test_the_page_tells_which_systems_are_served(tmp_path: Path, screens_client: None) -> None:
    async with keep_house(tmp_path, systems=("plan-sync", "user-state"), screens=True) as house:
        assert await house.call("GET", "/screens/systems.json") == (200, {"systems": ["plan-sync", "user-state"]})


async def test_its_address_without_the_slash_leads_there(house: House) -> None:
    status, headers, _ = await get(house, "/screens")
    assert (status, headers["Location"]) == (308, "/screens/")


@pytest.mark.parametrize(
    "path", ["nothing.js", "systems", "vendor/", "%2e%2e/settings.py", "..%2fsettings.py", "app.js/"]
)
async def test_what_is_no_file_of_the_page_is_not_found(house: House, path: str) -> None:
    status, _, body = await get(house, f"/screens/{path}")
    assert (status, "not_found" in body) == (404, True)


async def test_without_the_official_client_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="run `make screens`"):
        screens.mount(Paths(), ["user-state"], tmp_path)


async def test_the_command_serves_them(tmp_path: Path, screens_client: None) -> None:
    async with (
        start_child(tmp_path, "--screens", "--systems", "user-state", users=1) as child,
        child.http.get(child.url + "/screens/") as answer,
    ):
        assert (answer.status, answer.content_type) == (200, "text/html")
