// Node's official Socket.IO server, tuned as its documentation says: WebSocket alone, no compression, and the first
// request let go. It speaks as much of our systems as benchmarks/serving asks for, and stores nothing.
// Prints `listening on URL`; ends with its standard input.
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { createHmac, createSecretKey, randomUUID, timingSafeEqual } from "node:crypto";

const require = createRequire(new URL("../../tests/js/", import.meta.url));
const { Server } = require("socket.io");

const secret = createSecretKey(process.env.EVENTPROOF_JWT_SECRET, "utf8");
const streams = new Set();

// HS256, on Node's own crypto: the package jsonwebtoken takes 0.4 ms for it, as much as all else of a connection.
function claimsOf(token) {
  const [header, payload, signature] = token.split(".");
  const wanted = createHmac("sha256", secret).update(`${header}.${payload}`).digest();
  const given = Buffer.from(signature, "base64url");
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) throw new Error("this token is forged");
  if (JSON.parse(Buffer.from(header, "base64url")).alg !== "HS256") throw new Error("this token is of another kind");
  const claims = JSON.parse(Buffer.from(payload, "base64url"));
  if (claims.exp <= Date.now() / 1000) throw new Error("this token has expired");
  return claims;
}

const http = createServer((request, response) => {
  if (request.url.startsWith("/socket.io/")) return;
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    try {
      const caller = claimsOf((request.headers.authorization ?? "").replace(/^Bearer /, ""));
      const body = parts.length ? JSON.parse(Buffer.concat(parts)) : {};
      serve(`${request.method} ${request.url}`, caller, body, response);
    } catch (error) {
      answer(response, error.status ?? 401, { error: { code: "refused", message: String(error) } });
    }
  });
});
http.keepAliveTimeout = 120_000;

const io = new Server(http, {
  transports: ["websocket"],
  perMessageDeflate: false,
  httpCompression: false,
  serveClient: false,
  pingInterval: 120_000,
  pingTimeout: 30_000,
});
io.engine.on("connection", (session) => { session.request = null; });
io.use((socket, next) => {
  try {
    socket.data.user = claimsOf(socket.handshake.auth.token).sub;
    next();
  } catch {
    next(new Error("this token is refused"));
  }
});
io.on("connection", (socket) => {
  socket.join(`user:${socket.data.user}`);
  socket.on("join:storefront", (seller, ack) => { socket.join(`storefront:${seller}`); ack({ joined: seller }); });
  socket.on("leave:storefront", (seller, ack) => { socket.leave(`storefront:${seller}`); ack({ left: seller }); });
});

function serve(call, caller, body, response) {
  const [, action] = call.match(/^([A-Z]+ \/api\/(?:me|user\/branding|plans\/subscribe|admin\/(?:users|plans)))/) ?? [];
  const id = decodeURIComponent(call.split("/")[4] ?? "");
  switch (action) {
    case "GET /api/me":
      return answer(response, 200, { id: caller.sub, email: "user@example.com", role: caller.role, tier: "free" });
    case "POST /api/admin/users":
      admin(caller);
      io.to(`user:${id}`).emit("user.banned", {
        message: "Your account has been banned by an administrator.", timestamp: new Date().toISOString(),
      });
      io.in(`user:${id}`).disconnectSockets(true);
      return answer(response, 200, { id, email: "user@example.com", role: "user", tier: "free", banned: true });
    case "PATCH /api/user/branding": {
      const event = { sellerId: caller.sub, ...body, timestamp: new Date().toISOString() };
      io.to(`storefront:${caller.sub}`).emit("settings:branding_updated", event);
      return answer(response, 200, event);
    }
    case "GET /api/plans/subscribe":
      response.writeHead(200, { "Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store" });
      response.write(block({ type: "CONNECTED", timestamp: Date.now() }));
      streams.add(response);
      return response.on("close", () => streams.delete(response));
    case "POST /api/admin/plans":
    case "PUT /api/admin/plans": {
      admin(caller);
      const plan = { id: id || randomUUID(), ...body };
      const told = block({ type: id ? "UPDATE" : "CREATE", planId: plan.id, plan, timestamp: Date.now() });
      for (const stream of streams) stream.write(told);
      return answer(response, id ? 200 : 201, plan);
    }
    default:
      return answer(response, 404, { error: { code: "not_found", message: call } });
  }
}

function admin(caller) {
  if (caller.role !== "admin") throw Object.assign(new Error("admins alone may do this"), { status: 403 });
}

const block = (data) => Buffer.from(`data: ${JSON.stringify(data)}\n\n`);

function answer(response, status, content) {
  const body = Buffer.from(JSON.stringify(content));
  response.writeHead(status, { "Content-Type": "application/json", "Content-Length": body.length });
  response.end(body);
}

http.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => {
  console.log(`listening on http://127.0.0.1:${http.address().port}`);
});
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
