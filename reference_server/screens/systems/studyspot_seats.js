// The seats of the library that a student looks at: free or taken at the chosen time, as others book and leave.

import { card, choice, el, field, flash, form, say } from "../dom.js";
import { Reader } from "../reader.js";
import { rupees } from "../words.js";

const HOURS = [1, 2, 3, 4, 8].map((hours) => [hours, hours === 1 ? "1 hour" : `${hours} hours`]);
const QUARTER = 15 * 60_000;

export function seats({ connection, toast, call, namespace, changeBooking }) {
  let library = null;
  let all = [];
  const buttons = new Map();
  const grid = el("div", { class: "seats", role: "radiogroup", "aria-label": "Seats" });
  const cost = el("p", { class: "hint" });
  const start = field("From", "from", { type: "datetime-local", step: QUARTER / 1000, required: true });
  const hours = choice("For", "hours", HOURS);
  const book = form({
    name: "Book a seat",
    keeps: true,
    fields: [start, hours, grid, cost],
    action: "Book the seat",
    submit: async ({ seat }) => {
      if (!seat) throw new Error("No seat is chosen: choose a free one.");
      const { from, to } = time();
      const asked = { libraryId: library.id, seatId: seat, startsAt: from.toISOString(), endsAt: to.toISOString() };
      const booking = await call("POST", "/api/bookings", asked);
      changeBooking(booking.id, booking);
      toast("Your seat is booked.", "good");
      await reader.read();
    },
  });
  const node = card("Seats", el("p", { class: "hint" }, "Choose a library to see its seats."));
  const heading = node.querySelector("h2");
  const from = start.querySelector("input");
  const length = hours.querySelector("select");
  from.value = local(new Date(Math.ceil(Date.now() / QUARTER + 1) * QUARTER));
  for (const input of [from, length]) input.addEventListener("change", show);

  const reader = new Reader(
    async () => {
      if (!library) return;
      const { id } = library;
      const read = await call("GET", `/api/libraries/${id}/seats`);
      if (library?.id !== id) return; // another one is looked at by now
      all = read;
      show();
    },
    (sentence) => toast(sentence, "bad"),
  );

  function time() {
    const begins = new Date(from.value);
    return { from: begins, to: new Date(begins.getTime() + Number(length.value) * 3_600_000) };
  }

  function show() {
    const { from: begins, to } = time();
    for (const seat of all) {
      const isTaken = seat.taken.some(({ startsAt, endsAt }) => new Date(startsAt) < to && begins < new Date(endsAt));
      mark(seat.id, !isTaken);
    }
    say(cost, library ? `${rupees(library.pricing.hourly * Number(length.value))} in all` : "");
  }

  function mark(id, isFree) {
    const { input, label } = buttons.get(id) ?? make(id);
    if (label.dataset.free && label.dataset.free !== String(isFree)) flash(label);
    label.dataset.free = String(isFree);
    label.title = isFree ? "Free" : "Taken";
    input.disabled = !isFree;
    if (!isFree) input.checked = false;
  }

  function make(id) {
    const seat = all.find((known) => known.id === id);
    const input = el("input", { type: "radio", name: "seat", value: id, "aria-label": `Seat ${seat.label}` });
    const label = el(
      "label",
      { class: "seat", "data-key": id },
      input,
      el("span", { "aria-hidden": "true" }, seat.label),
    );
    buttons.set(id, { input, label });
    grid.append(label);
    return { input, label };
  }

  /** Look at a library: leave the room of the one before, and join this one's. */
  async function open(chosen) {
    if (library?.id !== chosen.id) {
      if (library) connection.ask(namespace, "leave:library", library.id).catch(() => {});
      library = chosen;
      all = [];
      buttons.clear();
      grid.replaceChildren();
      node.replaceChildren(heading, book);
    }
    shown(chosen);
    try {
      await joined();
    } catch (error) {
      toast(error.message, "bad");
    }
    heading.scrollIntoView({ block: "nearest" });
    from.focus();
  }

  /** Join the room, again after each new connection, and then read: what happens between the two is told. */
  async function joined() {
    if (!library) return;
    await connection.ask(namespace, "join:library", library.id);
    await reader.read();
  }

  function shown(changed) {
    if (library?.id !== changed.id) return;
    library = changed;
    say(heading, `Seats of ${changed.name}`);
    node.setAttribute("aria-label", heading.textContent);
    show();
  }

  return {
    node,
    open,
    joined,
    show: shown,
    /** A seat was booked or freed: show it, and read at which times. */
    told(seatId, available) {
      if (!buttons.has(seatId)) return;
      if (!available) flash(buttons.get(seatId).label);
      reader.read();
    },
    closed(id) {
      if (library?.id !== id) return;
      library = null;
      say(heading, "Seats");
      node.replaceChildren(heading, el("p", { class: "hint" }, "This library has closed: choose another one."));
    },
    close: () => reader.close(),
  };
}

/** A time as `datetime-local` has it. */
function local(date) {
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
