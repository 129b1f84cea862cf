// A seller's settings: the five that visitors see, and one that is the seller's own business.

import { card, choice, el, field, form } from "../dom.js";

const text = (label, name, maxlength = 200) => field(label, name, { maxlength });

/** The forms: their fields, and the call that saves them. A field that is the same as before is not sent. */
const FORMS = [
  {
    name: "Branding",
    call: ["PATCH", "/api/user/branding"],
    fields: () => [
      text("Banner", "storeBanner", 500),
      text("Logo", "storeLogo", 500),
      text("Shipping policy", "shippingPolicy", 2000),
      text("Returns policy", "returnsPolicy", 2000),
    ],
  },
  {
    name: "Contact",
    call: ["PATCH", "/api/user/about-contact"],
    fields: () => [
      text("About", "aboutStory", 2000),
      text("Email", "contactEmail"),
      text("Website", "socialWebsite", 500),
      text("Instagram", "socialInstagram"),
    ],
  },
  {
    name: "Storefront",
    call: ["PATCH", "/api/user/store-status"],
    fields: () => [
      choice("The storefront is", "storeActive", [
        ["1", "open"],
        ["0", "closed"],
      ]),
    ],
    body: ({ storeActive }) => ({ storeActive: Number(storeActive) }),
  },
  {
    name: "Terms",
    call: ["POST", "/api/settings/terms"],
    fields: () => [text("Address of the terms", "termsPdfUrl", 500)],
  },
  {
    name: "Username",
    call: ["PATCH", "/api/user/username"],
    fields: () => [
      field("Username", "username", {
        minlength: 3,
        maxlength: 40,
        pattern: "[A-Za-z0-9][A-Za-z0-9_\\-]*",
        required: true,
      }),
    ],
  },
  {
    name: "Shipping price",
    call: ["PATCH", "/api/user/shipping"],
    fields: () => [
      field("Shipping price", "shippingPrice", { type: "number", min: 0, max: 1000000, step: 0.01, required: true }),
    ],
    body: ({ shippingPrice }) => ({ shippingPrice: Number(shippingPrice) }),
  },
];

export function settingForms(session, toast) {
  let saved = {};
  const filled = new Map();
  const nodes = FORMS.map(({ name, call, fields, body = (given) => given }) =>
    form({
      name,
      fields: fields(),
      action: "Save",
      keeps: true,
      submit: async (given) => {
        const changed = Object.entries(body(given)).filter(([key, value]) => value !== (saved[key] ?? ""));
        if (!changed.length) return;
        saved = await session.call(...call, Object.fromEntries(changed));
        toast(`${name} saved.`, "good");
      },
    }),
  );
  const inputs = () => nodes.flatMap((node) => [...node.elements]).filter(({ name }) => name);
  return {
    node: card("Settings", ...nodes.flatMap((node, place) => [el("h3", {}, FORMS[place].name), node])),
    /** Show what is saved, but in a field where somebody has written something else. */
    fill(settings) {
      saved = settings;
      for (const input of inputs()) {
        const value = settings[input.name];
        const isTouched = filled.has(input) && filled.get(input) !== input.value;
        if (value === undefined || isTouched) continue;
        input.value = String(value);
        filled.set(input, input.value);
      }
    },
  };
}
