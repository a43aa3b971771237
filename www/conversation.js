// What is said in one call: both transcripts, their delays, and the session
// that tells of them. It is kept while another call is shown.

import { Transcript } from "./transcript.js";

const $ = (selector) => document.querySelector(selector);

export class Conversation extends EventTarget {
  #transcripts = { agent: new Transcript($("#log-agent")), customer: new Transcript($("#log-customer")) };
  #languages;
  #settle;
  /** The interpreting; null while there is none. */
  session = null;
  /** The delays from the end of the words to the first sound, of each speaker. */
  delays = { agent: [], customer: [] };

  /** Resolves once it is interpreted, or once it is clear that it is not. */
  decided = new Promise((resolve) => {
    this.#settle = resolve;
  });
  /** Whether it stays an ordinary call, as far as is known. */
  ordinary = false;
  #finished = false;
  /** The level of each side that gets less than was asked for. */
  degraded = {};

  /** @param {{ agent: string, customer: string }} languages BCP-47 tags */
  constructor(languages) {
    super();
    this.languages = languages;
  }

  get languages() {
    return this.#languages;
  }

  /** A call may be in other languages than the page's. */
  set languages({ agent, customer }) {
    this.#languages = { agent, customer };
    this.#transcripts.agent.languages = { said: agent, meant: customer };
    this.#transcripts.customer.languages = { said: customer, meant: agent };
  }

  /** The session, as long as it interprets. */
  get live() {
    return this.session?.state === "stopped" ? null : this.session;
  }

  /** It stays an ordinary call. */
  leave() {
    this.ordinary = true;
    this.#settle();
    this.#changed();
  }

  /** Whether the recorded people have said everything. */
  get finished() {
    return this.#finished;
  }

  finish() {
    this.#finished = true;
    this.#changed();
  }

  /** Puts its transcripts into the page. */
  show() {
    for (const transcript of Object.values(this.#transcripts)) transcript.show();
  }

  /** Shows what this session tells. `change` is fired for its state and delays, `problem` for what goes wrong. */
  follow(session) {
    this.session = session;
    this.ordinary = false;
    this.degraded = {};
    for (const type of ["transcript", "translation", "utterance", "echo"]) {
      session.addEventListener(type, ({ detail }) => this.#transcripts[detail.speaker][type](detail));
    }
    session.addEventListener("latency", ({ detail }) => {
      const delay = this.#transcripts[detail.speaker].latency(detail);
      if (delay === null) return;
      this.delays[detail.speaker].push(delay);
      this.#changed();
    });
    session.addEventListener("gap", ({ detail }) => this.#problem({
      code: "audio-lost", stage: "audio", speaker: detail.speaker, message: `${Math.round(detail.lostMs)} ms of sound were lost.`,
    }));
    session.addEventListener("error", ({ detail }) => {
      this.#settle();
      this.#problem(detail.error);
    });
    session.addEventListener("levelchange", ({ detail }) => {
      this.degraded = { ...this.degraded, [detail.speaker]: detail.error && detail.level };
      this.#changed();
    });
    const changed = () => {
      // People begin to talk once they are being interpreted.
      if (session.state !== "connecting") this.#settle();
      this.#changed();
    };
    session.addEventListener("statechange", changed);
    changed();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }

  #problem(error) {
    this.dispatchEvent(new CustomEvent("problem", { detail: error }));
  }
}
