// Studyspot: students see libraries, seats and their own bookings; owners and staff see bookings come in at the desk.

import { card, el, Rows } from "../dom.js";
import { Reader } from "../reader.js";
import { bookingRow, libraryForm, libraryRow } from "./studyspot_parts.js";
import { seats } from "./studyspot_seats.js";

const NAMESPACE = "/";
const DESK = new Set(["library_owner", "staff"]);

export const screen = {
  system: "studyspot",
  id: "studyspot",
  title: "Library seats",
  isFor: ({ role }) => role === "student" || DESK.has(role),

  open(app) {
    const { session, connection, toast, badge } = app;
    const { role } = session.user;
    const isDesk = DESK.has(role);
    const libraries = new Map();
    const bookings = new Map();
    let fresh = 0;

    const call = async (method, path, body) => (await session.call(method, path, body)).data;
    const parts = { call, toast, role, changeBooking, changeLibrary, look, labels: labels(call, showBookings) };
    const listed = new Rows("Libraries", "There are no libraries yet.", (id) => libraryRow(id, parts));
    const booked = new Rows("Bookings", "There are no bookings.", (id) => bookingRow(id, parts));
    const hall = role === "student" ? seats({ ...app, call, namespace: NAMESPACE, changeBooking }) : null;

    function named(booking) {
      return { ...booking, library: libraries.get(booking.libraryId)?.name, seat: parts.labels.of(booking) };
    }

    function showBookings() {
      for (const [id, booking] of bookings) booked.put(id, named(booking));
    }

    function changeBooking(id, changes) {
      const booking = { ...bookings.get(id), ...changes };
      if (!booking.seatId) return again(); // told of a booking that was never read
      bookings.set(id, booking);
      return booked.put(id, named(booking));
    }

    function changeLibrary(id, changes) {
      const library = { ...libraries.get(id), ...changes };
      if (!library.name) return again();
      libraries.set(id, library);
      listed.put(id, library);
      hall?.show(library);
      return showBookings();
    }

    function removeLibrary(id) {
      const name = libraries.get(id)?.name ?? "A library";
      libraries.delete(id);
      listed.remove(id);
      hall?.closed(id);
      for (const [key, { libraryId }] of bookings) {
        if (libraryId !== id) continue;
        bookings.delete(key);
        booked.remove(key);
      }
      toast(`${name} has closed.`);
    }

    function look(id) {
      hall?.open(libraries.get(id));
    }

    const reader = new Reader(
      async () => {
        const [all, mine] = await Promise.all([call("GET", "/api/libraries"), call("GET", "/api/bookings")]);
        libraries.clear();
        bookings.clear();
        for (const library of all) libraries.set(library.id, library);
        for (const booking of mine) bookings.set(booking.id, booking);
        listed.all(all.map((library) => [library.id, library]));
        booked.all(mine.map((booking) => [booking.id, named(booking)]));
      },
      (sentence) => toast(sentence, "bad"),
    );
    function again() {
      return reader.read();
    }

    const mine = (id, changes, sentence, kind) => {
      changeBooking(id, changes);
      toast(sentence, kind);
    };
    const events = {
      "booking:created": (booking) => {
        mine(booking.id, booking, `New booking from ${booking.studentName}!`, "good");
        badge(screen.id, (fresh += 1));
      },
      "booking:updated": (booking) => mine(booking.id, booking, "A booking was updated."),
      "booking:cancelled": ({ id }) => mine(id, { status: "cancelled" }, "A booking was cancelled."),
      "booking:checkin": ({ bookingId, status }) => mine(bookingId, { status }, "You have been checked in!", "good"),
      "booking:checkout": ({ bookingId, status }) => mine(bookingId, { status }, "You have been checked out."),
      "library:created": (library) => {
        changeLibrary(library.id, library);
        toast(`New library available: ${library.name}`, "good");
      },
      "library:updated": (library) => changeLibrary(library.id, library),
      "library:deleted": ({ id }) => removeLibrary(id),
      "pricing:updated": ({ libraryId, pricing }) => {
        changeLibrary(libraryId, { pricing });
        toast(`${libraries.get(libraryId)?.name ?? "A library"} has other prices.`);
      },
      "seat:availability": ({ seatId, available }) => hall?.told(seatId, available),
    };
    const heard = Object.entries(events).map(([name, act]) => [
      name,
      (told) => {
        act(told);
        reader.told();
      },
    ]);

    // The rooms first, and then the reading: what happens between the two is told.
    const opened = async () => {
      try {
        await connection.ask(NAMESPACE, "join:role", role);
        await hall?.joined();
      } catch (error) {
        toast(error.message, "bad");
      }
      await again();
    };
    connection.listen(NAMESPACE, { opened, events: Object.fromEntries(heard) });
    again();

    const node = el("div", { class: "screen" });
    const bookingsCard = card(isDesk ? "Bookings at your desk" : "Your bookings", booked.whole);
    if (isDesk) {
      // Whoever looks at the bookings has seen them.
      const seen = () => badge(screen.id, (fresh = 0));
      bookingsCard.addEventListener("pointerenter", seen);
      bookingsCard.addEventListener("focusin", seen);
      node.append(bookingsCard, card("Libraries", listed.whole));
      if (role === "library_owner") node.append(card("New library", libraryForm(parts)));
    } else {
      node.append(card("Libraries", listed.whole), hall.node, bookingsCard);
    }
    const close = () => {
      reader.close();
      hall?.close();
    };
    return { node, close };
  },
};

/** What stands on the seats of bookings; a library's seats are read once, when a booking names one. */
function labels(call, showAgain) {
  const known = new Map();
  const asked = new Set();
  return {
    of({ libraryId, seatId }) {
      if (!known.has(seatId) && !asked.has(libraryId)) {
        asked.add(libraryId);
        call("GET", `/api/libraries/${libraryId}/seats`).then(
          (all) => {
            for (const seat of all) known.set(seat.id, seat.label);
            showAgain();
          },
          () => asked.delete(libraryId),
        );
      }
      return known.get(seatId);
    },
  };
}
