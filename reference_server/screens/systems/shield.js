// Shield: a member's claims, wallet and coverage, changed in place by the events; an admin sees what waits.

import { card, el, Rows, stack } from "../dom.js";
import { Reader } from "../reader.js";
import { dollars } from "../words.js";
import { queue } from "./shield_admin.js";
import {
  balanceCard,
  claimForm,
  claimRow,
  coverageCard,
  noticeRow,
  transactionRow,
  withdrawalForm,
} from "./shield_parts.js";

const NAMESPACE = "/shield/ws";
/** How many events are known again. */
const REMEMBERED = 1000;

/** What acknowledges an event, by its name: the fields that say which one it was. */
const ACKNOWLEDGED = {
  claim_submitted: ({ claimId }) => ({ claimId }),
  claim_approved: ({ claimId }) => ({ claimId }),
  claim_denied: ({ claimId }) => ({ claimId }),
  claim_paid: ({ claimId, transactionId }) => ({ claimId, transactionId }),
  payout_completed: ({ payoutId }) => ({ payoutId }),
};

export const screen = {
  system: "shield",
  id: "shield",
  title: "Shield",
  isFor: ({ role }) => role === "user" || role === "admin",

  open(app) {
    return app.session.user.role === "admin" ? queue(app, NAMESPACE, bearer) : member(app);
  },
};

const bearer = (token) => `Bearer ${token}`;

function member({ session, connection, toast, badge }) {
  const claims = new Map();
  const listed = new Rows("Claims", "You have no claims.", (id) => claimRow(id, session, toast, changeClaim));
  const history = new Rows("Transactions", "Nothing has moved yet.", transactionRow);
  const notices = new Rows("Notifications", "There are none.", (id) => noticeRow(id, session, toast, unread));
  const balance = balanceCard(withdrawalForm(session, toast, again), history.whole);
  const coverage = coverageCard(session, toast);
  const subscription = {};

  function changeClaim(id, changes, sentence, kind) {
    const claim = { ...claims.get(id), ...changes, claimId: id };
    if (sentence) toast(sentence, kind);
    if (claim.amount === undefined) return void again(); // told of a claim that was not read yet
    claims.set(id, claim);
    listed.put(id, claim);
  }

  function changeSubscription(changes) {
    Object.assign(subscription, changes);
    if (subscription.subscriptionId) coverage.show(subscription);
    else again(); // told of a subscription that was not read yet
  }

  function unread(count) {
    badge(screen.id, count);
  }

  const reader = new Reader(
    async () => {
      const paths = ["claims", "wallet", "subscription", "notifications"];
      const [mine, wallet, subscribed, told] = await Promise.all(
        paths.map((path) => session.call("GET", `/api/shield/${path}`)),
      );
      claims.clear();
      for (const claim of mine.claims) claims.set(claim.claimId, claim);
      listed.all(mine.claims.map((claim) => [claim.claimId, claim]));
      balance.show(wallet.balance);
      history.all(wallet.transactions.map((moved) => [moved.transactionId, moved]));
      changeSubscription(subscribed);
      notices.all(told.notifications.map((notice) => [notice.id, notice]));
      unread(told.unreadCount);
    },
    (sentence) => toast(sentence, "bad"),
  );
  function again() {
    return reader.read();
  }

  const moved = (ticket, to, more, kind) => [`Claim ${ticket} ${to}${more ?? ""}.`, kind];
  const events = {
    claim_submitted: (told) => changeClaim(told.claimId, told, ...moved(told.ticketNumber, "was submitted")),
    claim_under_review: (told) =>
      changeClaim(told.claimId, { status: told.newStatus }, ...moved(told.ticketNumber, "is under review")),
    claim_approved({ newStatus, claimId, previousStatus: _, approvalTimestamp, ...told }) {
      const sum = `: you will get ${dollars(told.payoutAmount)}`;
      const changes = { ...told, status: newStatus, approvedAt: approvalTimestamp };
      changeClaim(claimId, changes, ...moved(told.ticketNumber, "was approved", sum, "good"));
      again(); // the wallet may have changed, says the specification
    },
    claim_denied({ newStatus, claimId, previousStatus: _, ...told }) {
      changeClaim(claimId, { ...told, status: newStatus }, ...moved(told.ticketNumber, "was denied", "", "bad"));
    },
    claim_paid(told) {
      const changes = { status: told.newStatus, payoutAmount: told.payoutAmount, paidAt: told.payoutTimestamp };
      const sum = `: ${dollars(told.payoutAmount)} are in your wallet`;
      changeClaim(told.claimId, changes, ...moved(told.ticketNumber, "was paid", sum, "good"));
      balance.show(told.walletBalance);
    },
    claim_status_changed: (told) => changeClaim(told.claimId, { status: told.newStatus }),
    payout_initiated: (told) => toast(`A payout of ${dollars(told.amount)} is on its way.`),
    payout_completed(told) {
      const { transactionId, amount, claimId, completedAt: createdAt } = told;
      balance.show(told.newWalletBalance);
      history.put(transactionId, { transactionId, kind: "payout", amount, claimId, createdAt });
    },
    withdrawal_status_changed(told) {
      const failed = told.newStatus === "failed";
      const why = told.failureReason ? `: ${told.failureReason}` : ".";
      toast(
        `Your withdrawal of ${dollars(told.amount)} ${failed ? "has failed" : "is complete"}${why}`,
        failed ? "bad" : "good",
      );
      balance.show(told.newWalletBalance);
      if (failed) again(); // the money came back by a transaction of its own
    },
    coverage_updated: (told) => changeSubscription({ coverage: told.coverage }),
    subscription_renewed(told) {
      const { planId, billingPeriod, nextRenewalDate } = told;
      const renewed = { ...subscription.coverage, ...told.coverage, planId };
      renewed.usedAmount = renewed.annualCap - renewed.remainingAmount;
      changeSubscription({ planId, billingPeriod, nextRenewalDate, coverage: renewed });
      toast("Your subscription has been renewed.", "good");
    },
    subscription_status_changed(told) {
      changeSubscription({ status: told.newStatus, planId: told.planId });
      toast(`Your subscription is ${told.newStatus.replaceAll("_", " ")}.`);
    },
    cancellation_restriction_changed: ({ reason: _, ...told }) => changeSubscription({ cancellation: told }),
    notification_received({ notification, unreadCount }) {
      notices.put(notification.id, notification);
      unread(unreadCount);
      toast(`${notification.title}: ${notification.message}`);
    },
    proof_of_payment_requested({ claimId, ticketNumber, requestedAt, dueBy, message }) {
      const proof = { requestedAt, message, ...(dueBy ? { dueBy } : {}) };
      changeClaim(claimId, { proof }, `Claim ${ticketNumber} needs a proof of payment: ${message}`);
    },
    error: ({ message }) => toast(message, "bad"),
  };

  const heard = once(events, reader, (name, told) => connection.say(NAMESPACE, name, told));
  connection.listen(NAMESPACE, {
    token: bearer,
    opened: again,
    events: { ...heard, ping: () => connection.say(NAMESPACE, "pong") },
  });
  again();

  const node = el(
    "div",
    { class: "screen" },
    card("Claims", listed.whole),
    stack(balance.node, card("Notifications", notices.whole)),
    stack(coverage.node, card("New claim", claimForm(session, again))),
  );
  return { node, close: () => reader.close() };
}

/**
 * What hears each event: what comes twice is acknowledged twice and shown once. An event comes twice where its
 * acknowledgement was lost, or after a new connection; its `data` is then the same, and names what it is about.
 */
function once(events, reader, say) {
  const seen = new Set();
  const isNew = (name, data) => {
    if (!(data.claimId ?? data.payoutId ?? data.withdrawalId ?? data.notification)) return true;
    const key = JSON.stringify([name, data]);
    if (seen.has(key)) return false;
    seen.add(key);
    if (seen.size > REMEMBERED) seen.delete(seen.values().next().value);
    return true;
  };
  const listeners = {};
  for (const [name, act] of Object.entries(events)) {
    listeners[name] = ({ data }) => {
      const which = ACKNOWLEDGED[name]?.(data);
      if (which) say(`${name}_ack`, { ...which, received: true });
      if (isNew(name, data)) act(data);
      reader.told();
    };
  }
  return listeners;
}
