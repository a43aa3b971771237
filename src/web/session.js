import { guarded, guardedAsync, InterpreterError } from "./error.js";

/** Given to the constructor by `start` alone: sessions are made by `interpret()`. */
const KEY = Symbol();

/** So many utterances are remembered to say how long they took. */
const REMEMBERED = 200;

/** A running interpretation. The wasm handle behind it is not reachable from outside. */
export class InterpreterSession extends EventTarget {
  #handle;
  #state = "connecting";
  #levels = { agent: "original", customer: "original" };
  #delays = { agent: [], customer: [] };
  #ended;

  constructor(key) {
    super();
    if (key !== KEY) throw new TypeError("Illegal constructor: a session is made by interpret()");
  }

  /** @internal What the events of a session go to, and what gives it its handle and is the session then. */
  static open() {
    const session = new InterpreterSession(KEY);
    return [session.#receive.bind(session), (handle) => ((session.#handle = handle), session)];
  }

  /** @internal Makes a session; `page` is the wasm side's page object. */
  static async start(page, options) {
    const [emit, adopt] = InterpreterSession.open();
    return adopt(await guardedAsync(() => page.interpret(options, emit)));
  }

  #receive(type, detail, cause) {
    if (detail.error) detail.error = InterpreterError.from(detail.error, cause);
    if (type === "statechange") this.#state = detail.state;
    if (type === "levelchange") this.#levels[detail.speaker] = detail.level;
    if (type === "latency" && detail.marks.heardMs && detail.marks.capturedMs) {
      const delays = this.#delays[detail.speaker];
      delays.push(detail.marks.heardMs - detail.marks.capturedMs);
      if (delays.length > REMEMBERED) delays.shift();
    }
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  get state() {
    return this.#state;
  }
  level(speaker) {
    return of(this.#levels, speaker);
  }
  delays(speaker) {
    const sorted = of(this.#delays, speaker).toSorted((a, b) => a - b);
    const at = (part) => sorted[Math.ceil(part * sorted.length) - 1];
    return { count: sorted.length, p50Ms: at(0.5), p95Ms: at(0.95) };
  }
  get agentSpeech() {
    return this.#handle.agentSpeech;
  }
  get customerSpeech() {
    return this.#handle.customerSpeech;
  }
  attach(targets) {
    guarded(() => this.#handle.attach(targets));
  }
  replaceTrack(speaker, track) {
    guarded(() => this.#handle.replaceTrack(speaker, track));
  }
  setVolume(route, value) {
    guarded(() => this.#handle.setVolume(route, value));
  }
  volume(route) {
    return guarded(() => this.#handle.volume(route));
  }
  levels() {
    return guarded(() => this.#handle.levels());
  }
  mute(speaker, muted = true) {
    guarded(() => this.#handle.mute(speaker, muted));
  }
  hold(held) {
    guarded(() => this.#handle.hold(held));
  }
  enable(speaker, enabled) {
    guarded(() => this.#handle.enable(speaker, enabled));
  }
  configure(speaker, options) {
    guarded(() => this.#handle.configure(speaker, options));
  }
  say(speaker, text, { translate = false } = {}) {
    guarded(() => this.#handle.say(speaker, text, translate));
  }
  send(what, options) {
    return guardedAsync(() => this.#handle.send(what, options));
  }
  stop() {
    this.#ended ??= guardedAsync(() => this.#handle.stop());
    return this.#ended;
  }
}

function of(both, speaker) {
  if (Object.hasOwn(both, speaker)) return both[speaker];
  const message = 'speaker: expected "agent" or "customer"';
  throw new InterpreterError({ code: "invalid-option", stage: "options", field: "speaker", message });
}
