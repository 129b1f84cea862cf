// The Socket.IO connection of a session: one transport, a namespace for each system that has one. The token is in the
// payload of CONNECT. It comes back by itself; whoever listens is told each time it stands, and then reads again.

import { Unreachable } from "./session.js";
import { Manager } from "./vendor/socket.io.esm.min.js";

/** It begins by polling and goes on by WebSocket: so it stands, too, where something on the way lets none through. */
const OPTIONS = {
  transports: ["polling", "websocket"],
  reconnectionDelay: 300,
  reconnectionDelayMax: 3000,
  autoConnect: false,
};
const ACKNOWLEDGED_WITHIN = 10_000;

export class Connection {
  #manager = new Manager(location.origin, { ...OPTIONS });
  #sockets = new Map();
  #closed = false;

  /** `told` hears of each state: "Connecting...", "Connected" or "Offline". */
  constructor(session, told) {
    this.session = session;
    this.told = told;
    this.#manager.on("reconnect_attempt", () => this.told("Connecting..."));
  }

  /**
   * Listen in a namespace: `events` maps the names of events to what hears their argument, `opened` is called each time
   * the connection stands. `token` makes what CONNECT carries of the session's token, where it is not the token.
   */
  listen(namespace, { events = {}, opened = () => {}, token = (bare) => bare }) {
    const socket = this.#socket(namespace, token);
    for (const [name, heard] of Object.entries(events)) socket.on(name, heard);
    socket.on("connect", opened);
    if (socket.connected) opened();
  }

  /** Say something; gives what the server acknowledges it with, or throws. */
  async ask(namespace, name, argument) {
    const answer = await this.#sockets.get(namespace).timeout(ACKNOWLEDGED_WITHIN).emitWithAck(name, argument);
    if (answer?.error) throw new Error(answer.error.message);
    return answer;
  }

  /** Say something that nothing acknowledges. */
  say(namespace, name, argument) {
    this.#sockets.get(namespace).emit(name, ...(argument === undefined ? [] : [argument]));
  }

  /** Leave for good. */
  close() {
    this.#closed = true;
    for (const socket of this.#sockets.values()) {
      socket.removeAllListeners();
      socket.disconnect();
    }
    this.#manager.removeAllListeners();
  }

  #socket(namespace, token) {
    const known = this.#sockets.get(namespace);
    if (known) return known;
    const socket = this.#manager.socket(namespace, { auth: (give) => give({ token: token(this.session.token) }) });
    this.#sockets.set(namespace, socket);
    this.told("Connecting...");
    socket.on("connect", () => this.told(this.#stands() ? "Connected" : "Connecting..."));
    socket.on("disconnect", () => this.#lost(socket));
    socket.on("connect_error", () => this.#lost(socket));
    socket.connect();
    return socket;
  }

  /** Where the server has closed or refused it, Socket.IO does not come back: the session may be over. */
  async #lost(socket) {
    if (this.#closed) return;
    this.told("Offline");
    if (socket.active) return;
    try {
      await this.session.check();
      setTimeout(() => this.#closed || socket.connect(), OPTIONS.reconnectionDelayMax);
    } catch (error) {
      // Either the session has ended, and has told why, or nobody answered.
      if (error instanceof Unreachable) setTimeout(() => this.#lost(socket), OPTIONS.reconnectionDelayMax);
    }
  }

  #stands() {
    return [...this.#sockets.values()].every((socket) => socket.connected);
  }
}
