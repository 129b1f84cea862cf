// Marketplace: a seller's settings, products and orders beside the preview of the storefront; and the storefront that
// a visitor looks at. The preview is read once, and changed by the events from then on, on both sides.

import { card, el, field, form, Rows, stack } from "../dom.js";
import { Reader } from "../reader.js";
import { dollars } from "../words.js";
import { orderRow, productForm, productRow, storefront } from "./marketplace_parts.js";
import { settingForms } from "./marketplace_settings.js";

const NAMESPACE = "/";
const LAST_VISITED = "eventproof-storefront";

export const screen = {
  system: "marketplace",
  id: "marketplace",
  title: "Marketplace",
  isFor: ({ role }) => role === "seller" || role === "user",

  open(app) {
    const { session, connection, toast } = app;
    const { role, id: ownId } = session.user;
    const isSeller = role === "seller";
    const preview = storefront();
    const products = new Map();
    let sellerId = isSeller ? ownId : sessionStorage.getItem(LAST_VISITED);
    let settings = {};

    const parts = { session, toast, isSeller, ownId, again, changeOrder };
    const offered = new Rows("Products", "There are no products here yet.", (id) => productRow(id, parts));
    const orders = new Rows("Orders", "There are no orders yet.", (id) => orderRow(id, parts));
    const forms = isSeller ? settingForms(session, toast) : null;

    const change = (changes) => {
      settings = { ...settings, ...changes };
      preview.show(settings);
    };

    function changeProduct(id, changes) {
      if (changes.sellerId !== sellerId) return;
      const product = { ...products.get(id), ...changes, id };
      if (product.name === undefined) return void again();
      products.set(id, product);
      offered.put(id, product, { last: true });
    }

    function changeOrder({ orderId, timestamp: _, type: __, ...told }) {
      orders.put(orderId, { ...told, id: orderId, product: products.get(told.productId)?.name });
    }

    const reader = new Reader(
      async () => {
        const asked = sellerId;
        const [shop, made, own, seen] = await Promise.all([
          asked ? session.call("GET", `/api/sellers/${asked}/products`) : { products: [] },
          session.call("GET", "/api/orders"),
          isSeller ? session.call("GET", "/api/user/settings") : null,
          asked && !isSeller ? session.call("GET", `/api/sellers/${asked}/storefront`) : null,
        ]);
        if (asked !== sellerId) return void reader.told();
        await look(shop.products.filter(({ id }) => !products.has(id)));
        products.clear();
        for (const product of shop.products) products.set(product.id, product);
        offered.all(shop.products.map((product) => [product.id, product]));
        orders.all(
          made.orders
            .toReversed()
            .map((order) => [order.id, { ...order, product: products.get(order.productId)?.name }]),
        );
        if (own ?? seen) change(own ?? seen);
        forms?.fill(own);
      },
      (sentence) => toast(sentence, "bad"),
    );
    function again() {
      return reader.read();
    }

    /** Look at products: stock and prices are told to whoever does. A seller hears of the own ones in any case. */
    async function look(added) {
      if (isSeller) return;
      await Promise.all(added.map(({ id }) => connection.ask(NAMESPACE, "join:product", id).catch(() => {})));
    }

    async function visit(id) {
      if (sellerId && sellerId !== id) connection.ask(NAMESPACE, "leave:storefront", sellerId).catch(() => {});
      for (const product of products.keys()) connection.ask(NAMESPACE, "leave:product", product).catch(() => {});
      await connection.ask(NAMESPACE, "join:storefront", id);
      sellerId = id;
      sessionStorage.setItem(LAST_VISITED, id);
      products.clear();
      settings = { sellerId: id };
      preview.show(settings);
      await again();
    }

    const told = ({ productId, timestamp: _, ...changes }) => changeProduct(productId, changes);
    const sale = ({ total }) => isSeller && toast(`Somebody has ordered for ${dollars(total)}.`, "good");
    const named = ({ productId }) => products.get(productId)?.name ?? "A product";
    const setting = ({ timestamp: _, ...changes }) => changes.sellerId === sellerId && change(changes);
    const events = {
      "product:created": (product) => {
        told(product);
        look([{ id: product.productId }]);
      },
      "product:updated": told,
      "product:deleted": ({ productId }) => {
        products.delete(productId);
        offered.remove(productId);
      },
      "product:stock_changed": ({ productId, sellerId: of, newStock }) =>
        changeProduct(productId, { sellerId: of, stock: newStock }),
      "product:price_changed": ({ productId, sellerId: of, newPrice }) =>
        changeProduct(productId, { sellerId: of, price: newPrice }),
      "stock:low": (product) => toast(`${named(product)}: ${product.stock} are left.`, "bad"),
      "stock:out": (product) => toast(`${named(product)} is sold out.`, "bad"),
      "stock:restocked": (product) => toast(`${named(product)} is there again.`, "good"),
      "order:updated": changeOrder,
      "analytics:sale_completed": sale,
      notification: ({ title, message }) => toast(title ? `${title}: ${message}` : message),
      "settings:branding_updated": setting,
      "settings:contact_updated": setting,
      "settings:store_status_updated": setting,
      "settings:terms_updated": setting,
      "settings:username_updated": setting,
      "settings:internal_updated": ({ setting: which }) => toast(`Saved: ${which.replaceAll("_", " ")}.`),
    };
    const heard = Object.entries(events).map(([name, act]) => [
      name,
      (argument) => {
        act(argument);
        reader.told();
      },
    ]);

    // The rooms first, and then the reading: what happens between the two is told.
    const opened = async () => {
      try {
        if (sellerId && !isSeller) {
          await connection.ask(NAMESPACE, "join:storefront", sellerId);
          products.clear(); // all rooms are joined anew
        }
      } catch (error) {
        toast(error.message, "bad");
      }
      await again();
    };
    preview.show({ sellerId });
    connection.listen(NAMESPACE, { opened, events: Object.fromEntries(heard) });
    again();

    const shop = card(isSeller ? "Preview" : "Storefront", preview.node, offered.whole);
    const node = el("div", { class: "screen" });
    const trade = card("Orders", orders.whole);
    if (isSeller) node.append(shop, forms.node, stack(trade, card("New product", productForm(parts))));
    else node.append(card("Visit a storefront", visitForm(sellerId, visit)), shop, trade);
    return { node, close: () => reader.close() };
  },
};

function visitForm(sellerId, visit) {
  const asked = { required: true, pattern: "[A-Za-z0-9_\\-]+", maxlength: 64, autocomplete: "off", value: sellerId };
  return form({
    name: "Visit a storefront",
    inline: true,
    keeps: true,
    fields: [field("The seller's id", "seller", asked)],
    action: "Visit",
    submit: ({ seller }) => visit(seller),
  });
}
