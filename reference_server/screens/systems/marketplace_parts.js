// The parts of the marketplace's screens: the storefront as its visitors see it, products and orders.

import { button, el, field, flash, form, say } from "../dom.js";
import { dollars, title } from "../words.js";

const KINDS = { pending: "busy", fulfilled: "good", refunded: "", payment_failed: "bad", canceled: "bad" };
const SOCIAL = {
  socialInstagram: "Instagram",
  socialTwitter: "Twitter",
  socialTiktok: "TikTok",
  socialSnapchat: "Snapchat",
};

/** The storefront: each part stays where it is, and what changes is put in and drawn attention to. */
export function storefront() {
  const parts = new Map();
  const line = (name, tag, attributes = {}) => {
    const node = el(tag, { ...attributes, "data-setting": name, hidden: true });
    parts.set(name, node);
    return node;
  };
  const monogram = el("span", { class: "monogram", "aria-hidden": "true" });
  const status = el("span", { class: "pill", "data-setting": "storeActive", hidden: true });
  const head = el("div", { class: "shopfront" }, monogram, line("username", "strong"), status);
  const node = el(
    "article",
    { class: "storefront", "aria-label": "Storefront", "aria-live": "polite" },
    head,
    line("storeBanner", "small"),
    line("storeLogo", "small"),
    line("aboutStory", "p"),
    line("shippingPolicy", "p"),
    line("returnsPolicy", "p"),
    line("contact", "p", { class: "note" }),
    line("terms", "p", { class: "note" }),
  );
  const put = (name, text) => {
    const part = parts.get(name);
    if (part.textContent !== text && !part.hidden) flash(part);
    say(part, text).hidden = !text;
  };
  return {
    node,
    show(settings) {
      const name = settings.username ?? (settings.sellerId ? "This storefront" : "No storefront yet");
      put("username", name);
      say(monogram, name.charAt(0).toUpperCase());
      const isOpen = settings.storeActive === 1;
      status.hidden = settings.storeActive === undefined;
      say(status, isOpen ? "Open" : "Closed").className = `pill ${isOpen ? "good" : "bad"}`;
      put("storeBanner", settings.storeBanner ? `Banner: ${settings.storeBanner}` : "");
      put("storeLogo", settings.storeLogo ? `Logo: ${settings.storeLogo}` : "");
      put("aboutStory", settings.aboutStory ?? "");
      put("shippingPolicy", settings.shippingPolicy ? `Shipping: ${settings.shippingPolicy}` : "");
      put("returnsPolicy", settings.returnsPolicy ? `Returns: ${settings.returnsPolicy}` : "");
      const social = Object.entries(SOCIAL)
        .filter(([key]) => settings[key])
        .map(([key, shown]) => `${shown} ${settings[key]}`);
      put("contact", [settings.contactEmail, settings.socialWebsite, ...social].filter(Boolean).join(" · "));
      put("terms", settings.termsPdfUrl ? `Terms: ${settings.termsPdfUrl}` : "");
    },
  };
}

/** A product: a visitor orders it, its seller sets what it costs and how many there are. */
export function productRow(id, { session, toast, isSeller, again }) {
  const name = el("strong");
  const about = el("small");
  const price = el("span", { class: "figure", "data-price": "" });
  const stock = el("span", { class: "pill", "data-stock": "" });
  const node = el("li", { class: "row" }, el("div", {}, name, about), stock, price);
  const set = (label, key, more) =>
    form({
      name: label,
      inline: true,
      fields: [field(label, key, { type: "number", min: 0, max: 1000000, required: true, ...more })],
      action: "Set",
      submit: (given) => session.call("PATCH", `/api/products/${id}/${key}`, { [key]: Number(given[key]) }),
    });
  const order = button("Order one", async () => {
    try {
      await session.call("POST", "/api/orders", { productId: id, quantity: 1 });
      toast(`${name.textContent} is ordered.`, "good");
      await again();
    } catch (error) {
      toast(error.message, "bad");
    }
  });
  const forms = isSeller ? [set("Price", "price", { step: 0.01 }), set("Stock", "stock", { step: 1 })] : [];
  node.append(isSeller ? el("div", { class: "wide actions" }, ...forms) : order);
  return {
    node,
    show(product) {
      const before = price.textContent + stock.textContent;
      say(name, product.name);
      say(about, product.description).hidden = !product.description;
      say(price, dollars(product.price));
      say(stock, product.stock ? `${product.stock} in stock` : "Sold out").className =
        `pill ${product.stock ? "" : "bad"}`;
      order.disabled = !product.stock;
      order.setAttribute("aria-label", `Order one ${product.name}`);
      for (const shown of forms) shown.setAttribute("aria-label", `Change ${product.name}`);
      if (before && before !== price.textContent + stock.textContent) flash(node);
    },
  };
}

/** An order, for its buyer and its seller. */
export function orderRow(id, { session, toast, ownId, changeOrder }) {
  const what = el("strong");
  const about = el("small");
  const status = el("span", { class: "pill", "data-status": "" });
  const act = (text, path, body) =>
    button(text, async () => {
      try {
        const { id: orderId, ...order } = await session.call("POST", `/api/orders/${id}/${path}`, body);
        changeOrder({ orderId, ...order });
      } catch (error) {
        toast(error.message, "bad");
      }
    });
  const fulfil = act("Fulfil", "fulfillment", {});
  const refund = act("Refund", "refund");
  const node = el(
    "li",
    { class: "row" },
    el("div", {}, what, about),
    status,
    el("div", { class: "actions" }, fulfil, refund),
  );
  return {
    node,
    show(order) {
      const isOwn = order.sellerId === ownId;
      say(what, `${order.quantity} × ${order.product ?? order.productId}`);
      const tracking = order.trackingNumber ? ` · ${order.trackingNumber}` : "";
      say(about, `${dollars(order.total)} · ${isOwn ? "for a buyer" : "from a seller"}${tracking}`);
      if (status.dataset.status && status.dataset.status !== order.status) flash(node);
      say(status, title(order.status)).className = `pill ${KINDS[order.status] ?? ""}`;
      status.dataset.status = order.status;
      fulfil.hidden = !isOwn || order.status !== "pending";
      refund.hidden = !isOwn || !["pending", "fulfilled"].includes(order.status);
    },
  };
}

export function productForm({ session, again }) {
  return form({
    name: "New product",
    fields: [
      field("Name", "name", { required: true, maxlength: 200 }),
      field("Description", "description", { maxlength: 2000 }),
      field("Price", "price", { type: "number", min: 0, max: 1000000, step: 0.01, required: true }),
      field("Stock", "stock", { type: "number", min: 0, max: 1000000, step: 1, required: true }),
    ],
    action: "Offer the product",
    submit: async ({ price, stock, ...given }) => {
      await session.call("POST", "/api/products", { ...given, price: Number(price), stock: Number(stock) });
      await again();
    },
  });
}
