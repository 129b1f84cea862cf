// The chat of chat.yaml on Node's socket.io. PORT is where it listens (0: anywhere); it prints one line of JSON when it is ready.
// BUG plants one of the defects below, for those who want to see the check find it.
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { createRequire } from "node:module";

const { Server } = createRequire(process.env.EVENTPROOF_NODE ?? import.meta.url)("socket.io");

const BUGS = new Set([
  "",
  "no-number", // message:new lacks a field
  "wrong-type", // its number is a text
  "unknown-event", // something is sent that the contract does not have
  "tells-everybody", // a room's messages reach all rooms
  "tells-nobody", // they reach nobody
  "tells-twice", // each of them comes twice
  "forgets-one", // they do not reach whoever joined last
  "no-acknowledgement", // message:post is not acknowledged
  "odd-acknowledgement", // its acknowledgement has no ok
  "no-acknowledgement-of-joining", // room:join is not acknowledged
  "takes-anything", // nothing is looked at before it is taken
  "lets-anybody-in", // a connection without a token is accepted
  "out-of-order", // now and then a message waits
]);
const bug = process.env.BUG ?? "";
if (!BUGS.has(bug)) throw new Error(`there is no bug ${bug}; there are ${[...BUGS].join(" ")}`);

const isText = (value, most) => typeof value === "string" && value !== "" && [...value].length <= most;
const fits = (value, fields) =>
  bug === "takes-anything" ||
  (value !== null &&
    typeof value === "object" &&
    Object.keys(value).length === Object.keys(fields).length &&
    Object.entries(fields).every(([name, most]) => isText(value[name], most)));

const counts = new Map();
const server = createServer((_, answer) => answer.writeHead(404).end());
const io = new Server(server, { serveClient: false });

io.use((socket, next) => {
  const name = socket.handshake.auth.token;
  if (!/^[a-z]+-[0-9]+$/.test(name ?? "") && bug !== "lets-anybody-in") return next(new Error("Say who you are."));
  socket.data.name = name ?? "nobody";
  next();
});

io.on("connection", (socket) => {
  if (bug === "unknown-event") socket.emit("server:hello", { at: Date.now() });

  socket.on("room:join", (asked, acknowledge) => {
    if (typeof acknowledge !== "function") return;
    if (!fits(asked, { roomId: 100 })) return acknowledge({ ok: false, error: "Name a room: roomId." });
    socket.join(asked.roomId);
    io.to(asked.roomId).emit("room:joined", { roomId: asked.roomId, who: socket.data.name });
    if (bug !== "no-acknowledgement-of-joining") acknowledge({ ok: true });
  });

  socket.on("message:post", (asked, acknowledge) => {
    if (typeof acknowledge !== "function") return;
    if (!fits(asked, { roomId: 100, text: 500 })) return acknowledge({ ok: false, error: "Give roomId and text." });
    const { roomId, text } = asked ?? {};
    const number = (counts.get(roomId) ?? 0) + 1;
    counts.set(roomId, number);
    const message = { id: randomUUID(), roomId, from: socket.data.name, text, number };
    if (bug === "no-number") delete message.number;
    if (bug === "wrong-type") message.number = String(number);
    const room = bug === "tells-everybody" ? io : io.to(roomId);
    if (bug === "forgets-one") {
      const last = [...(io.sockets.adapter.rooms.get(roomId) ?? [])].pop();
      room.except(last ?? "").emit("message:new", message);
    } else if (bug === "out-of-order" && number % 2 === 1) {
      setTimeout(() => room.emit("message:new", message), 150);
    } else if (bug !== "tells-nobody") {
      room.emit("message:new", message);
      if (bug === "tells-twice") room.emit("message:new", message);
    }
    if (bug !== "no-acknowledgement") acknowledge(bug === "odd-acknowledgement" ? { id: message.id } : { ok: true, id: message.id });
  });
});

server.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => {
  console.log(JSON.stringify({ port: server.address().port }));
});
process.stdin.resume().on("end", () => process.exit(0));
