import { settingsFromAttributes } from "./attributes.js";
import { guarded, guardedAsync, InterpreterError } from "./error.js";
import { InterpreterSession } from "./session.js";

/** Given to the constructor by `connect` alone: softphones are made by `connectSoftphone()`. */
const KEY = Symbol();

/** The calls of an Amazon Connect desktop. The wasm handle behind it is not reachable from outside. */
export class Softphone extends EventTarget {
  static #watching = new Set();
  #handle;
  #sessions = new Map();
  #ended;

  constructor(key) {
    super();
    if (key !== KEY) throw new TypeError("Illegal constructor: a softphone is made by connectSoftphone()");
  }

  /** @internal Makes a softphone; `page` is the wasm side's page object. */
  static connect(page, connect, { settings, attributes = settingsFromAttributes, otherParty, autoStart = true }) {
    const softphone = new Softphone(KEY);
    const hooks = {
      settings: async (contact) => {
        const chosen = await settings(contact);
        return chosen && attributes(chosen, contact.attributes);
      },
      otherParty: (contact, party) => otherParty?.(contact, party),
      open: () => InterpreterSession.open(),
      emit: (type, detail) => softphone.#receive(type, detail),
    };
    softphone.#handle = guarded(() => page.connectSoftphone(connect, hooks, autoStart));
    Softphone.#watching.add(softphone);
    return softphone;
  }

  /** @internal */
  static async stopAll() {
    await Promise.all([...Softphone.#watching].map((softphone) => softphone.stop()));
  }

  #receive(type, detail) {
    if (detail.error) detail.error = InterpreterError.from(detail.error);
    const { contactId, phase } = detail.contact ?? {};
    if (type === "session") this.#sessions.set(contactId, detail.session);
    if (phase === "over") this.#sessions.delete(contactId);
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  get contacts() {
    return this.#handle.contacts;
  }
  session(contactId) {
    return this.#sessions.get(contactId);
  }
  interpret(contactId) {
    guarded(() => this.#handle.interpret(contactId));
  }
  stop() {
    Softphone.#watching.delete(this);
    this.#ended ??= guardedAsync(() => this.#handle.stop());
    return this.#ended;
  }
}
