// Server-Sent Events, read with `fetch`: a browser's EventSource can set no header, and the token belongs in one. It
// does what EventSource does: the framing of the HTML standard (9.2.6), a return after a while with `Last-Event-ID`.

import { Refused } from "./session.js";

/** Milliseconds without a byte, not even a comment, after which a stream is given up. */
const SILENT = 60_000;

/** The events in the pieces of a stream. */
export class Decoder {
  #rest = "";
  #data = [];
  #name = "";
  id = "";
  retry = 3000;

  /** The events that end in this piece: `{name, data, id}`. */
  feed(piece) {
    const text = this.#rest + piece;
    const whole = text.endsWith("\r") ? text.slice(0, -1) : text;
    const lines = whole.split(/\r\n|\n|\r/);
    this.#rest = lines.pop() + text.slice(whole.length);
    return lines.map((line) => this.#line(line)).filter((event) => event !== null);
  }

  #line(line) {
    if (line === "") return this.#event();
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") this.#data.push(value);
    else if (name === "event") this.#name = value;
    else if (name === "id" && !value.includes("\0")) this.id = value;
    else if (name === "retry" && /^\d+$/.test(value)) this.retry = Number(value);
    return null;
  }

  #event() {
    const [data, name] = [this.#data, this.#name || "message"];
    this.#data = [];
    this.#name = "";
    return data.length ? { name, data: data.join("\n"), id: this.id } : null;
  }
}

/** Follow a stream until `close` is called: `heard` gets each event, `lost` is told when it breaks. */
export class Stream {
  #closed = false;
  #abort = new AbortController();
  #wake = () => {};
  #last = "";
  #retry = 3000;

  constructor(session, path, { heard, lost }) {
    Object.assign(this, { session, path, heard, lost });
    this.isOffline = () => this.#abort.abort();
    this.isOnline = () => this.#wake();
    addEventListener("offline", this.isOffline);
    addEventListener("online", this.isOnline);
    this.#run();
  }

  close() {
    this.#closed = true;
    removeEventListener("offline", this.isOffline);
    removeEventListener("online", this.isOnline);
    this.#abort.abort();
    this.#wake();
  }

  async #run() {
    while (!this.#closed) {
      this.#abort = new AbortController();
      try {
        await this.#read();
      } catch (error) {
        if (error instanceof Refused && error.status < 500 && error.status !== 429) return this.#refused();
      }
      if (this.#closed) return;
      this.lost();
      await this.#pause();
    }
  }

  /** The server will not have it, now or later. */
  #refused() {
    if (!this.#closed) this.lost();
    this.close();
  }

  async #read() {
    const headers = this.#last ? { "Last-Event-ID": this.#last } : {};
    const answer = await this.session.open(this.path, headers, this.#abort.signal);
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    const decoder = new Decoder();
    decoder.id = this.#last;
    for (;;) {
      const silence = setTimeout(() => this.#abort.abort(), SILENT);
      const { done, value } = await reader.read().finally(() => clearTimeout(silence));
      if (done) return;
      for (const event of decoder.feed(value)) this.heard(event);
      this.#last = decoder.id;
      this.#retry = decoder.retry;
    }
  }

  #pause() {
    return new Promise((resolve) => {
      this.#wake = resolve;
      setTimeout(resolve, this.#retry);
    });
  }
}
