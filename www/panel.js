// The controls around the conversation. What is set is kept between calls,
// except for what cuts somebody off: mute, hold and silence end with the call.

import { buildVolumes } from "./volumes.js";

const $ = (selector) => document.querySelector(selector);
const SPEAKERS = ["agent", "customer"];

export class Panel extends EventTarget {
  #desk;
  #session = null;
  #call = null;
  /** The sessions whose customer is muted. */
  #muted = new WeakSet();
  #enabled;

  /**
   * @param {object} config resolved configuration
   * @param {import("./desk.js").Desk | null} desk where calls are held and muted
   */
  constructor({ options }, desk) {
    super();
    this.#desk = desk;
    this.#enabled = { agent: options.agent.enabled ?? true, customer: options.customer.enabled ?? true };
    /** Every route's volume. */
    this.volumes = buildVolumes($("#volumes"), { ...clipNoise(options), ...options.volumes }, (route, value) => {
      this.#session?.setVolume(route, value);
    });
    for (const speaker of SPEAKERS) this.#enable(speaker);
    $("#mute-customer").addEventListener("click", () => this.#muteCustomer());
    $("#mute-agent").addEventListener("click", () => this.#desk.mute(!this.#desk.muted));
    $("#hold").addEventListener("click", () => this.#hold());
    $("#send").addEventListener("change", ({ target }) => this.#session?.send(target.value));
    $("#say").addEventListener("submit", (event) => this.#say(event));
    this.show(null, null);
  }

  /** Offers sentences in the say box. */
  suggest(sentences) {
    $("#say-lines").replaceChildren(...sentences.map((value) => Object.assign(document.createElement("option"), { value })));
  }

  /** Whether this speaker is to be interpreted. */
  enabled(speaker) {
    return this.#enabled[speaker];
  }

  /** Whether what this speaker says is being interpreted at the moment. */
  interprets(speaker) {
    const muted = speaker === "agent" ? this.#desk.muted : this.#muted.has(this.#session);
    return this.#enabled[speaker] && !muted && this.#call?.phase === "talking";
  }

  /** Works on this call and its session from now on; either may be missing. */
  show(call, session) {
    const next = session !== this.#session;
    this.#call = call;
    this.#session = session;
    for (const control of document.querySelectorAll("#send, #say input, #say button, #mute-customer")) {
      control.disabled = session === null;
    }
    const live = call?.phase === "talking" || call?.phase === "held";
    const held = call?.phase === "held";
    $("#hold").disabled = !live;
    press($("#hold"), held, held ? "Resume" : "Hold");
    const muted = Boolean(live && this.#desk.muted);
    $("#mute-agent").disabled = !live;
    press($("#mute-agent"), muted, muted ? "Muted" : "Mute");
    const silent = session !== null && this.#muted.has(session);
    press($("#mute-customer"), silent, silent ? "Muted" : "Mute");
    if (next) this.#begin();
  }

  /** A session begins with what is set here. */
  #begin() {
    if ($("#send").value === "silence") $("#send").value = "mix";
    if (!this.#session) return;
    this.#session.send($("#send").value);
    for (const [route, value] of Object.entries(this.volumes)) this.#session.setVolume(route, value);
  }

  #enable(speaker) {
    const chip = $(`#enable-${speaker}`);
    press(chip, this.#enabled[speaker]);
    chip.disabled = false;
    chip.addEventListener("click", () => {
      this.#enabled[speaker] = !this.#enabled[speaker];
      press(chip, this.#enabled[speaker]);
      this.#session?.enable(speaker, this.#enabled[speaker]);
    });
  }

  #muteCustomer() {
    const muted = !this.#muted.has(this.#session);
    if (muted) this.#muted.add(this.#session);
    else this.#muted.delete(this.#session);
    this.#session.mute("customer", muted);
    this.show(this.#call, this.#session);
  }

  /** Held calls are held by Connect; what follows comes back from there. */
  #hold() {
    this.#desk.hold(this.#call, this.#call.phase !== "held")
      .catch((error) => this.dispatchEvent(new CustomEvent("problem", { detail: error })));
  }

  #say(event) {
    event.preventDefault();
    const input = $("#say-text");
    const text = input.value.trim();
    if (!text) return;
    this.#session?.say("agent", text, { translate: $("#say-translate").checked });
    input.value = "";
  }
}

/** A clip is noise at its own level; the generated one is at full scale before its volume. */
function clipNoise({ comfortNoise }) {
  return comfortNoise?.clip ? { "comfort-noise-to-agent": 0.05, "comfort-noise-to-customer": 0.05 } : {};
}

function press(button, pressed, text) {
  button.setAttribute("aria-pressed", String(pressed));
  if (text) button.textContent = text;
}
