// A user-state back end that shares nothing with the reference server: its own paths, names, ids, tokens and refusals.
// Prints one line of JSON when ready: its port, its people with their password, and a token that has expired.
// BUG names a misbehaviour: ban-forgets-other-device, token-lives-on, tier-told-to-all, transport-is-trusted or tells-who-left.
// HABIT names what is as good as what it does otherwise: ban-ends-the-namespace, and leaves the transport.
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { Server } from "socket.io";

const BUG = process.env.BUG ?? "";
const HABIT = process.env.HABIT ?? "";
const ENDS_THE_NAMESPACE = new Set(["ban-ends-the-namespace", "transport-is-trusted", "tells-who-left"]);
const BANNED = "Your account has been banned by an administrator.";
const PLANS = { starter: "Starter", plus: "Plus", pro: "Pro" };
const SESSION_SECONDS = 3600;
const MOST_SESSIONS = 100;
const MOST_BYTES = 16 * 1024;

class Refusal extends Error {
  constructor(status, code, detail, headers = {}) {
    super(detail);
    Object.assign(this, { status, headers, body: { code, detail } });
  }
}

// Accounts and sessions; every decision below is made without a pause in between, so no ban can slip through.

const digest = (text) => createHash("sha256").update(text).digest();
const password = randomBytes(12).toString("hex");
const accounts = new Map();
const sessions = new Map();

function enrol(no, user, staff) {
  accounts.set(no, { no, user, staff, plan: "starter", banned: false, sessions: [], lines: new Set() });
}

function openSession(account, seconds) {
  const access = randomBytes(24).toString("base64url");
  sessions.set(access, { account, until: Date.now() + seconds * 1000 });
  account.sessions.push(access);
  while (account.sessions.length > MOST_SESSIONS) sessions.delete(account.sessions.shift());
  return access;
}

function holder(access) {
  const session = sessions.get(access);
  if (!session) throw new Refusal(401, "SESSION_UNKNOWN", "There is no such session: sign in again.");
  if (session.until <= Date.now()) throw new Refusal(401, "SESSION_EXPIRED", "The session is over: sign in again.");
  return session.account;
}

function ban(account) {
  if (account.banned) return;
  account.banned = true;
  if (BUG !== "token-lives-on") for (const access of account.sessions.splice(0)) sessions.delete(access);
  const lines = [...account.lines].slice(BUG === "ban-forgets-other-device" ? -1 : 0);
  for (const line of lines) line.tell("user.banned", { message: BANNED });
  for (const line of lines) line.end();
}

function changePlan(account, plan) {
  account.plan = plan;
  const told = BUG === "tier-told-to-all" ? [...accounts.values()] : [account];
  const message = `Your plan has been updated to ${PLANS[plan]}.`;
  for (const { lines } of told) for (const line of lines) line.tell("user.tier.updated", { message });
}

function keep(account, line) {
  account.lines.add(line);
  return () => account.lines.delete(line);
}

// REST: a route is a method, a path, who may call it, the fields of its body, and what it does.

const shown = ({ no, user, plan }) => ({ no, user, plan });

const ROUTES = [
  ["POST", /^\/v1\/sessions$/, "anyone", ["user", "pass"], signIn],
  ["DELETE", /^\/v1\/sessions\/current$/, "member", [], signOut],
  ["GET", /^\/v1\/profile$/, "member", [], ({ caller }) => [200, { data: { account: shown(caller) } }]],
  ["GET", /^\/v1\/exports$/, "member", [], exportAll],
  ["GET", /^\/v1\/feed$/, "member", [], follow],
  ["PATCH", /^\/v1\/staff\/members\/(\d{1,10})$/, "staff", ["plan"], setPlan],
  ["DELETE", /^\/v1\/staff\/members\/(\d{1,10})\/access$/, "staff", [], ({ member }) => [204, ban(member)]],
  ["POST", /^\/v1\/staff\/pardons$/, "staff", ["member"], pardon],
];

const isText = (value) => typeof value === "string" && value.length <= 200;
const FIELDS = { user: isText, pass: isText, plan: isText, member: Number.isInteger };

function signIn({ body }) {
  const account = [...accounts.values()].find(({ user }) => user === body.user);
  if (!account || !timingSafeEqual(digest(body.pass), digest(password)))
    throw new Refusal(401, "CREDENTIALS_WRONG", "The user or the password is wrong.");
  if (account.banned) throw new Refusal(403, "ACCOUNT_BANNED", BANNED);
  return [201, { data: { access: openSession(account, SESSION_SECONDS), account: shown(account) } }];
}

function signOut({ caller, access }) {
  sessions.delete(access);
  caller.sessions.splice(caller.sessions.indexOf(access), 1);
  return [204];
}

function exportAll({ caller }) {
  if (caller.plan !== "pro") throw new Refusal(402, "PLAN_TOO_LOW", "Exports come with the Pro plan.");
  return [200, { data: { rows: [] } }];
}

function pardon({ body }) {
  const member = accounts.get(body.member);
  if (!member) throw new Refusal(404, "MEMBER_UNKNOWN", "No member has this number.");
  member.banned = false;
  return [204];
}

function setPlan({ member, body }) {
  if (!Object.hasOwn(PLANS, body.plan)) throw new Refusal(422, "PLAN_UNKNOWN", "The plans are starter, plus and pro.");
  changePlan(member, body.plan);
  return [200, { data: { account: shown(member) } }];
}

function follow({ caller, response }) {
  const tell = (event, data) => response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" }).write(": hello\n\n");
  response.on("close", keep(caller, { tell, end: () => response.end() }));
  return [];
}

async function answer(request, response) {
  const { pathname, searchParams } = new URL(request.url, "http://localhost");
  const here = ROUTES.filter(([, path]) => path.test(pathname));
  const route = here.find(([method]) => method === request.method);
  if (here.length === 0) throw new Refusal(404, "PATH_UNKNOWN", "There is nothing at this path.");
  if (!route) {
    const Allow = here.map(([method]) => method).join(", ");
    throw new Refusal(405, "METHOD_UNKNOWN", `This path takes ${Allow}.`, { Allow });
  }
  const [, path, role, fields, act] = route;
  const body = fields.length > 0 ? await bodyOf(request, fields) : request.resume() && null;
  const bearer = /^Bearer (\S+)$/.exec(request.headers.authorization ?? "")?.[1];
  const access = bearer ?? searchParams.get("access");
  const caller = role === "anyone" ? null : holder(access);
  if (role === "staff" && !caller.staff) throw new Refusal(403, "STAFF_ONLY", "Only the staff may do this.");
  const [no] = path.exec(pathname).slice(1);
  const member = accounts.get(Number(no));
  if (no && !member) throw new Refusal(404, "MEMBER_UNKNOWN", "No member has this number.");
  send(response, ...act({ caller, access, member, body, response }));
}

async function bodyOf(request, fields) {
  if (!/^application\/json\b/.test(request.headers["content-type"] ?? ""))
    throw new Refusal(415, "BODY_NOT_JSON", "Send the body as application/json.", { Connection: "close" });
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MOST_BYTES) throw new Refusal(413, "BODY_TOO_LARGE", "The body is too large.", { Connection: "close" });
    chunks.push(chunk);
  }
  let body;
  try {
    body = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks)));
  } catch {
    throw new Refusal(400, "BODY_UNREADABLE", "The body is not JSON.");
  }
  const wrong = fields.find((name) => !FIELDS[name](body?.[name]));
  if (wrong) throw new Refusal(422, "FIELD_WRONG", `The field ${wrong} is missing, or of the wrong kind.`);
  return body;
}

function send(response, status, body, headers = {}) {
  if (status === undefined) return;
  const type = body === undefined ? {} : { "Content-Type": "application/json" };
  response.writeHead(status, { ...type, ...headers }).end(body === undefined ? undefined : JSON.stringify(body));
}

const http = createServer((request, response) => {
  answer(request, response).catch((error) => {
    const refusal = error instanceof Refusal ? error : new Refusal(500, "OUR_FAULT", "The server failed: tell the staff.");
    send(response, refusal.status, refusal.body, refusal.headers);
  });
});
http.maxConnections = 1000;
http.on("clientError", (_error, socket) => {
  const body = JSON.stringify({ code: "REQUEST_UNREADABLE", detail: "This is no HTTP request." });
  const head = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close`;
  if (socket.writable) socket.end(`HTTP/1.1 400 Bad Request\r\n${head}\r\n\r\n${body}`);
});

// The channel, and beside it the namespace /desk.

const io = new Server(http, { path: "/rt", serveClient: false, maxHttpBufferSize: MOST_BYTES });
for (const name of ["/", "/desk"]) {
  const namespace = io.of(name);
  namespace.use((socket, next) => {
    try {
      const trusted = BUG === "transport-is-trusted" && socket.conn.account;
      socket.data.account = socket.conn.account = trusted || holder(socket.handshake.auth.bearer);
      next();
    } catch (refusal) {
      next(Object.assign(new Error("unauthorized"), { data: refusal.body }));
    }
  });
  namespace.on("connection", (socket) => {
    const tell = name === "/" ? (event, payload) => socket.emit(event, payload) : () => {};
    const end = () => socket.disconnect(!ENDS_THE_NAMESPACE.has(HABIT || BUG));
    const leave = keep(socket.data.account, { tell, end });
    socket.on("disconnect", () => BUG !== "tells-who-left" && leave());
    if (!sessions.has(socket.handshake.auth.bearer) && BUG !== "transport-is-trusted") end();
  });
}

enrol(1, "head-of-staff", true);
for (let no = 17; no < 27; no++) enrol(no, `member-${no}`, false);
const expired = openSession(accounts.get(17), 0);

http.listen(0, "127.0.0.1", () => {
  const people = [...accounts.values()].map(({ no, user, staff }) => ({ no, user, staff }));
  console.log(JSON.stringify({ port: http.address().port, password, people, expired }));
});
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
