// Node's socket.io-client, as it comes, but on WebSockets alone. Prints one JSON line, as benchmarks/clients/measuring.py
// does. Its arguments are the tap's address, how many connections, messages a second, seconds, the message and its group.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(new URL("../../tests/js/", import.meta.url));
const { io } = require("socket.io-client");

const [url, users, rate, seconds, message, group] = process.argv.slice(2);
const AT_ONCE = 64;
const latencies = [];
const sockets = [];
// The monotonic clock that the tap stamps with; process.hrtime() is the same one.
const monotonic = () => Number(process.hrtime.bigint()) / 1e9;
const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const memory = () => { global.gc(); return Number(readFileSync("/proc/self/statm", "utf8").split(" ")[1]) * 4096; };
const processor = () => { const used = process.cpuUsage(); return (used.user + used.system) / 1e6; };
const percentile = (share) => latencies[Math.ceil(latencies.length * share) - 1] * 1e3;

async function comeIn(tokens) {
  const waiting = [...tokens];
  const one = async () => {
    for (let token; (token = waiting.shift());) {
      const socket = io(url, { transports: ["websocket"], auth: { token }, forceNew: true, reconnection: false });
      sockets.push(socket);
      socket.on("order:updated", (data) => latencies.push(monotonic() - Number(data.trackingNumber)));
      await new Promise((done, failed) => { socket.once("connect", done); socket.once("connect_error", failed); });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}

const names = (kind, count) => Array.from({ length: count }, (_, number) => `${kind}-${number}`);
await comeIn(names("warm", 50));
let usedBefore = processor();
const memoryBefore = memory();
usedBefore = processor();
await comeIn(names("crowd", Number(users)));
const connecting = processor() - usedBefore;
const added = memory() - memoryBefore;

const expected = Math.floor(Number(rate) * Number(seconds));
usedBefore = processor();
const asked = new URLSearchParams({ rate, seconds, group, from: String(monotonic() + 1) });
const poured = await (await fetch(`${url}/pour?${asked}`, { method: "POST", body: message })).json();
while (latencies.length < expected) await pause(10);
const pouring = processor() - usedBefore;
latencies.sort((one, other) => one - other);
console.log(JSON.stringify({
  kilobytes: added / users / 1024,
  connect: (connecting * 1000) / users,
  message: (pouring * 1e6) / latencies.length,
  p50: percentile(0.5),
  p99: percentile(0.99),
  rate: poured.rate,
}));
process.exit(0);
