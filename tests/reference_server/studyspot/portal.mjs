// A portal as the specification's hook writes it, with the official JavaScript client: it joins its rooms on every connect.
// Arguments: the folder of the npm packages, and {url, token, role, libraries, options} as JSON. What happens goes out as one
// JSON line each. A line on standard input: `drop` loses the connection, `wait` stays away until `back`.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [modules, settings] = process.argv.slice(2);
const { io } = createRequire(`${modules}/`)("socket.io-client");
const { url, token, role, libraries, options } = JSON.parse(settings);
const tell = (what, more = {}) => process.stdout.write(`${JSON.stringify({ what, ...more })}\n`);

const socket = io(url, { auth: { token }, reconnectionDelay: 50, reconnectionDelayMax: 50, ...options });
socket.on("connect", async () => {
  const answers = [await socket.emitWithAck("join:role", role)];
  for (const library of libraries) answers.push(await socket.emitWithAck("join:library", library));
  tell("joined", { answers, transport: socket.io.engine.transport.name });
});
socket.on("connect_error", (error) => tell("refused", { message: error.message }));
socket.on("disconnect", (reason) => tell("lost", { reason, active: socket.active }));
socket.onAny((name, payload) => tell("event", { name, payload }));

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  if (line === "drop") socket.io.engine.close();
  if (line === "wait") socket.io.reconnection(false), socket.io.engine.close();
  if (line === "back") socket.io.reconnection(true), socket.connect();
});
lines.on("close", () => process.exit(0));
