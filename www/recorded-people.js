// The people of the demo's recorded conversation: the customer speaks in the
// customer's phone, the agent through the virtual microphone, or the person at
// this desk does.

import { holdDialogue, Turn, turnsOf } from "./dialogue.js";

const $ = (selector) => document.querySelector(selector);

export class RecordedPeople {
  #phone;
  #microphone;
  #lines;
  #recordings = new Map();

  /**
   * @param {object} o
   * @param {import("./customer-phone.js").CustomerPhone} o.phone
   * @param {import("./virtual-microphone.js").VirtualMicrophone} o.microphone
   * @param {object[]} o.lines of lines.json
   */
  constructor({ phone, microphone, lines }) {
    this.#phone = phone;
    this.#microphone = microphone;
    this.#lines = lines;
    for (const { file } of lines) this.#recording(file);
  }

  /** A recording as a Blob: the customer's phone is of another origin. */
  #recording(file) {
    if (!this.#recordings.has(file)) {
      const loading = fetch(`lines/${file}`).then((answer) => {
        if (!answer.ok) throw new Error(`lines/${file}: HTTP ${answer.status}`);
        return answer.blob();
      });
      // Who plays it is told.
      loading.catch(() => {});
      this.#recordings.set(file, loading);
    }
    return this.#recordings.get(file);
  }

  /**
   * Holds the conversation to its end.
   *
   * @param {object} o
   * @param {() => InterpreterSession | null} o.session the call's interpreting, if it has any by now
   * @param {() => Promise<void>} o.ready resolves when the call is not on hold
   * @param {(speaker: string) => boolean} o.interprets whether this speaker is interpreted at the moment
   * @param {AbortSignal} o.signal ends it
   */
  async converse({ session, ready, interprets, signal }) {
    signal.addEventListener("abort", () => this.#hush(), { once: true });
    await holdDialogue({
      turns: turnsOf(this.#lines),
      session,
      ready,
      interpreted: ({ speaker }) => interprets(speaker),
      speak: (line) => this.#speak(line, session(), signal),
      signal,
    });
  }

  async #speak({ speaker, file }, session, signal) {
    if (speaker === "agent" && !this.#microphone.chosen) {
      await listenToPerson(session, signal);
      return;
    }
    const recording = await this.#recording(file);
    signal.throwIfAborted();
    await (speaker === "agent" ? this.#microphone : this.#phone).play(recording);
  }

  #hush() {
    this.#microphone.stop();
    void this.#phone.stop();
  }
}

/** The person's turn: over when something of it has been heard, or when they say so. */
async function listenToPerson(session, signal) {
  const button = $("#your-turn");
  button.hidden = false;
  const done = new AbortController();
  const pressed = new Promise((resolve) => {
    button.addEventListener("click", resolve, { signal: done.signal, once: true });
  });
  const heard = async () => {
    const over = AbortSignal.any([signal, done.signal]);
    while (!(await new Turn(session, "agent").over(over)));
  };
  const ended = new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  try {
    await Promise.race([pressed, ...(session ? [heard()] : []), ended]);
  } finally {
    done.abort();
    button.hidden = true;
  }
}
