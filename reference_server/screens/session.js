// Who is logged in, and calls in their name. The token lives in this tab and goes out in the header `Authorization`;
// it stands in no address and in no cookie.

const PLACE = "eventproof-session";
/** Codes that tell that a session is over; any other refusal is about the call alone. */
const OVER = new Set(["account_banned"]);

/** The server said no: `message` is its sentence. */
export class Refused extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The server did not answer. */
export class Unreachable extends Error {
  constructor() {
    super("The server cannot be reached: try again when you are online.");
  }
}

export class Session extends EventTarget {
  token = null;
  user = null;

  /** Log in. Throws Refused, with the sentence for the form. */
  async login(email, password) {
    const { token, user } = await this.#asked("POST", "/api/auth/login", { email, password });
    this.#begin(token, user);
  }

  /** Take up the session that this tab had before it was loaded again; false where there was none. */
  async resume() {
    const token = sessionStorage.getItem(PLACE);
    if (!token) return false;
    this.token = token;
    try {
      this.#begin(token, await this.#asked("GET", "/api/me"));
      return true;
    } catch (error) {
      if (error instanceof Unreachable) throw error;
      this.#forget();
      return false;
    }
  }

  /** End the session here and on the server. */
  async logout() {
    try {
      await this.#asked("POST", "/api/auth/logout");
    } catch {
      // It is over here in any case.
    }
    this.end("");
  }

  /** The session is over; `message` says why, for the login screen. A second time changes nothing. */
  end(message) {
    if (!this.token) return;
    this.#forget();
    this.dispatchEvent(new CustomEvent("ended", { detail: message }));
  }

  /** Call the server; gives what it answers. Throws Refused or Unreachable, and ends the session where it is over. */
  async call(method, path, body, headers = {}) {
    return this.#guarded(() => this.#asked(method, path, body, headers));
  }

  /** Open a stream: the answer itself, whose body goes on. Throws as `call` does. */
  async open(path, headers, signal) {
    return this.#guarded(() => this.#answer("GET", path, undefined, headers, signal));
  }

  /** Ask whether the session still is one, after a connection was closed or refused; ends it where it is none. */
  async check() {
    this.user = await this.call("GET", "/api/me");
  }

  async #guarded(ask) {
    const token = this.token;
    try {
      return await ask();
    } catch (error) {
      const over = error instanceof Refused && (error.status === 401 || OVER.has(error.code));
      if (over && token === this.token) this.end(error.message);
      throw error;
    }
  }

  async #asked(method, path, body, headers = {}) {
    const answer = await this.#answer(method, path, body, headers);
    if (answer.status === 204) return null;
    return answer.json().catch(() => {
      throw new Unreachable();
    });
  }

  async #answer(method, path, body, headers, signal) {
    const given = { ...headers };
    if (this.token) given.Authorization = `Bearer ${this.token}`;
    if (body !== undefined) given["Content-Type"] = "application/json";
    let answer;
    try {
      const sent = body === undefined ? undefined : JSON.stringify(body);
      answer = await fetch(path, {
        method,
        headers: given,
        body: sent,
        signal,
        cache: "no-store",
        credentials: "omit",
      });
    } catch {
      throw new Unreachable();
    }
    if (answer.ok) return answer;
    const said = await answer.json().catch(() => null);
    throw new Refused(
      answer.status,
      said?.error?.code ?? "",
      said?.error?.message ?? `The server answered ${answer.status}.`,
    );
  }

  #begin(token, user) {
    this.token = token;
    this.user = user;
    sessionStorage.setItem(PLACE, token);
    this.dispatchEvent(new Event("begun"));
  }

  #forget() {
    this.token = null;
    this.user = null;
    sessionStorage.removeItem(PLACE);
  }
}
