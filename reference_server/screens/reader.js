// Reads what a screen shows by REST: at the start, and whenever a connection stands again.

import { Unreachable } from "./session.js";

const AGAIN = 2000;

/**
 * One reading at a time. An event that comes meanwhile may be newer than the answer on its way, so there is another
 * reading behind it: what is shown in the end is never older than what was told.
 */
export class Reader {
  #busy = false;
  #again = false;
  #closed = false;

  constructor(read, failed) {
    this.reading = read;
    this.failed = failed;
  }

  async read() {
    this.#again = true;
    if (this.#busy) return;
    this.#busy = true;
    try {
      while (this.#again && !this.#closed) {
        this.#again = false;
        await this.reading();
      }
    } catch (error) {
      if (this.#closed) return;
      if (error instanceof Unreachable) setTimeout(() => this.read(), AGAIN);
      else this.failed(error.message);
    } finally {
      this.#busy = false;
    }
  }

  /** An event was told. */
  told() {
    if (this.#busy) this.#again = true;
  }

  close() {
    this.#closed = true;
  }
}
