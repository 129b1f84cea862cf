// A user-state back end as Node.js teams write them: express, jsonwebtoken, the official socket.io with its defaults and
// `connectionStateRecovery`; tokens with a `kid`, ids that are UUIDs, several operations on one path, codes that are
// numbers, and a ban by `socket.disconnect()`. Prints one line of JSON when it is ready: its port and its people.
// BUG names one of the misbehaviours in BUGS.
import { randomBytes, randomUUID, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import express from "express";
import jwt from "jsonwebtoken";
import { Server } from "socket.io";

const BUGS = [
  "ban-spares-a-device",
  "ban-without-a-word",
  "old-token-reads-features",
  "old-token-connects",
  "login-of-the-banned",
  "ban-told-to-all",
  "late-joiner-survives",
  "plan-from-the-token",
  "exp-never-looked-at",
  "ban-of-nobody",
  "anyone-may-unban",
  "unban-revives-tokens",
  "trace-in-the-answer",
  "plan-by-its-key",
  "crash-on-bad-json",
  "malformed-packet-ends-all",
];
const bug = process.env.BUG ?? "";
if (bug && !BUGS.includes(bug)) throw new Error(`there is no bug ${bug}`);
const has = (name) => bug === name;

const BANNED = "Your account has been banned by an administrator.";
const PLANS = { free: "Free", plus: "Plus", pro: "Pro" };
const SECRET = randomBytes(48).toString("base64url");
const KEYS = { "2026-11": SECRET };
const ISSUER = "members.example";
const MOST_BYTES = 32 * 1024;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

class Refusal extends Error {
  constructor(status, code, message) {
    super(message);
    Object.assign(this, { status, code });
  }
}

// Members and their sessions: a token is good as long as its generation is the member's.

const password = randomBytes(12).toString("hex");
const members = new Map();
for (let number = 0; number < 14; number++) {
  const id = randomUUID();
  const email = number ? `member-${number}@members.example` : "staff@members.example";
  members.set(id, { id, email, staff: number === 0, plan: "free", banned: false, generation: 1 });
}

function issue({ id, plan, generation }) {
  const claims = { plan, gen: generation, jti: randomUUID() };
  return jwt.sign(claims, SECRET, { subject: id, issuer: ISSUER, keyid: "2026-11", expiresIn: "1h" });
}

function claimsOf(token) {
  const kid = jwt.decode(token ?? "", { complete: true })?.header.kid;
  if (!Object.hasOwn(KEYS, kid ?? "")) throw new Refusal(401, 40101, "The token is not one of ours: sign in again.");
  try {
    const options = { algorithms: ["HS256"], issuer: ISSUER, ignoreExpiration: has("exp-never-looked-at") };
    return jwt.verify(token, KEYS[kid], options);
  } catch (error) {
    if (error instanceof jwt.TokenExpiredError) throw new Refusal(401, 40102, "The session is over: sign in again.");
    throw new Refusal(401, 40101, "The token is not one of ours: sign in again.");
  }
}

function session(token, revocable = true) {
  const claims = claimsOf(token);
  const member = members.get(claims.sub);
  if (!member || (revocable && claims.gen !== member.generation))
    throw new Refusal(401, 40103, "The session was ended: sign in again.");
  if (revocable && member.banned) throw new Refusal(403, 40301, BANNED);
  return { member, claims };
}

// REST.

const app = express();
app.disable("x-powered-by");
app.use(express.json({ limit: MOST_BYTES }));
const api = express.Router();
app.use("/api/v2", api);

const bearer = (request) => /^Bearer (\S+)$/i.exec(request.get("authorization") ?? "")?.[1];

function signedIn(request, _response, next) {
  Object.assign(request, session(bearer(request)));
  next();
}

function staff(request, _response, next) {
  if (!request.member.staff) throw new Refusal(403, 40302, "Only the staff may do this.");
  next();
}

function subject(request, _response, next) {
  const { id } = request.params;
  if (!UUID.test(id)) throw new Refusal(400, 40001, "The id in the path is no UUID.");
  request.subject = members.get(id);
  if (!request.subject && !has("ban-of-nobody")) throw new Refusal(404, 40401, "No member has this id.");
  next();
}

function field(request, name, values) {
  const value = request.body?.[name];
  if (!values.includes(value)) throw new Refusal(422, 42201, `The field ${name} must be one of ${values.join(", ")}.`);
  return value;
}

const shown = ({ id, email, plan, banned }) => ({ id, email, plan, standing: banned ? "banned" : "active" });

api.post("/auth/login", (request, response) => {
  const { email, password: given } = request.body ?? {};
  if (typeof email !== "string" || typeof given !== "string")
    throw new Refusal(422, 42202, "Give the e-mail address and the password.");
  const member = [...members.values()].find((known) => known.email === email);
  const [here, there] = [Buffer.from(given), Buffer.from(password)];
  if (!member || here.length !== there.length || !timingSafeEqual(here, there))
    throw new Refusal(401, 40104, "The e-mail address or the password is wrong.");
  if (member.banned && !has("login-of-the-banned")) throw new Refusal(403, 40301, BANNED);
  response.json({ accessToken: issue(member), member: shown(member) });
});

api.post("/auth/logout", signedIn, (_request, response) => response.status(204).end());

api.get("/members/me", signedIn, ({ member }, response) => response.json(shown(member)));

api.get("/members/:id", signedIn, staff, subject, (request, response) => response.json(shown(request.subject)));

api.get("/features/:feature", (request, response) => {
  const { member, claims } = session(bearer(request), !has("old-token-reads-features"));
  const plan = has("plan-from-the-token") ? claims.plan : member.plan;
  if (request.params.feature !== "exports") throw new Refusal(404, 40402, "There is no such feature.");
  if (plan !== "pro") throw new Refusal(402, 40201, "Exports come with the Pro plan.");
  response.json({ feature: "exports" });
});

const unbans = (request) => has("anyone-may-unban") && request.body?.standing === "active";

api.put(
  "/members/:id/standing",
  signedIn,
  (request, response, next) => (unbans(request) ? next() : staff(request, response, next)),
  subject,
  (request, response) => {
    const standing = field(request, "standing", ["banned", "active"]);
    if (request.subject) (standing === "banned" ? ban : unban)(request.subject);
    response.json(request.subject ? shown(request.subject) : { standing });
  },
);

api.post("/members/:id/transitions", signedIn, staff, subject, (request, response) => {
  const plan = field(request, "plan", Object.keys(PLANS));
  if (request.subject) changePlan(request.subject, plan);
  response.status(201).json(request.subject ? shown(request.subject) : { plan });
});

app.use(() => {
  throw new Refusal(404, 40400, "There is nothing at this path.");
});

// eslint-disable-next-line no-unused-vars -- express knows an error handler by its four parameters
app.use((error, _request, response, _next) => {
  let refusal = error;
  if (!(error instanceof Refusal)) {
    const status = has("crash-on-bad-json") || !(error.status < 500) ? 500 : error.status;
    const sentence = status < 500 ? "The request cannot be read: send JSON." : "The server failed: tell the staff.";
    refusal = new Refusal(status, status * 100, sentence);
  }
  if (refusal.status === 401) response.set("WWW-Authenticate", 'Bearer realm="members"');
  const message = has("trace-in-the-answer") ? `${refusal.message} ${error.stack}` : refusal.message;
  response.status(refusal.status).json({ error: message, errorCode: refusal.code });
});

// The channel.

const http = createServer(app);
const io = new Server(http, {
  serveClient: false,
  maxHttpBufferSize: MOST_BYTES,
  connectionStateRecovery: { maxDisconnectionDuration: 120_000, skipMiddlewares: false },
});
const room = ({ id }) => `member:${id}`;

io.use((socket, next) => {
  try {
    socket.data.token = socket.handshake.auth.token;
    Object.assign(socket.data, session(socket.data.token, !has("old-token-connects")));
    next();
  } catch (refusal) {
    next(Object.assign(new Error(refusal.message), { data: { code: refusal.code } }));
  }
});

io.on("connection", async (socket) => {
  if (has("late-joiner-survives")) await pause(15);
  socket.join(room(socket.data.member));
  if (has("malformed-packet-ends-all"))
    socket.on("disconnect", (reason) => reason === "parse error" && io.disconnectSockets(true));
  if (has("late-joiner-survives") || has("old-token-connects")) return;
  try {
    session(socket.data.token);
  } catch {
    socket.disconnect();
  }
});

function ban(member) {
  if (member.banned) return;
  member.banned = true;
  member.generation += 1;
  const sockets = [...(io.sockets.adapter.rooms.get(room(member)) ?? [])].map((id) => io.sockets.sockets.get(id));
  const told = has("ban-told-to-all") ? io : io.to(room(member));
  if (!has("ban-without-a-word")) told.emit("user.banned", { message: BANNED });
  for (const socket of sockets.slice(has("ban-spares-a-device") ? 1 : 0)) socket.disconnect();
}

function unban(member) {
  if (!member.banned) return;
  member.banned = false;
  if (has("unban-revives-tokens")) member.generation -= 1;
}

function changePlan(member, plan) {
  member.plan = plan;
  const name = has("plan-by-its-key") ? plan : PLANS[plan];
  io.to(room(member)).emit("user.tier.updated", { message: `Your plan has been updated to ${name}.` });
}

http.listen(0, "127.0.0.1", () => {
  const people = [...members.values()].map(({ id, email, staff: admin }) => ({ id, email, role: admin ? "admin" : "user" }));
  console.log(JSON.stringify({ port: http.address().port, password, secret: SECRET, people }));
});
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
