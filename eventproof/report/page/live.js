// Shows the charts of eventproof in Locust's tab "Over time". Locust draws tables alone there, so that its panel is empty:
// the charts stand beside it, in a shadow tree, where the styles of neither page reach the other.
"use strict";

const TITLE = "Over time", EVERY = 2000;
const charts = new URL("over-time", document.currentScript.src);
const root = document.getElementById("root"), panel = document.createElement("section");
panel.hidden = true;
panel.setAttribute("aria-label", TITLE);
panel.attachShadow({ mode: "open" });

function isDark() {
  const [red, green, blue] = getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number);
  return red + green + blue < 3 * 128;
}

function place() {
  const tabs = root.querySelector('[role="tablist"]');
  const isOpen = [...(tabs?.querySelectorAll('[role="tab"][aria-selected="true"]') ?? [])]
    .some((tab) => tab.textContent === TITLE);
  const holder = tabs?.closest(".MuiContainer-root") ?? root;
  if (isOpen && panel.parentNode !== holder) holder.append(panel);
  if (isOpen === !panel.hidden) return;
  panel.hidden = !isOpen;
  refresh();
}

async function refresh() {
  if (panel.hidden || document.hidden) return;
  panel.dataset.theme = isDark() ? "dark" : "light";
  const answer = await fetch(charts, { cache: "no-store" }).catch(() => undefined);
  if (answer?.ok && !answer.redirected) panel.shadowRoot.innerHTML = await answer.text();
}

new MutationObserver(place).observe(root, { childList: true, subtree: true, attributeFilter: ["aria-selected"] });
setInterval(refresh, EVERY);
place();
