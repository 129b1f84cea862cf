// How amounts, times and the names of states are written for people.

const MONEY = { USD: money("USD"), INR: money("INR") };
const MOMENT = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });
const DAY = new Intl.DateTimeFormat("en", { dateStyle: "medium" });
const HOUR = new Intl.DateTimeFormat("en", { timeStyle: "short" });

function money(currency) {
  return new Intl.NumberFormat("en-US", { style: "currency", currency });
}

export const dollars = (amount) => MONEY.USD.format(amount);
export const rupees = (amount) => MONEY.INR.format(amount);
export const moment = (text) => MOMENT.format(new Date(text));
export const day = (text) => DAY.format(new Date(text));

/** From one time to another, with the day once where it is the same. */
export function span(from, to) {
  const end = day(from) === day(to) ? HOUR.format(new Date(to)) : moment(to);
  return `${moment(from)} – ${end}`;
}

/** `under_review` as "Under review". */
export function title(name) {
  const words = name.replaceAll("_", " ").toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
