// Short messages that come and go. The region they appear in is live, so a screen reader reads them out.

import { el } from "./dom.js";

const LASTS = 8000;
const MOST = 3;

export class Toasts {
  constructor(region) {
    this.region = region;
  }

  /** Show a message; `kind` is info, good or bad. It goes by itself, and stays while it is pointed at or in focus. */
  show(message, kind = "info") {
    const close = el("button", { type: "button", class: "plain", "aria-label": "Dismiss" }, "×");
    const toast = el("div", { class: `toast ${kind}` }, el("span", {}, message), close);
    const go = () => toast.remove();
    let timer = setTimeout(go, LASTS);
    const stay = () => clearTimeout(timer);
    const leave = () => {
      stay();
      timer = setTimeout(go, LASTS);
    };
    close.addEventListener("click", go);
    toast.addEventListener("pointerenter", stay);
    toast.addEventListener("pointerleave", leave);
    toast.addEventListener("focusin", stay);
    toast.addEventListener("focusout", leave);
    this.region.append(toast);
    while (this.region.children.length > MOST) this.region.firstElementChild.remove();
  }

  clear() {
    this.region.replaceChildren();
  }
}
