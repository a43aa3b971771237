// The customer's phone: a page of the local stand-in in a frame, another end of
// the call with a peer connection of its own. This side asks and listens.

export class CustomerPhone extends EventTarget {
  #frame;
  #origin;
  #asked = new Map();
  /** `{ state: off | idle | waiting | ringing | connected | hold, contactId }`; changes are `change` events. */
  state = { state: "off", contactId: null };

  /**
   * @param {HTMLIFrameElement} frame
   * @param {string} url of the phone's page
   */
  constructor(frame, url) {
    super();
    this.#frame = frame;
    this.#origin = new URL(url).origin;
    window.addEventListener("message", (message) => this.#receive(message));
    frame.src = url;
  }

  #receive({ source, origin, data }) {
    if (source !== this.#frame.contentWindow || origin !== this.#origin || !data?.phone) return;
    const { id, result, error, state } = data.phone;
    if (state) {
      this.state = state;
      this.dispatchEvent(new Event("change"));
      return;
    }
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    if (error === undefined) asked?.resolve(result);
    else asked?.reject(new Error(`The customer’s phone: ${error}`));
  }

  #ask(method, ...args) {
    const id = crypto.randomUUID();
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject });
      this.#frame.contentWindow.postMessage({ phone: { id, method, args } }, this.#origin);
    });
  }

  /** Calls the agent; in a click, so that it may sound. */
  async call() {
    await this.#ask("on");
    await this.#ask("call");
  }

  /** Says a recording; resolves at its end, or when it was stopped. */
  play(recording) {
    return this.#ask("play", recording);
  }

  /** Ends what it says. */
  stop() {
    return this.#ask("stop");
  }

  /** Whether what the customer hears is heard here as well. */
  aloud(on) {
    return this.#ask("aloud", on);
  }
}
