// The official Socket.IO server with the behaviour that tests/client/conftest.py gives the Python one.
// Prints one line of JSON when ready: the ports of a patient server, of one with short heartbeats, and
// of one with connection state recovery.
import { createServer } from "node:http";
import { Server } from "socket.io";

function serve(options) {
  const http = createServer();
  const io = new Server(http, { cors: { origin: "*" }, ...options });
  for (const name of ["/", "/me"]) {
    const namespace = io.of(name);
    namespace.use((socket, next) => {
      if (socket.handshake.auth.token !== "refuse-this-token") return next();
      const error = new Error("this token is refused");
      error.data = { code: "token_invalid" };
      next(error);
    });
    namespace.on("connection", welcome);
  }
  return new Promise((ready) => http.listen(0, "127.0.0.1", () => ready(http.address().port)));
}

function welcome(socket) {
  socket.on("whoami", (ack) => ack(socket.handshake.auth));
  socket.on("echo", (...args) => {
    const ack = args.pop();
    socket.emit("echoed", ...args);
    ack(...args);
  });
  socket.on("tell", (...args) => socket.emit("told", ...args));
  socket.on("ask", () => {
    socket.timeout(5000).emit("question", { x: Buffer.from([0, 1]) }, (_error, answer) => socket.emit("answer", answer));
  });
  socket.on("burst", (start, end) => {
    for (let number = start; number < end; number++) socket.emit("number", number);
  });
  socket.on("tell-room", (room, ...args) => socket.nsp.to(room).emit("told", ...args));
  socket.on("join-room", (room, ack) => { socket.join(room); ack(); });
  socket.on("tell-volatile", (...args) => socket.volatile.emit("told", ...args));
  socket.on("leave-me", () => socket.disconnect());
  socket.on("goodbye", () => {
    socket.emit("farewell", "goodbye");
    socket.disconnect(true);
  });
}

const port = await serve({ pingInterval: 25000, pingTimeout: 20000 });
const brisk = await serve({ pingInterval: 1000, pingTimeout: 1000 });
const recovering = await serve({ pingInterval: 25000, pingTimeout: 20000, connectionStateRecovery: {} });
console.log(JSON.stringify({ port, brisk, recovering }));
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
