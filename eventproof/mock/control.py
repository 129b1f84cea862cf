"""`--emit`: one event that somebody wants a running mock to tell, asked for over loopback.

No page can ask: a browser says which page asks, and who says so is refused.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Final

import aiohttp
from aiohttp import web

from eventproof import samples
from eventproof.catalog import Event
from eventproof.catalog.arguments import Arguments
from eventproof.errors import EventproofError, TargetUnavailable, UsageError
from eventproof.settings import nearest

from .house import House
from .origins import is_loopback
from .script import Cause, in_a_line

__all__ = ["PATH", "ask", "take"]

PATH: Final = "/-/eventproof/emit"
_LARGEST: Final = 1_000_000
_TIMEOUT: Final = 10.0


async def take(request: web.Request, house: House) -> web.Response:
    """What a running mock does with such a request: `{"event": name, "payload": …}`, made up where there is none."""
    if request.method != "POST" or "Origin" in request.headers or not is_loopback(request.remote or ""):
        return web.json_response({"error": "only a program on this machine may ask for this, by POST"}, status=403)
    try:
        asked = json.loads(await request.read())
        name, payload = asked["event"], asked.get("payload", samples.NONE)
        reached = [await _tell(house, event, payload) for event in _called(house, str(name))]
    except (ValueError, KeyError, TypeError, RecursionError):
        return web.json_response({"error": 'expected JSON such as {"event": "NAME"}'}, status=400)
    except UsageError as error:
        return web.json_response({"error": str(error)}, status=422)
    return web.json_response({"told": sum(reached)})


def _called(house: House, name: str) -> tuple[Event, ...]:
    found = house.script.called(name)
    if not found:
        known = {event.name for event in house.script.unasked}
        raise UsageError(
            f'the mock of {house.script.system.name} tells no event "{name}"{nearest(name, known)}; it tells '
            f"{', '.join(sorted(known)) or 'none'}"
        )
    return found


async def _tell(house: House, event: Event, payload: Any) -> int:
    if payload is samples.NONE:
        if event in house.script.unsayable:
            raise UsageError(f"nothing can be made up for {event.name}: say it with --payload FILE")
        return await house.tell(event, Cause())
    if event.takes_list and isinstance(payload, list):
        payload = Arguments(payload)
    if not event.is_valid(payload):
        raise UsageError(f"the payload does not fit {event.name}: {in_a_line(event.explain(payload))}")
    return await house.tell(event, Cause(known=event.fields(payload)), payload)


def ask(host: str, port: int, event: str, payload: Any) -> int:
    """Have the mock at this address tell an event: to how many. `NONE`: its payload is made up.

    Raises UsageError with what the mock has to say against it, TargetUnavailable where there is none.
    """
    body = {"event": event, **({} if payload is samples.NONE else {"payload": payload})}
    address = f"{f'[{host}]' if ':' in host else host}:{port}"
    told = asyncio.run(_asked(f"http://{address}{PATH}", address, body))
    if isinstance(told, Mapping) and isinstance(told.get("error"), str):
        raise UsageError(told["error"])
    if not isinstance(told, Mapping) or not isinstance(told.get("told"), int):
        raise TargetUnavailable(f"{address} is no mock of ours: `eventproof mock CONTRACT` starts one")
    return int(told["told"])


async def _asked(url: str, address: str, body: Mapping[str, Any]) -> Any:
    timeout = aiohttp.ClientTimeout(total=_TIMEOUT)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as http, http.post(url, json=body) as answer:
            said = bytearray()
            async for chunk in answer.content.iter_any():
                said += chunk
                if len(said) > _LARGEST:
                    return None
            return json.loads(said)
    except (aiohttp.ClientError, TimeoutError, OSError):
        raise _nobody(address) from None
    except ValueError:
        return None


def _nobody(address: str) -> EventproofError:
    return TargetUnavailable(f"no mock answers at {address}: start it with `eventproof mock CONTRACT`, or say --port")
