// One call of the demo, from the click to hanging up: two people, their call,
// and the interpreting between them. The interpreting may fail; the call stays.

import { interpret } from "/pkg/index.js";
import { connectCall, playTrack } from "./call.js";
import { SpeechSource } from "./speech-source.js";

export class DemoCall {
  #context;
  #line;
  #ended = new AbortController();
  #elements;
  /** What each person says. */
  sources = {};
  /** The interpreting; null while there is none. */
  session = null;

  /**
   * Connects the call. To be called in the click that takes it.
   *
   * @param {{ agentHears: HTMLAudioElement, customerHears: HTMLAudioElement }} elements
   */
  static async take(elements) {
    const call = new DemoCall();
    call.#elements = elements;
    call.#context = new AudioContext();
    try {
      await call.#context.resume();
      call.sources = { agent: new SpeechSource(call.#context), customer: new SpeechSource(call.#context) };
      call.#line = await connectCall({
        agentTrack: call.sources.agent.track,
        customerTrack: call.sources.customer.track,
      });
      await Promise.all([
        playTrack(elements.agentHears, call.#line.atAgent),
        playTrack(elements.customerHears, call.#line.atCustomer),
      ]);
      return call;
    } catch (error) {
      await call.hangUp();
      throw error;
    }
  }

  /** The two ends: the agent's sender, what arrives at the agent and at the customer. */
  get line() {
    return this.#line;
  }

  /** Fires when the call is hung up. */
  get signal() {
    return this.#ended.signal;
  }

  /**
   * Puts the interpreting into the call.
   *
   * @param {object} options for interpret(), tracks and signal aside
   */
  async interpret(options) {
    const session = await interpret({
      ...options,
      agent: { ...options.agent, track: this.sources.agent.track },
      customer: { ...options.customer, track: this.#line.atAgent },
      signal: this.signal,
    });
    session.attach({ sender: this.#line.sender, audio: this.#elements.agentHears });
    this.session = session;
    return session;
  }

  /** Ends the interpreting and the call, and lets everything go. Any number of times. */
  async hangUp() {
    if (this.#ended.signal.aborted) return;
    const { session } = this;
    this.session = null;
    try {
      await session?.stop();
    } finally {
      this.#ended.abort();
      this.#line?.hangUp();
      for (const source of Object.values(this.sources)) source.close();
      for (const element of Object.values(this.#elements)) element.srcObject = null;
      await this.#context.close();
    }
  }
}
