// The echo of echo.yaml on Node's ws, at PORT (0: anywhere); it prints one line of JSON when it is ready. BUG plants a defect.
import { createRequire } from "node:module";

const { WebSocketServer } = createRequire(process.env.EVENTPROOF_NODE ?? import.meta.url)("ws");

const BUGS = new Set([
  "",
  "forgets-the-text", // echoed lacks a field
  "adds-a-field", // it has one more
  "wrong-type", // its id is a text
  "cries", // it says something else than what was said
  "another-id", // it answers another shout
  "another-name", // it is sent as echo
  "unknown-event", // something is sent that the contract does not have
  "never-answers", // nothing is said once more
  "tells-everybody", // it is said to everybody
  "one-letter-short", // the longest text is refused
  "takes-anything", // nothing is looked at before it is taken
]);
const bug = process.env.BUG ?? "";
if (!BUGS.has(bug)) throw new Error(`there is no bug ${bug}; there are ${[...BUGS].join(" ")}`);

function problem(said) {
  if (said === null || typeof said !== "object" || said.type !== "shout") return "Send a shout.";
  if (bug === "takes-anything") return "";
  if (!Number.isInteger(said.id) || said.id < 0) return "Give a number from 0 as id.";
  if (typeof said.text !== "string" || [...said.text].length > (bug === "one-letter-short" ? 99 : 100)) return "Give a text of up to 100 letters.";
  return Object.keys(said).length === 3 ? "" : "Give type, id and text alone.";
}

const server = new WebSocketServer({ port: Number(process.env.PORT ?? 3001), host: "127.0.0.1", path: "/echo", maxPayload: 16384 });
server.on("connection", (socket) => {
  socket.on("error", () => socket.terminate());
  if (bug === "unknown-event") socket.send(JSON.stringify({ type: "welcome" }));
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
    if (bug === "adds-a-field") answer.at = Date.now();
    if (bug === "wrong-type") answer.id = String(answer.id);
    if (bug === "cries") answer.text = `${answer.text}!`;
    if (bug === "another-id") answer.id += 1;
    if (bug === "another-name") answer.type = "echo";
    for (const each of bug === "tells-everybody" ? server.clients : [socket]) each.send(JSON.stringify(answer));
  });
});
server.on("listening", () => console.log(JSON.stringify({ port: server.address().port })));
process.stdin.resume().on("end", () => process.exit(0));
