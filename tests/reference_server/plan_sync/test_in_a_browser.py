"""A browser's EventSource reads our streams: without headers, and it comes back by itself."""

import json
from pathlib import Path
from typing import Any, Final

from reference_server.reasons import Reason
from tests.browser import page_of
from tests.reference_server.house import keep_house
from tests.reference_server.plan_sync.planning import STREAM, change, create

_OPEN: Final = """
(url) => {
    window.heard = [];
    window.source = new EventSource(url);
    window.source.onmessage = (event) => window.heard.push([JSON.parse(event.data), event.lastEventId]);
}
"""
_HEARD: Final = "(count) => window.heard.length >= count && JSON.stringify(window.heard)"


async def test_a_browser_hears_every_change_and_resumes_after_three_seconds(chromium: str, tmp_path: Path) -> None:
    name = 'Été, 日本, \U0001f680 "quoted"\nand a second line\u2028'
    async with (
        keep_house(tmp_path, systems=("plan-sync",)) as house,
        page_of(chromium, f"{house.url}/healthz") as page,
    ):
        user = await house.person()

        async def heard(count: int) -> list[Any]:
            handle = await page.wait_for_function(_HEARD, arg=count, timeout=20_000)
            events: list[Any] = json.loads(await handle.json_value())
            return events

        await page.context.add_cookies([{"name": "session", "value": user.token, "url": house.url}])
        await page.evaluate(_OPEN, STREAM)
        await heard(1)
        plan, _ = await create(house, name=name)
        (connected, _), (created, last) = await heard(2)
        assert (connected["type"], created["type"], created["planData"]["name"]) == ("CONNECTED", "CREATE", name)
        assert last

        for connection in house.services.connections:
            house.services.connections.forget(connection)
            connection.link.close(Reason.SERVER_DISCONNECT)
        await change(house, plan, roi=7)
        await change(house, plan, roi=8)
        told = [event for event, _ in (await heard(5))[2:]]
        assert [event["type"] for event in told] == ["CONNECTED", "UPDATE", "UPDATE"]
        assert [event["planData"]["roi"] for event in told[1:]] == [7, 8]
