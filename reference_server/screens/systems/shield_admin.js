// Shield for admins: claims as they are submitted, and what needs an admin. There is no list to read: what is shown is
// what was told since this page was opened.

import { button, card, choice, el, flash, form, Rows, say } from "../dom.js";
import { dollars, title } from "../words.js";

const DENIALS = Array.from({ length: 12 }, (_, place) => `D${String(place + 1).padStart(3, "0")}`);

export function queue({ session, connection, toast, badge }, namespace, token) {
  const claims = new Map();
  const waiting = new Rows("Submitted claims", "No claim was submitted since you opened this page.", (id) => row(id));
  const alerts = new Rows("Needs an admin", "Nothing was told since you opened this page.", () => {
    const message = el("strong");
    const about = el("small");
    return {
      node: el("li", { class: "row" }, el("div", {}, message, about)),
      show(told) {
        say(message, told.message);
        say(about, `${title(told.type)} · ${told.priority} priority`);
      },
    };
  });
  let count = 0;

  function put(claim) {
    claims.set(claim.claimId, { ...claims.get(claim.claimId), ...claim });
    waiting.put(claim.claimId, claims.get(claim.claimId));
    badge("shield", [...claims.values()].filter(({ status }) => status === "submitted").length);
  }

  function row(id) {
    const ticket = el("strong");
    const about = el("small");
    const status = el("span", { class: "pill" });
    const call = async (what, body) => {
      const { userId } = claims.get(id);
      put(await session.call("POST", `/api/admin/users/${userId}/claims/${id}/${what}`, body));
    };
    const act = (text, what, body) =>
      button(text, () => call(what, body).catch((error) => toast(error.message, "bad")));
    const review = act("Review", "review");
    const approve = act("Approve", "approve", {});
    const pay = act("Pay", "pay");
    const deny = form({
      name: "Deny",
      inline: true,
      fields: [
        choice(
          "Reason",
          "code",
          DENIALS.map((code) => [code, code]),
        ),
      ],
      action: "Deny",
      submit: ({ code }) => call("deny", { denialCode: code }),
    });
    const actions = el("div", { class: "wide actions" }, review, approve, pay, deny);
    const node = el("li", { class: "row" }, el("div", {}, ticket, about), status, actions);
    return {
      node,
      show(claim) {
        say(ticket, claim.ticketNumber);
        say(about, `${claim.userEmail} · ${dollars(claim.amount)} · ${claim.city} · ${title(claim.violationType)}`);
        if (status.textContent) flash(node);
        say(status, title(claim.status));
        review.hidden = claim.status !== "submitted";
        approve.hidden = deny.hidden = !["submitted", "under_review"].includes(claim.status);
        pay.hidden = claim.status !== "approved";
        actions.hidden = ["denied", "paid"].includes(claim.status);
      },
    };
  }

  connection.listen(namespace, {
    token,
    events: {
      admin_claim_submitted({ data }) {
        if (claims.has(data.claimId)) return; // told again after a new connection
        put({ ...data, status: "submitted" });
        toast(`${data.userEmail} has submitted the claim ${data.ticketNumber}.`);
      },
      admin_action_required({ data }) {
        count += 1;
        alerts.put(String(count), data);
        if (data.priority === "high") toast(data.message, "bad");
      },
      error: ({ data }) => toast(data.message, "bad"),
      ping: () => connection.say(namespace, "pong"),
    },
  });
  return {
    node: el("div", { class: "screen" }, card("Submitted claims", waiting.whole), card("Needs an admin", alerts.whole)),
  };
}
