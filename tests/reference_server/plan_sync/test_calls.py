"""What admins do to plans and users have of them, by REST."""

import asyncio
from typing import Any

import pytest

from tests.reference_server.house import House, Person
from tests.reference_server.plan_sync.planning import FIELDS, PLANS, change, create, streaming

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def invest(house: House, person: Person, plan: str, amount: float = 750) -> tuple[int, Any]:
    return await house.call("POST", f"/api/plans/{plan}/invest", person, json={"amount": amount})


async def owned(house: House, person: Person) -> list[dict[str, Any]]:
    status, body = await house.call("GET", "/api/user-plans", person)
    assert status == 200
    plans: list[dict[str, Any]] = body["userPlans"]
    return plans


async def test_active_user_plans_follow_and_ended_ones_stay(house: House) -> None:
    user, (plan, _) = await house.person(), await create(house)
    _, ended = await invest(house, user, plan)
    await invest(house, user, plan)
    assert (await house.call("POST", f"/api/user-plans/{ended['id']}/end", user))[0] == 200
    await change(house, plan, roi=9, duration=30)
    assert [(each["status"], each["roi"], each["duration"]) for each in await owned(house, user)] == [
        ("ENDED", 3.5, 90),
        ("ACTIVE", 9, 30),
    ]


async def test_a_deleted_plan_is_in_nobodys_user_plans(house: House) -> None:
    user, (plan, _) = await house.person(), await create(house)
    await invest(house, user, plan)
    assert (await house.call("DELETE", f"{PLANS}/{plan}", house.admin))[0] == 204
    assert [each["planId"] for each in await owned(house, user)] == [None]
    assert (await house.call("GET", f"/api/plans/{plan}", user))[0] == 404


@pytest.mark.parametrize(
    ("amount", "status", "code"),
    [(499, 409, "amount_out_of_range"), (25001, 409, "amount_out_of_range"), (-1, 422, "invalid_input")],
)
async def test_an_amount_that_the_plan_does_not_take_is_refused(
    house: House, amount: float, status: int, code: str
) -> None:
    user, (plan, _) = await house.person(), await create(house)
    answered, body = await invest(house, user, plan, amount)
    assert (answered, body["error"]["code"]) == (status, code)


async def test_nobody_ends_what_is_not_theirs_or_has_ended(house: House) -> None:
    user, other, (plan, _) = await house.person(), await house.person(), await create(house)
    _, mine = await invest(house, user, plan)
    end = f"/api/user-plans/{mine['id']}/end"
    assert (await house.call("POST", end, other))[1]["error"]["code"] == "user_plan_not_found"
    assert (await house.call("POST", end, user))[0] == 200
    assert (await house.call("POST", end, user))[1]["error"]["code"] == "user_plan_ended"


@pytest.mark.parametrize(
    "fields",
    [
        {"roi": -1},
        {"roi": "3"},
        {"duration": -1},
        {"duration": 0.5},
        {"name": ""},
        {"minAmount": 30000},
        {"surprise": 1},
        {},
    ],
    ids=str,
)
async def test_bad_values_are_refused_and_change_nothing(house: House, fields: dict[str, Any]) -> None:
    user, (plan, etag) = await house.person(), await create(house)
    async with streaming(house, user) as stream:
        status, body = await change(house, plan, **fields)
        assert (status, bool(body["error"]["message"])) == (422, True)
        async with house.http.get(f"{house.url}/api/plans/{plan}", headers=user.headers) as answer:
            assert (answer.headers["ETag"], (await answer.json())["name"]) == (etag, FIELDS["name"])
        await change(house, plan, roi=8)
        assert (await stream.next())["planData"]["roi"] == 8, "the refused change was told"


async def test_of_two_who_edit_one_version_the_second_overwrites_nothing(house: House) -> None:
    plan, etag = await create(house)
    answers = await asyncio.gather(*(change(house, plan, etag, roi=roi) for roi in range(1, 9)))
    assert sorted(status for status, _ in answers) == [200, *[412] * 7]
    (written,) = (body["roi"] for status, body in answers if status == 200)
    _, now = await house.call("GET", f"/api/plans/{plan}", house.admin)
    assert now["roi"] == written
    assert (await house.call("DELETE", f"{PLANS}/{plan}", house.admin, headers={"If-Match": etag}))[0] == 412


@pytest.mark.parametrize("tag", ["1", '"1', "x" * 2000, "W/1", '"a"b'])
async def test_an_if_match_that_is_no_etag_is_refused(house: House, tag: str) -> None:
    plan, _ = await create(house)
    status, body = await change(house, plan, tag, roi=1)
    assert (status, body["error"]["code"]) == (400, "malformed_request")
    assert "If-Match" in body["error"]["message"]


async def test_if_match_may_come_in_several_lines(house: House) -> None:
    plan, etag = await create(house)
    head = "".join(f"If-Match: {tag}\r\n" for tag in ('"old"', etag))
    body = '{"roi": 2}'
    request = (
        f"PUT {PLANS}/{plan} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer {house.admin.token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n{head}\r\n{body}"
    )
    assert (await house.says(request.encode()))[0].startswith(b"HTTP/1.1 200")
