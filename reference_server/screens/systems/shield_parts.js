// The parts of a member's Shield screen: rows and cards that show what they are given, and what a member can do.

import { button, card, el, field, flash, form, say } from "../dom.js";
import { day, dollars, moment, title } from "../words.js";

const KINDS = { submitted: "", under_review: "busy", approved: "good", paid: "good", denied: "bad" };
const VIOLATIONS = { required: true, maxlength: 100 };

/** A claim with its status, and what its member should know or do. */
export function claimRow(id, session, toast, change) {
  const ticket = el("strong");
  const about = el("small");
  const note = el("small", { class: "note" });
  const status = el("span", { class: "pill", "data-status": "" });
  const proof = button("Hand in the proof", async () => {
    try {
      const claim = await session.call("POST", `/api/shield/claims/${id}/proof`);
      change(id, claim, "Your proof of payment was handed in.", "good");
    } catch (error) {
      toast(error.message, "bad");
    }
  });
  const node = el("li", { class: "row" }, el("div", {}, ticket, about, note), status, proof);
  return {
    node,
    show(claim) {
      const isNew = status.dataset.status !== claim.status;
      if (isNew && status.dataset.status) flash(node);
      say(ticket, claim.ticketNumber);
      say(
        about,
        [dollars(claim.amount), claim.city, claim.violationType && title(claim.violationType)]
          .filter(Boolean)
          .join(" · "),
      );
      say(note, noteOf(claim)).hidden = !noteOf(claim);
      say(status, title(claim.status)).className = `pill ${KINDS[claim.status] ?? ""}`;
      status.dataset.status = claim.status;
      proof.hidden = !claim.proof || Boolean(claim.proof.submittedAt);
    },
  };
}

function noteOf({
  status,
  proof,
  denialCode,
  denialReason,
  appealable,
  appealDeadline,
  payoutAmount,
  estimatedPayout,
}) {
  if (proof && !proof.submittedAt) return proof.dueBy ? `${proof.message} Until ${day(proof.dueBy)}.` : proof.message;
  if (status === "denied") {
    const until = appealable && appealDeadline ? ` You can appeal until ${day(appealDeadline)}.` : "";
    return denialReason ? `${denialCode}: ${denialReason}${until}` : "";
  }
  if (status === "approved" || status === "paid")
    return payoutAmount === undefined ? "" : `Payout ${dollars(payoutAmount)}`;
  return estimatedPayout === undefined ? "" : `Expected payout ${dollars(estimatedPayout)}`;
}

export function transactionRow() {
  const what = el("span");
  const when = el("small");
  const amount = el("span", { class: "figure" });
  return {
    node: el("li", { class: "row" }, el("div", {}, what, when), amount),
    show(moved) {
      say(what, title(moved.kind));
      say(when, moment(moved.createdAt));
      say(amount, `${moved.kind === "withdrawal" ? "−" : "+"}${dollars(moved.amount)}`);
    },
  };
}

export function noticeRow(id, session, toast, unread) {
  const heading = el("strong");
  const message = el("small");
  const read = button("Mark as read", async () => {
    try {
      unread((await session.call("POST", `/api/shield/notifications/${id}/read`)).unreadCount);
      read.hidden = true;
    } catch (error) {
      toast(error.message, "bad");
    }
  });
  return {
    node: el("li", { class: "row" }, el("div", {}, heading, message), read),
    show(notice) {
      say(heading, notice.title);
      say(message, `${notice.message} · ${moment(notice.createdAt)}`);
      read.hidden = notice.read;
    },
  };
}

export function balanceCard(...below) {
  const amount = el("output", { class: "balance", "aria-label": "Balance", "aria-live": "polite" }, "…");
  return {
    node: card("Wallet", amount, ...below),
    show(balance) {
      if (amount.textContent !== dollars(balance) && amount.textContent !== "…") flash(amount);
      say(amount, dollars(balance));
    },
  };
}

export function withdrawalForm(session, toast, again) {
  return form({
    name: "Withdraw",
    inline: true,
    fields: [
      field("Amount", "amount", { type: "number", min: 0.01, step: 0.01, required: true }),
      field("Account, last four", "account", {
        pattern: "[0-9]{4}",
        inputmode: "numeric",
        maxlength: 4,
        required: true,
      }),
    ],
    action: "Withdraw",
    submit: async ({ amount, account }) => {
      const asked = { amount: Number(amount), bankAccountLastFour: account };
      await session.call("POST", "/api/shield/withdrawals", asked);
      toast(`A withdrawal of ${dollars(amount)} was asked for.`);
      await again();
    },
  });
}

/** What the plan still covers, and whether it can be cancelled. */
export function coverageCard(session, toast) {
  const plan = el("strong");
  const status = el("span", { class: "pill" });
  const bar = el("progress", { "aria-label": "Coverage used", max: 1, value: 0 });
  const used = el("small");
  const until = el("small");
  const cancel = button("Cancel the subscription", async () => {
    try {
      await session.call("POST", "/api/shield/subscription/cancel");
    } catch (error) {
      toast(error.message, "bad");
    }
  });
  const restriction = el("small", { class: "note" });
  const heading = el("div", { class: "heading" }, plan, status);
  return {
    node: card("Coverage", heading, bar, used, until, el("div", { class: "actions" }, cancel, restriction)),
    show({ planId, status: state, nextRenewalDate, coverage, cancellation }) {
      say(plan, `${title(planId)} plan`);
      say(status, title(state)).className = `pill ${state === "active" ? "good" : "bad"}`;
      bar.max = coverage.annualCap || 1;
      bar.value = coverage.usedAmount;
      const tickets = `${coverage.ticketsUsed} of ${coverage.maxTickets} tickets`;
      say(used, `${dollars(coverage.usedAmount)} of ${dollars(coverage.annualCap)} used · ${tickets}`);
      say(until, `Renews on ${day(nextRenewalDate)}`);
      const can = cancellation.canCancel;
      cancel.disabled = !can || state !== "active";
      say(restriction, can ? "" : `Not for ${cancellation.daysRemaining} days, because of your latest payout.`).hidden =
        can;
    },
  };
}

export function claimForm(session, again) {
  return form({
    name: "New claim",
    fields: [
      field("Ticket number", "ticketNumber", VIOLATIONS),
      field("Amount", "amount", { type: "number", min: 0.01, max: 1000000, step: 0.01, required: true }),
      field("City", "city", VIOLATIONS),
      field("State", "state", VIOLATIONS),
      field("Violation", "violationType", { ...VIOLATIONS, placeholder: "no_parking" }),
    ],
    action: "Submit the claim",
    submit: async ({ amount, ...given }) => {
      await session.call("POST", "/api/shield/claims", { ...given, amount: Number(amount) });
      await again();
    },
  });
}
