// The login at the hosted pages of an Amazon Cognito user pool: authorization
// code with PKCE. Tokens are in this module's memory and nowhere else: a
// reload forgets them, and the hosted pages know who it was for a while.

/** What has to outlive the way to the hosted pages and back; it is no token. */
const PENDING = "connect-interpreter.login";
/** A token is renewed so long before its end. */
const AHEAD_MS = 300_000;
/** A renewal takes no longer: who waits for credentials waits for 10 s. */
const RENEWAL_MS = 5_000;
const EXCHANGE_MS = 30_000;

/** A login failed; `advice` says what to do. */
export class LoginError extends Error {
  name = "LoginError";
  constructor(message, advice = "Log in again.", options = undefined) {
    super(message, options);
    this.advice = advice;
  }
}

/** What was kept for the way back; null where there is nothing of ours. */
function takePending() {
  try {
    const kept = sessionStorage.getItem(PENDING);
    sessionStorage.removeItem(PENDING);
    return JSON.parse(kept);
  } catch {
    return null; // no storage, or something else in it: the answer is refused
  }
}

/**
 * What the hosted pages have answered; null when nobody comes from there. It
 * takes the answer out of the address bar and the history, and forgets what was
 * kept for it.
 */
export function takeAnswer() {
  const pending = takePending();
  const url = new URL(location.href);
  const [code, state, error, description] = ["code", "state", "error", "error_description"].map((name) => {
    const value = url.searchParams.get(name);
    url.searchParams.delete(name);
    return value;
  });
  if (code === null && error === null) return null;
  history.replaceState(history.state, "", url);
  return { code, state, error, description, pending };
}

/**
 * Somebody's login. Events: `change`, when somebody else is logged in or
 * whether it can be renewed has changed; `problem` with a {@link LoginError},
 * each time that a renewal fails.
 */
export class Login extends EventTarget {
  #domain;
  #clientId;
  /** `{ id, refresh, endsMs, name }` of who is logged in. */
  #tokens = null;
  #renewal = null;
  #failing = false;

  /** @param {{ domain: string, clientId: string }} pool the URL of its domain, and an app client without a secret */
  constructor({ domain, clientId }) {
    super();
    this.#domain = domain;
    this.#clientId = clientId;
  }

  /** Who is logged in, to show; null for nobody. */
  get name() {
    return this.#tokens?.name ?? null;
  }

  /** Whether the last renewal has failed. */
  get failing() {
    return this.#failing;
  }

  /** Leaves the page for the hosted pages. */
  async begin() {
    if (!crypto.subtle) throw new LoginError("A login needs a page that is served over HTTPS.", "");
    const verifier = random();
    const state = random();
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
    sessionStorage.setItem(PENDING, JSON.stringify({ state, verifier }));
    location.assign(this.#url("oauth2/authorize", {
      response_type: "code",
      client_id: this.#clientId,
      redirect_uri: ownUrl(),
      scope: "openid",
      state,
      code_challenge: base64url(new Uint8Array(digest)),
      code_challenge_method: "S256",
    }));
  }

  /**
   * Redeems the answer of the hosted pages.
   *
   * @param {object} answer of {@link takeAnswer}
   */
  async finish({ code, state, error, description, pending }) {
    // Before anything of it is believed or shown.
    if (!pending || state !== pending.state) {
      throw new LoginError("The answer does not belong to a login that this page has begun, and was not used.");
    }
    if (code === null) throw new LoginError(`The login was refused: ${description ?? error}.`);
    this.#take(await this.#ask(EXCHANGE_MS, {
      grant_type: "authorization_code", code, redirect_uri: ownUrl(), code_verifier: pending.verifier,
    }));
  }

  /** An ID token that is valid; renewed first when its end is near. */
  async token() {
    if (!this.#tokens) throw new LoginError("Nobody is logged in.", "Log in.");
    if (Date.now() + AHEAD_MS < this.#tokens.endsMs) return this.#tokens.id;
    this.#renewal ??= this.#renew().finally(() => {
      this.#renewal = null;
    });
    await this.#renewal;
    if (this.#tokens && Date.now() < this.#tokens.endsMs) return this.#tokens.id;
    throw new LoginError("The login has ended.", "Log in again after this call.");
  }

  /** Leaves the page for the hosted pages, which forget who it was and come back. */
  logOut() {
    this.#tokens = null;
    location.assign(this.#url("logout", { client_id: this.#clientId, logout_uri: ownUrl() }));
  }

  async #renew() {
    try {
      this.#take(await this.#ask(RENEWAL_MS, { grant_type: "refresh_token", refresh_token: this.#tokens.refresh }));
    } catch (cause) {
      // The old token is good until its end, and what it gave even longer.
      this.#failing = true;
      this.dispatchEvent(new Event("change"));
      const error = new LoginError(`The login cannot be renewed. ${cause.message}`, "Log in again after this call.", { cause });
      this.dispatchEvent(new CustomEvent("problem", { detail: error }));
    }
  }

  #take({ id_token: id, refresh_token: refresh = this.#tokens?.refresh }) {
    const { exp, iat, name, email, "cognito:username": username } = claims(id);
    // Counted from now: this computer's clock may be wrong.
    const endsMs = Date.now() + (exp - iat) * 1000;
    this.#tokens = { id, refresh, endsMs, name: name ?? email ?? username ?? "Agent" };
    this.#failing = false;
    this.dispatchEvent(new Event("change"));
  }

  async #ask(withinMs, form) {
    let answer;
    let body;
    try {
      answer = await fetch(this.#url("oauth2/token"), {
        method: "POST",
        body: new URLSearchParams({ client_id: this.#clientId, ...form }),
        credentials: "omit",
        cache: "no-store",
        signal: AbortSignal.timeout(withinMs),
      });
      body = await answer.json();
    } catch (cause) {
      throw new LoginError("The user pool does not answer.", "Check the connection, and log in again.", { cause });
    }
    if (!answer.ok) throw new LoginError(`The user pool refuses: ${body?.error} (HTTP ${answer.status}).`);
    return body;
  }

  #url(path, query = {}) {
    const url = new URL(`${this.#domain}/${path}`);
    url.search = new URLSearchParams(query);
    return url;
  }
}

/** Where the hosted pages come back to: this page, as it is registered with the pool. */
function ownUrl() {
  return location.origin + location.pathname;
}

/** 32 random bytes. */
function random() {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** What a token says. Nothing is decided by it here, so that its signature is the services' to check. */
function claims(token) {
  try {
    const payload = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(payload), (letter) => letter.charCodeAt(0));
    const read = JSON.parse(new TextDecoder().decode(bytes));
    if (read.exp > read.iat) return read;
  } catch {
    // Falls through to the one refusal below.
  }
  throw new LoginError("The user pool gave no ID token.", "Its app client must allow the scope openid.");
}
