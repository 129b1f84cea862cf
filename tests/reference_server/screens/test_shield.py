"""A member's claims, wallet and coverage follow the events, in place; an admin's queue fills by itself."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Route, expect

from tests.reference_server.house import House, Person, keep_house
from tests.reference_server.screens.pages import MILLISECONDS, Visitor, call, logged_in, says, shows

pytestmark = pytest.mark.asyncio(loop_scope="package")
TICKET: dict[str, Any] = {"amount": 175, "city": "San Francisco", "state": "CA", "violationType": "no_parking"}


async def submit(house: House, member: Person, ticket: str) -> str:
    return str((await call(house, member, "POST", "/api/shield/claims", {"ticketNumber": ticket, **TICKET}))["claimId"])


async def decide(house: House, member: Person, claim: str, what: str, body: Any = None) -> None:
    await call(house, house.admin, "POST", f"/api/admin/users/{member.id}/claims/{claim}/{what}", body)


async def agrees(visitor: Visitor) -> None:
    """What is shown is what REST says."""
    claims = (await visitor.calls("GET", "/api/shield/claims"))["claims"]
    wallet = await visitor.calls("GET", "/api/shield/wallet")
    for claim in claims:
        await expect(visitor.row(claim["claimId"]).locator("[data-status]")).to_have_attribute(
            "data-status", claim["status"], timeout=MILLISECONDS
        )
    shown = visitor.part("Claims").get_by_role("listitem")
    await expect(shown).to_have_count(len(claims), timeout=MILLISECONDS)
    await says(visitor.part("Wallet").get_by_role("status", name="Balance"), f"${wallet['balance']:,.2f}")
    moved = visitor.part("Wallet").get_by_role("listitem")
    await expect(moved).to_have_count(len(wallet["transactions"]), timeout=MILLISECONDS)


async def test_a_claim_is_submitted_reviewed_approved_and_paid_in_place(house: House, browser: Browser) -> None:
    async with logged_in(browser, house, screen="Shield") as visitor:
        form = visitor.part("New claim")
        given = {"Ticket number": "T-1", "City": "Oakland", "State": "CA", "Violation": "no_parking", "Amount": "175"}
        for label, text in given.items():
            await form.get_by_label(label).fill(text)
        await form.get_by_role("button", name="Submit the claim").click()
        await shows(visitor.toast("Claim T-1 was submitted."))
        claim = (await visitor.calls("GET", "/api/shield/claims"))["claims"][0]["claimId"]
        row, member = visitor.row(claim), visitor.person
        await says(row, "Submitted")
        await visitor.mark(row)
        await decide(house, member, claim, "review")
        await says(row, "Under review")
        await decide(house, member, claim, "approve", {})
        await says(row, "Approved")
        await decide(house, member, claim, "pay")
        await says(row, "Paid")
        await shows(visitor.toast("Claim T-1 was paid"))
        await visitor.is_marked(row)
        await says(visitor.part("Coverage"), "1 of")
        await expect(visitor.part("Coverage").get_by_role("button", name="Cancel")).to_be_disabled()
        await agrees(visitor)


async def test_what_has_to_be_acknowledged_is(browser: Browser, screens_client: None, tmp_path: Path) -> None:
    async with (
        keep_house(tmp_path, systems=("user-state", "shield"), screens=True) as house,
        logged_in(browser, house, screen="Shield") as visitor,
    ):
        claim = await submit(house, visitor.person, "K-1")
        await decide(house, visitor.person, claim, "approve", {})
        await decide(house, visitor.person, claim, "pay")
        await says(visitor.row(claim), "Paid")
        await house.settles(owed=0)


async def test_a_denial_says_why_and_a_proof_that_is_asked_for_can_be_handed_in(house: House, browser: Browser) -> None:
    async with logged_in(browser, house, screen="Shield") as visitor:
        member = visitor.person
        denied, paid = await submit(house, member, "D-1"), await submit(house, member, "D-2")
        await decide(house, member, denied, "deny", {"denialCode": "D003"})
        await says(visitor.row(denied), "D003: ")
        await decide(house, member, paid, "approve", {})
        await decide(house, member, paid, "pay")
        await decide(house, member, paid, "proof-request", {"message": "Please upload the receipt.", "dueInDays": 14})
        await says(visitor.row(paid), "Please upload the receipt.")
        hand_in = visitor.row(paid).get_by_role("button", name="Hand in the proof")
        await hand_in.click()
        await expect(hand_in).to_be_hidden()
        assert "submittedAt" in (await visitor.calls("GET", f"/api/shield/claims/{paid}"))["proof"]


async def test_a_notification_is_told_counted_and_read(house: House, browser: Browser) -> None:
    async with logged_in(browser, house, screen="Shield") as visitor:
        told = {"title": "Almost there", "message": "80 % of your coverage is used.", "type": "coverage_warning"}
        await call(house, house.admin, "POST", f"/api/admin/users/{visitor.person.id}/notifications", told)
        await shows(visitor.toast("Almost there: 80 % of your coverage is used."))
        tab = visitor.page.get_by_role("link", name="Shield")
        await says(tab, "1")
        await visitor.part("Notifications").get_by_role("button", name="Mark as read").click()
        await expect(tab).to_have_text("Shield", timeout=MILLISECONDS)


async def test_after_the_network_was_cut_claims_and_wallet_agree_with_rest(house: House, browser: Browser) -> None:
    async with logged_in(browser, house, screen="Shield") as visitor:
        member = visitor.person
        first, second = await submit(house, member, "O-1"), await submit(house, member, "O-2")
        await shows(visitor.row(second))
        await visitor.cut_off()
        await decide(house, member, first, "approve", {})
        await decide(house, member, first, "pay")
        await decide(house, member, second, "deny", {"denialCode": "D001"})
        third = await submit(house, member, "O-3")
        await expect(visitor.row(first).locator("[data-status]")).to_have_attribute("data-status", "submitted")
        await visitor.come_back()
        await shows(visitor.row(third))
        await agrees(visitor)


async def test_an_answer_that_is_older_than_what_was_told_is_read_again(house: House, browser: Browser) -> None:
    async with logged_in(browser, house, screen="Shield") as visitor:
        claim = await submit(house, visitor.person, "R-1")
        await says(visitor.row(claim), "Submitted")
        held: list[Route] = []

        async def hold(route: Route) -> None:
            """Hold back the first answer until the page has been told what it does not know yet."""
            answer = await route.fetch()
            if not held:
                held.append(route)
                await decide(house, visitor.person, claim, "review")
                await shows(visitor.toast("Claim R-1 is under review."))
            await route.fulfill(response=answer)

        await visitor.page.route("**/api/shield/claims", hold)
        await visitor.cut_off()
        await visitor.come_back()
        await says(visitor.row(claim), "Under review")
        await agrees(visitor)
        assert held
        await visitor.page.unroute_all(behavior="wait")
        await says(visitor.row(claim), "Under review")


async def test_an_admin_sees_a_claim_come_in_and_decides_it(house: House, browser: Browser) -> None:
    async with (
        logged_in(browser, house, "admin", "Shield") as admin,
        logged_in(browser, house, screen="Shield") as visitor,
    ):
        claim = await submit(house, visitor.person, "A-1")
        await says(admin.row(claim), "A-1")
        await admin.row(claim).get_by_role("button", name="Approve").click()
        await says(visitor.row(claim), "Approved")
        await admin.row(claim).get_by_role("button", name="Pay").click()
        await says(visitor.row(claim), "Paid")
