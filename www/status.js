// The state of the call and what went wrong, in plain words.

import { explain, LEVELS, seconds, STATES } from "./words.js";

export class Status {
  #text = document.querySelector("#status .text");
  #root = document.querySelector("#status");
  #problems = document.querySelector("#problems");

  /** Shows one of the states of words.js, or its colour with the words of another. */
  show(state, name = state) {
    const sentence = STATES[name];
    this.#root.dataset.state = state;
    if (this.#text.textContent !== sentence) this.#text.textContent = sentence;
  }

  /** Shows an error and what to do about it; the same error is counted, not repeated. */
  problem(error) {
    const { what, advice } = explain(error);
    const same = [...this.#problems.children].find((item) => item.dataset.what === what);
    if (same) {
      const times = Number(same.dataset.times) + 1;
      same.dataset.times = String(times);
      same.querySelector(".times").textContent = `${times} times`;
      return;
    }
    const item = document.createElement("div");
    item.className = "problem";
    item.dataset.what = what;
    item.dataset.times = "1";
    const words = document.createElement("p");
    const strong = document.createElement("strong");
    strong.textContent = what;
    words.append(strong, advice ? ` ${advice}` : "");
    const times = document.createElement("span");
    times.className = "times";
    const close = document.createElement("button");
    close.type = "button";
    close.className = "quiet";
    close.textContent = "Dismiss";
    close.addEventListener("click", () => item.remove());
    item.append(words, times, close);
    this.#problems.append(item);
    while (this.#problems.children.length > 3) this.#problems.firstElementChild.remove();
  }

  /** Shows at each side what is heard instead of what cannot be given now. */
  ladder(levels) {
    for (const [speaker, words] of Object.entries(LEVELS)) {
      const place = document.querySelector(`#ladder-${speaker}`);
      const sentence = words[levels[speaker]] ?? "";
      if (place.textContent !== sentence) place.textContent = sentence;
    }
  }

  /** Shows the median of each side's delays. */
  delays(delays) {
    for (const speaker of ["agent", "customer"]) {
      const sorted = delays[speaker].toSorted((a, b) => a - b);
      const median = sorted[Math.floor((sorted.length - 1) / 2)];
      document.querySelector(`#delay-${speaker}`).textContent = median === undefined ? "–" : seconds(median);
    }
  }

  /** Forgets what went wrong. */
  clear() {
    this.#problems.replaceChildren();
  }
}
