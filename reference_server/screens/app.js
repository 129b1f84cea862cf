// Puts the page together: the login screen, and the screens of what is served to whoever is logged in.

import { Connection } from "./connection.js";
import { card, el, field, form, say } from "./dom.js";
import { Session, Unreachable } from "./session.js";
import { screen as marketplace } from "./systems/marketplace.js";
import { screen as planSync } from "./systems/plan_sync.js";
import { screen as shield } from "./systems/shield.js";
import { screen as studyspot } from "./systems/studyspot.js";
import { screen as userState } from "./systems/user_state.js";
import { Toasts } from "./toasts.js";

/** The screens, one line a system; which are shown follows from what is served and from who has logged in. */
const SCREENS = [userState, shield, planSync, studyspot, marketplace];

const part = (id) => document.getElementById(id);
const main = part("main");
const toasts = new Toasts(part("toasts"));
const session = new Session();
let served = [];
let open = null;

/** What a screen gets: who is logged in, the ways to the server, and where to tell things. */
function context(connection, badges) {
  return {
    session,
    connection,
    serves: (system) => served.includes(system),
    toast: (message, kind) => toasts.show(message, kind),
    badge: (id, count) => say(badges.get(id), count ? String(count) : "").toggleAttribute("hidden", !count),
  };
}

function showScreens() {
  const shown = SCREENS.filter((screen) => served.includes(screen.system) && screen.isFor(session.user));
  const connection = new Connection(session, (state) => {
    say(part("state"), state).dataset.state = state;
  });
  const badges = new Map(shown.map(({ id }) => [id, el("span", { class: "badge", hidden: true })]));
  const tabs = shown.map(({ id, title }) => el("a", { href: `#${id}` }, title, badges.get(id)));
  const views = shown.map((screen) => ({ screen, ...screen.open(context(connection, badges)) }));
  for (const { screen, node } of views) {
    node.id = screen.id;
    node.setAttribute("aria-label", screen.title);
  }
  say(part("email"), session.user.email);
  part("who").hidden = false;
  part("tabs").replaceChildren(...tabs);
  part("tabs").hidden = tabs.length < 2;
  main.replaceChildren(...views.map(({ node }) => node));
  open = { connection, views, tabs };
  turn();
}

/** Show the screen that the address names, or the first one. */
function turn() {
  if (!open) return;
  const wanted = location.hash.slice(1);
  const { node: chosen } = open.views.find(({ screen }) => screen.id === wanted) ?? open.views[0] ?? {};
  for (const { node } of open.views) node.hidden = node !== chosen;
  for (const tab of open.tabs) {
    if (tab.hash === `#${chosen?.id}`) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
}

function leaveScreens() {
  for (const view of open?.views ?? []) view.close?.();
  open?.connection.close();
  open = null;
  part("who").hidden = true;
  part("tabs").hidden = true;
  part("tabs").replaceChildren();
  say(part("state"), "");
}

/** The login screen; `message` says why one is here. */
function showLogin(message) {
  leaveScreens();
  toasts.clear();
  const notice = el("p", { class: "notice", role: "alert", hidden: !message });
  const email = field("Email", "email", { type: "email", autocomplete: "username", required: true, maxlength: 254 });
  const password = field("Password", "password", {
    type: "password",
    autocomplete: "current-password",
    required: true,
  });
  const login = form({
    name: "Log in",
    fields: [email, password],
    action: "Log in",
    submit: async (given) => {
      notice.hidden = true;
      await session.login(given.email, given.password);
    },
  });
  main.replaceChildren(el("div", { class: "login" }, notice, card("Log in", login)));
  email.querySelector("input").focus();
  say(notice, message);
}

async function start() {
  try {
    served = (await (await fetch("systems.json", { cache: "no-store" })).json()).systems;
    if (!(await session.resume())) showLogin("");
  } catch (error) {
    const sentence = error instanceof Unreachable ? error.message : "The screens cannot be loaded: try again.";
    main.replaceChildren(el("p", { class: "notice", role: "alert" }, sentence));
  }
}

session.addEventListener("begun", showScreens);
session.addEventListener("ended", (event) => showLogin(event.detail));
addEventListener("hashchange", turn);
part("logout").addEventListener("click", () => session.logout());
start();
