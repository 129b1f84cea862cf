// The rows and forms of Studyspot's screens.

import { button, el, field, flash, form, say } from "../dom.js";
import { rupees, span, title } from "../words.js";

const KINDS = { booked: "busy", checked_in: "good", checked_out: "", cancelled: "bad" };

/** A library with its prices: a student looks at its seats, its owner sets what they cost. */
export function libraryRow(id, { call, toast, role, changeLibrary, look }) {
  const name = el("strong");
  const about = el("small");
  const price = el("span", { class: "figure", "data-price": "" });
  const node = el("li", { class: "row" }, el("div", {}, name, about), price);
  const open = button("See seats", () => look(id));
  const set = form({
    name: "Set the price",
    inline: true,
    fields: [
      field("Price by the hour, in ₹", "hourly", { type: "number", min: 0, max: 1000000, step: "any", required: true }),
    ],
    action: "Set",
    submit: async ({ hourly }) => {
      const library = await call("PUT", `/api/libraries/${id}/pricing`, { hourly: Number(hourly) });
      changeLibrary(id, library);
      toast(`${library.name} costs ${rupees(library.pricing.hourly)} an hour now.`, "good");
    },
  });
  if (role === "student") node.append(open);
  if (role === "library_owner") node.append(el("div", { class: "wide" }, set));
  return {
    node,
    show(library) {
      say(name, library.name);
      say(about, `${library.address} · ${library.seatCount} seats`);
      const before = price.textContent;
      say(price, `${rupees(library.pricing.hourly)} / h`);
      if (before && before !== price.textContent) flash(node);
      open.setAttribute("aria-label", `See the seats of ${library.name}`);
      set.setAttribute("aria-label", `Set the price of ${library.name}`);
    },
  };
}

/** A booking: its student can cancel it, a desk can check the student in and out. */
export function bookingRow(id, { call, toast, role, changeBooking }) {
  const who = el("strong");
  const when = el("small");
  const status = el("span", { class: "pill", "data-status": "" });
  const act = (text, method, path = "") =>
    button(text, async () => {
      try {
        changeBooking(id, await call(method, `/api/bookings/${id}${path}`));
      } catch (error) {
        toast(error.message, "bad");
      }
    });
  const checkIn = act("Check in", "POST", "/checkin");
  const checkOut = act("Check out", "POST", "/checkout");
  const cancel = act("Cancel", "DELETE");
  const node = el(
    "li",
    { class: "row" },
    el("div", {}, who, when),
    status,
    el("div", { class: "actions" }, checkIn, checkOut, cancel),
  );
  return {
    node,
    show(booking) {
      const place = [booking.library, booking.seat && `seat ${booking.seat}`].filter(Boolean).join(", ");
      say(who, role === "student" ? place : booking.studentName);
      const time = span(booking.startsAt, booking.endsAt);
      say(when, role === "student" || !place ? time : `${place} · ${time}`);
      if (status.dataset.status && status.dataset.status !== booking.status) flash(node);
      say(status, title(booking.status)).className = `pill ${KINDS[booking.status] ?? ""}`;
      status.dataset.status = booking.status;
      checkIn.hidden = role === "student" || booking.status !== "booked";
      checkOut.hidden = role === "student" || booking.status !== "checked_in";
      cancel.hidden = booking.status !== "booked";
    },
  };
}

export function libraryForm({ call, toast, changeLibrary }) {
  return form({
    name: "New library",
    fields: [
      field("Name", "name", { required: true, maxlength: 100 }),
      field("Address", "address", { required: true, maxlength: 200 }),
      field("Seats", "seatCount", { type: "number", min: 1, max: 500, step: 1, required: true }),
      field("Price by the hour, in ₹", "hourly", { type: "number", min: 0, max: 1000000, step: "any", required: true }),
    ],
    action: "Open the library",
    submit: async ({ name, address, seatCount, hourly }) => {
      const asked = { name, address, seatCount: Number(seatCount), hourly: Number(hourly) };
      const { seats: _, ...library } = await call("POST", "/api/libraries", asked);
      changeLibrary(library.id, library);
      toast(`${library.name} is open.`, "good");
    },
  });
}
