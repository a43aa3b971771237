// The controls beside the conversation. They keep their settings between calls
// and pass every change to the session of the current one.

import { buildVolumes } from "./volumes.js";

const $ = (selector) => document.querySelector(selector);

export class Panel extends EventTarget {
  #session = null;
  #muted = { agent: false, customer: false };
  #enabled;
  held = false;

  /**
   * @param {object} config resolved configuration
   * @param {string[]} suggestions sentences for the say box
   */
  constructor({ options }, suggestions) {
    super();
    this.#enabled = { agent: options.agent.enabled ?? true, customer: options.customer.enabled ?? true };
    /** Every route's volume. */
    this.volumes = buildVolumes($("#volumes"), { ...clipNoise(options), ...options.volumes }, (route, value) => {
      this.#session?.setVolume(route, value);
    });
    for (const speaker of ["agent", "customer"]) this.#toggles(speaker);
    $("#hold").addEventListener("click", () => this.#hold(!this.held));
    $("#send").addEventListener("change", ({ target }) => this.#session?.send(target.value));
    $("#say").addEventListener("submit", (event) => this.#say(event));
    for (const input of document.querySelectorAll("[name=listen]")) {
      input.addEventListener("change", () => this.#listen());
    }
    $("#say-lines").replaceChildren(...suggestions.map((value) => Object.assign(document.createElement("option"), { value })));
    this.#listen();
    this.session(null);
  }

  /** The speakers' settings for the next session. */
  enabled(speaker) {
    return this.#enabled[speaker];
  }

  /** Whether what this speaker says is being interpreted at the moment. */
  interprets(speaker) {
    return this.#enabled[speaker] && !this.#muted[speaker] && !this.held;
  }

  /** Works on this session from now on, or on none. */
  session(session) {
    this.#session = session;
    for (const control of document.querySelectorAll("#hold, #send, #say input, #say button, #mute-agent, #mute-customer")) {
      control.disabled = session === null;
    }
    if (session !== null) return;
    this.held = false;
    press($("#hold"), false, "Hold");
    $("#send").value = "mix";
    for (const speaker of ["agent", "customer"]) {
      this.#muted[speaker] = false;
      press($(`#mute-${speaker}`), false, "Mute");
    }
  }

  /** Resolves when the call is not on hold. */
  async resumed(signal) {
    while (this.held) {
      await new Promise((resolve, reject) => {
        this.addEventListener("hold", resolve, { once: true });
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
    }
  }

  #toggles(speaker) {
    const enable = $(`#enable-${speaker}`);
    const mute = $(`#mute-${speaker}`);
    press(enable, this.#enabled[speaker]);
    enable.addEventListener("click", () => {
      this.#enabled[speaker] = !this.#enabled[speaker];
      press(enable, this.#enabled[speaker]);
      this.#session?.enable(speaker, this.#enabled[speaker]);
    });
    mute.addEventListener("click", () => {
      this.#muted[speaker] = !this.#muted[speaker];
      press(mute, this.#muted[speaker], this.#muted[speaker] ? "Muted" : "Mute");
      this.#session?.mute(speaker, this.#muted[speaker]);
    });
  }

  #hold(held) {
    this.held = held;
    press($("#hold"), held, held ? "Resume" : "Hold");
    this.#session?.hold(held);
    this.dispatchEvent(new Event("hold"));
  }

  #say(event) {
    event.preventDefault();
    const input = $("#say-text");
    const text = input.value.trim();
    if (!text) return;
    this.#session?.say("agent", text, { translate: $("#say-translate").checked });
    input.value = "";
  }

  #listen() {
    const as = $("[name=listen]:checked").value;
    $("#agent-hears").muted = as === "customer";
    $("#customer-hears").muted = as === "agent";
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
