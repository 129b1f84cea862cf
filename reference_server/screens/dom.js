// Elements of the page. Text is always put in as text: nothing that a server says is ever read as HTML.

/**
 * An element with its attributes and children; a text becomes a text node. `on` maps events to listeners, and an
 * attribute that is null or false is left out.
 */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") for (const [type, listener] of Object.entries(value)) node.addEventListener(type, listener);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** Set an element's text where it is another one, so that a screen reader is told of changes alone. */
export function say(node, text) {
  const said = text ?? "";
  if (node.textContent !== said) node.textContent = said;
  return node;
}

/** A titled part of a screen. */
export function card(title, ...children) {
  return el("section", { class: "card", "aria-label": title }, el("h2", {}, title), ...children);
}

/** Cards that stand below each other in one column. */
export function stack(...cards) {
  return el("div", { class: "stack" }, ...cards);
}

/** A button that is disabled while what it does is under way. */
export function button(text, act, attributes = {}) {
  const node = el("button", { type: "button", ...attributes }, text);
  node.addEventListener("click", () => busy(node, act));
  return node;
}

async function busy(node, act) {
  node.disabled = true;
  try {
    await act();
  } finally {
    node.disabled = false;
  }
}

/** An input with its label; `name` is what its value is called in the form. */
export function field(label, name, attributes = {}) {
  return el("label", { class: "field" }, el("span", {}, label), el("input", { name, ...attributes }));
}

/** A choice with its label; `options` are pairs of a value and a text. */
export function choice(label, name, options, attributes = {}) {
  const listed = options.map(([value, text]) => el("option", { value }, text));
  return el("label", { class: "field" }, el("span", {}, label), el("select", { name, ...attributes }, ...listed));
}

/**
 * A form. `submit` gets its values by name; where it throws, the sentence is shown below, and the form keeps what was
 * typed. Otherwise it is emptied, unless it `keeps`.
 */
export function form({ name, fields, action, submit, keeps = false, inline = false }) {
  const problem = el("p", { class: "problem", role: "alert", hidden: true });
  const send = el("button", { type: "submit" }, action);
  const node = el("form", { "aria-label": name, class: inline ? "inline" : "stacked", novalidate: false });
  node.append(...fields, send, problem);
  node.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(send, async () => {
      problem.hidden = true;
      try {
        await submit(Object.fromEntries(new FormData(node)));
        if (!keeps) node.reset();
      } catch (error) {
        say(problem, error.message).hidden = false;
      }
    });
  });
  return node;
}

/** Rows by key: one that is there already is changed in place, so that focus and reading stay where they are. */
export class Rows {
  #rows = new Map();

  /** `make(key)` gives `{node, show}`; `show(item)` writes an item into the row. */
  constructor(label, empty, make) {
    this.node = el("ul", { class: "rows", "aria-label": label });
    this.hint = el("p", { class: "hint" }, empty);
    this.make = make;
    this.whole = el("div", {}, this.hint, this.node);
  }

  /** Have exactly these rows, in this order. `items` are pairs of a key and an item. */
  all(items) {
    const wanted = new Set(items.map(([key]) => key));
    for (const key of [...this.#rows.keys()]) if (!wanted.has(key)) this.remove(key);
    items.forEach(([key, item], place) => {
      const { node } = this.#shown(key, item);
      if (this.node.children[place] !== node) this.node.insertBefore(node, this.node.children[place] ?? null);
    });
    this.#count();
  }

  /** Change one row, or put it in: first, or last. */
  put(key, item, { last = false } = {}) {
    const isNew = !this.#rows.has(key);
    const { node } = this.#shown(key, item);
    if (isNew) this.node.insertBefore(node, last ? null : this.node.firstChild);
    this.#count();
  }

  remove(key) {
    this.#rows.get(key)?.node.remove();
    this.#rows.delete(key);
    this.#count();
  }

  #shown(key, item) {
    let row = this.#rows.get(key);
    if (!row) {
      row = this.make(key);
      row.node.dataset.key = key;
      this.#rows.set(key, row);
    }
    row.show(item);
    return row;
  }

  #count() {
    this.hint.hidden = this.#rows.size > 0;
  }
}

/** Draw the eye to what has just changed; where its screen is not shown, once it is. */
export function flash(node) {
  node.classList.remove("changed");
  void node.offsetWidth; // lets the animation begin anew
  node.classList.add("changed");
  node.addEventListener("animationend", () => node.classList.remove("changed"), { once: true });
}
