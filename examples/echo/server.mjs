// The echo of echo.yaml on Node's ws, at PORT (0: anywhere); it prints one line of JSON when it is ready. BUG plants a defect.
import { createRequire } from "node:module";

const { WebSocketServer } = createRequire(process.env.EVENTPROOF_NODE ?? import.meta.url)("ws");

const BUGS = new Set(["", "forgets-the-text", "takes-anything", "never-answers", "tells-everybody"]);
const bug = process.env.BUG ?? "";
if (!BUGS.has(bug)) throw new Error(`there is no bug ${bug}; there are ${[...BUGS].join(" ")}`);

function problem(said) {
  if (said === null || typeof said !== "object" || said.type !== "shout") return "Send a shout.";
  if (bug === "takes-anything") return "";
  if (!Number.isInteger(said.id) || said.id < 0) return "Give a number from 0 as id.";
  if (typeof said.text !== "string" || said.text.length > 100) return "Give a text of up to 100 letters.";
  return Object.keys(said).length === 3 ? "" : "Give type, id and text alone.";
}

const server = new WebSocketServer({ port: Number(process.env.PORT ?? 3001), host: "127.0.0.1", path: "/echo", maxPayload: 16384 });
server.on("connection", (socket) => {
  socket.on("error", () => socket.terminate());
  socket.on("message", (data) => {
    let said = null;
    try {
      said = JSON.parse(data.toString());
    } catch {}
    const why = problem(said);
    if (why) return socket.send(JSON.stringify({ type: "refused", why }));
    if (bug === "never-answers") return;
    const answer = { type: "echoed", id: said.id, text: said.text };
    if (bug === "forgets-the-text") delete answer.text;
    for (const each of bug === "tells-everybody" ? server.clients : [socket]) each.send(JSON.stringify(answer));
  });
});
server.on("listening", () => console.log(JSON.stringify({ port: server.address().port })));
process.stdin.resume().on("end", () => process.exit(0));
