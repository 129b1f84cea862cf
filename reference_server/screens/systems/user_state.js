// User-state: the plan of whoever is logged in, what it unlocks, and the ban that logs out. Admins act on users here.

import { button, card, choice, el, field, flash, form, say } from "../dom.js";
import { Reader } from "../reader.js";
import { Refused } from "../session.js";
import { title } from "../words.js";

const TIERS = ["free", "basic", "premium"];
const FEATURES = [
  ["reports", "Reports", "From Basic on"],
  ["insights", "Insights", "Premium alone"],
];

export const screen = {
  system: "user-state",
  id: "account",
  title: "Account",
  isFor: () => true,

  open({ session, connection, toast }) {
    const tier = el("span", { class: "tier", "data-tier": "" });
    const features = FEATURES.map(([name, shown, from]) => feature(session, name, shown, from));
    const facts = el("dl", { class: "facts" });
    facts.append(
      ...fact("Email", session.user.email),
      ...fact("Role", title(session.user.role)),
      ...fact("User id", el("code", {}, session.user.id)),
      ...fact("Plan", tier),
    );

    const show = () => {
      if (tier.dataset.tier && tier.dataset.tier !== session.user.tier) flash(tier);
      say(tier, title(session.user.tier)).dataset.tier = session.user.tier;
    };
    const reader = new Reader(
      async () => {
        await session.check();
        show();
        await Promise.all(features.map(({ ask }) => ask()));
      },
      (sentence) => toast(sentence, "bad"),
    );
    show();
    connection.listen("/", {
      opened: () => reader.read(),
      events: {
        "user.banned": ({ message }) => session.end(message),
        "user.tier.updated": ({ message }) => {
          toast(message, "good");
          reader.read(); // what the plan unlocks is there at once
        },
      },
    });
    reader.read();

    const unlocked = card("What your plan unlocks", el("ul", { class: "rows" }, ...features.map(({ node }) => node)));
    const node = el("div", { class: "screen" }, card("Your account", facts), unlocked);
    if (session.user.role === "admin") node.append(admin(session, toast));
    return { node, close: () => reader.close() };
  },
};

function fact(name, value) {
  return [el("dt", {}, name), el("dd", {}, value)];
}

/** A feature: whether it may be used is what the server answers to its use. */
function feature(session, name, shown, from) {
  const state = el("span", { class: "pill" }, "…");
  const node = el(
    "li",
    { class: "row", "data-feature": name },
    el("div", {}, el("strong", {}, shown), el("small", {}, from)),
    state,
  );
  return {
    node,
    async ask() {
      const may = await session.call("GET", `/api/features/${name}`).then(
        () => true,
        (error) => {
          if (error instanceof Refused && error.code === "tier_too_low") return false;
          throw error;
        },
      );
      const before = node.dataset.unlocked;
      node.dataset.unlocked = String(may);
      say(state, may ? "Unlocked" : "Locked").className = `pill ${may ? "good" : ""}`;
      if (before && before !== node.dataset.unlocked) flash(node);
    },
  };
}

/** What an admin does to a user: ban, unban, and another plan. */
function admin(session, toast) {
  const id = field("User id", "id", {
    required: true,
    pattern: "[A-Za-z0-9_\\-]+",
    maxlength: 64,
    autocomplete: "off",
  });
  const input = id.querySelector("input");
  const tiers = choice(
    "Plan",
    "tier",
    TIERS.map((tier) => [tier, title(tier)]),
  );
  const act = (text, method, path, body = () => undefined) =>
    button(text, async () => {
      if (!input.reportValidity()) return;
      try {
        const user = await session.call(method, `/api/admin/users/${input.value}/${path}`, body());
        toast(`${user.email}: ${user.banned ? "banned" : title(user.tier)}.`, "good");
      } catch (error) {
        toast(error.message, "bad");
      }
    });
  const set = form({
    name: "Set a user's plan",
    fields: [id, tiers],
    action: "Set the plan",
    keeps: true,
    submit: async (given) => {
      const user = await session.call("PUT", `/api/admin/users/${given.id}/tier`, { tier: given.tier });
      toast(`${user.email} has ${title(user.tier)} now.`, "good");
    },
  });
  const more = el("div", { class: "actions" }, act("Ban", "POST", "ban"), act("Unban", "POST", "unban"));
  return card("Users", set, more);
}
