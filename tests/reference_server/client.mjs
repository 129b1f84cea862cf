// The official JavaScript client, for the tests: what happens to it goes out as one JSON line each.
// Arguments: the folder of the npm packages, and {url, token, namespaces, says, options} as JSON; `says` are the events,
// each a list of a name and an argument, that it sends once it has heard `connected`.
import { createRequire } from "node:module";

const [modules, settings] = process.argv.slice(2);
const { io } = createRequire(`${modules}/`)("socket.io-client");
const { url, token, namespaces, says, options } = JSON.parse(settings);

const tell = (what, more = {}) => process.stdout.write(`${JSON.stringify({ what, ...more })}\n`);

for (const namespace of namespaces) {
  const socket = io(url + namespace, { auth: { token }, reconnectionDelay: 50, reconnectionDelayMax: 50, ...options });
  socket.on("connect", () => tell("connect", { namespace, transport: socket.io.engine.transport.name }));
  socket.on("connect_error", (error) =>
    tell("refused", { namespace, message: error.message, data: error.data ?? null, active: socket.active }),
  );
  socket.on("disconnect", (reason) => tell("disconnect", { namespace, reason, active: socket.active }));
  socket.onAny((name, argument) => tell("event", { namespace, name, message: argument?.message }));
  socket.on("connected", () => says.forEach((event) => socket.emit(...event)));
  socket.on("ping", () => socket.emit("pong"));
  socket.io.on("open", () => {
    socket.io.engine.once("upgrade", (transport) => tell("upgrade", { transport: transport.name }));
    socket.io.engine.once("close", (reason) => tell("closed", { reason }));
  });
}
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
