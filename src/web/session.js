import { guarded, guardedAsync, InterpreterError } from "./error.js";

/** Given to the constructor by `start` alone: sessions are made by `interpret()`. */
const KEY = Symbol();

/** A running interpretation. The wasm handle behind it is not reachable from outside. */
export class InterpreterSession extends EventTarget {
  #handle;
  #state = "connecting";
  #levels = { agent: "original", customer: "original" };
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
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  get state() {
    return this.#state;
  }
  level(speaker) {
    const level = this.#levels[speaker];
    if (level) return level;
    const message = 'speaker: expected "agent" or "customer"';
    throw new InterpreterError({ code: "invalid-option", stage: "options", field: "speaker", message });
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
