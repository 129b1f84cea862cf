// Plan-sync: investment plans that change while one looks at them. The stream says "Initializing..." until it stands,
// then "Live", and "Syncing..." while a change is fetched; where there is no stream, the plans are polled.

import { button, card, el, field, flash, form, Rows, say } from "../dom.js";
import { Reader } from "../reader.js";
import { Stream } from "../stream.js";
import { dollars, title } from "../words.js";

/** Milliseconds for which "Syncing..." stays, for users and for admins, as their pages have it. */
const SYNCING = { user: 1000, admin: 1500 };
const POLLED_EVERY = 5000;
const PAST = { CREATE: "created", UPDATE: "updated", DELETE: "deleted" };

export const screen = {
  system: "plan-sync",
  id: "plans",
  title: "Plans",
  isFor: () => true,

  open({ session, toast }) {
    const isAdmin = session.user.role === "admin";
    const status = el("span", { class: "sync", role: "status", "aria-label": "Sync status" }, "Initializing...");
    const plans = new Map();
    const offered = new Rows("Plans", "There are no plans yet.", (id) =>
      planRow(id, { session, toast, isAdmin, again }),
    );
    const own = new Rows("Your investments", "You have not invested yet.", (id) =>
      investment(id, session, toast, again),
    );

    const read = async () => {
      const [all, mine] = await Promise.all([
        session.call("GET", "/api/plans"),
        session.call("GET", "/api/user-plans"),
      ]);
      plans.clear();
      for (const plan of all.plans) plans.set(plan.id, plan);
      offered.all(all.plans.map((plan) => [plan.id, plan]));
      own.all(
        mine.userPlans.map((held) => [held.id, { ...held, name: plans.get(held.planId)?.name ?? "A deleted plan" }]),
      );
    };
    const reader = new Reader(read, (sentence) => toast(sentence, "bad"));
    function again() {
      return reader.read();
    }

    let live = null;
    let polls = null;
    const poll = (on) => {
      clearInterval(polls);
      polls = on ? setInterval(again, POLLED_EVERY) : null;
    };
    const changed = ({ type, planId, planData, adminEmail }) => {
      say(status, "Syncing...").dataset.sync = "syncing";
      if (type === "DELETE") offered.remove(planId);
      else offered.put(planId, planData, { last: true });
      again();
      if (isAdmin) toast(`Plan ${PAST[type]} by ${adminEmail}.`);
      clearTimeout(live);
      live = setTimeout(isLive, isAdmin ? SYNCING.admin : SYNCING.user);
    };
    const isLive = () => {
      say(status, "Live").dataset.sync = "live";
    };
    const heard = ({ data }) => {
      const event = JSON.parse(data);
      if (event.type in PAST) changed(event);
      else if (event.type === "CONNECTED") {
        isLive();
        poll(false);
        again();
      }
    };
    const lost = () => {
      clearTimeout(live);
      say(status, "Initializing...").dataset.sync = "";
      if (!polls) poll(true);
    };
    const stream = new Stream(session, "/api/plans/subscribe", { heard, lost });
    again();

    const heading = el(
      "div",
      { class: "heading" },
      el("p", { class: "hint" }, "What an admin changes is seen here at once."),
      status,
    );
    const node = el("div", { class: "screen" }, card("Plans", heading, offered.whole));
    node.append(isAdmin ? newPlan(session, again) : card("Your investments", own.whole));
    const close = () => {
      clearTimeout(live);
      poll(false);
      stream.close();
      reader.close();
    };
    return { node, close };
  },
};

/** A plan: what it yields, for how long, for how much; to invest in, or for an admin to change. */
function planRow(id, { session, toast, isAdmin, again }) {
  const name = el("strong");
  const roi = el("span", { class: "figure", "data-roi": "" });
  const terms = el("small");
  const node = el("li", { class: "row plan" }, el("div", {}, name, terms), roi);
  const amount = field("Amount", "amount", { type: "number", min: 0, step: "any", required: true });
  const invest = form({
    name: "Invest",
    inline: true,
    fields: [amount],
    action: "Invest",
    submit: async (given) => {
      await session.call("POST", `/api/plans/${id}/invest`, { amount: Number(given.amount) });
      toast(`You have invested ${dollars(given.amount)} in ${name.textContent}.`, "good");
      await again();
    },
  });
  const newRoi = field("ROI in %", "roi", { type: "number", min: 0, max: 1000, step: "any", required: true });
  const change = form({
    name: "Change the ROI",
    inline: true,
    fields: [newRoi],
    action: "Change",
    submit: (given) => session.call("PUT", `/api/admin/plans/${id}`, { roi: Number(given.roi) }),
  });
  const remove = button("Delete", () =>
    session.call("DELETE", `/api/admin/plans/${id}`).catch((error) => toast(error.message, "bad")),
  );
  node.append(isAdmin ? el("div", { class: "wide actions" }, change, remove) : el("div", { class: "wide" }, invest));
  return {
    node,
    show(plan) {
      for (const shown of [invest, change])
        shown.setAttribute("aria-label", `${shown === invest ? "Invest in" : "Change"} ${plan.name}`);
      remove.setAttribute("aria-label", `Delete ${plan.name}`);
      say(name, plan.name);
      say(terms, `${plan.duration} days · ${dollars(plan.minAmount)} to ${dollars(plan.maxAmount)}`);
      const before = roi.textContent;
      say(roi, `${plan.roi} % ROI`);
      if (before && before !== roi.textContent) flash(node);
    },
  };
}

/** A plan that one has invested in; it follows its plan as long as it is active. */
function investment(id, session, toast, again) {
  const name = el("strong");
  const terms = el("small");
  const roi = el("span", { class: "figure", "data-roi": "" });
  const end = button("End", async () => {
    try {
      await session.call("POST", `/api/user-plans/${id}/end`);
      await again();
    } catch (error) {
      toast(error.message, "bad");
    }
  });
  const node = el("li", { class: "row" }, el("div", {}, name, terms), roi, end);
  return {
    node,
    show(held) {
      say(name, held.name);
      say(terms, `${dollars(held.amount)} · ${held.duration} days · ${title(held.status)}`);
      const before = roi.textContent;
      say(roi, `${held.roi} % ROI`);
      end.hidden = held.status !== "ACTIVE";
      if (before && before !== roi.textContent) flash(node);
    },
  };
}

function newPlan(session, again) {
  const number = (label, name, more) =>
    field(label, name, { type: "number", min: 0, required: true, step: "any", ...more });
  const create = form({
    name: "New plan",
    fields: [
      field("Name", "name", { required: true, maxlength: 100 }),
      number("ROI in %", "roi", { max: 1000 }),
      number("Duration in days", "duration", { min: 1, step: 1 }),
      number("Least amount", "minAmount"),
      number("Most amount", "maxAmount"),
    ],
    action: "Create the plan",
    submit: async ({ name, ...numbers }) => {
      const given = Object.fromEntries(Object.entries(numbers).map(([key, value]) => [key, Number(value)]));
      await session.call("POST", "/api/admin/plans", { name, ...given });
      await again();
    },
  });
  return card("New plan", create);
}
