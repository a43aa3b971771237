// One side's transcript: a card per stretch of speech, the words on the left,
// their translation beside them, in place while they change.

import { explain, OUTCOMES, seconds } from "./words.js";

const SETTLED = ["spoken", "caption", "failed", "dropped"];

export class Transcript {
  #log;
  #list = document.createElement("ol");
  /** `{ said, meant }`: BCP-47 tags. */
  languages = {};
  #cards = new Map();
  #utterances = new Map();

  /** @param {HTMLElement} log the role="log" region, with an <ol> in it for the call that is shown */
  constructor(log) {
    this.#log = log;
  }

  /** Takes the place of the call that was shown before. */
  show() {
    this.#log.querySelector("ol").replaceWith(this.#list);
    this.#log.classList.toggle("started", this.#cards.size > 0);
    this.#log.scrollTop = this.#log.scrollHeight;
  }

  /** A `transcript` event. */
  transcript({ resultId, text, isPartial, engine }) {
    const card = this.#card(`result ${resultId}`);
    // What was shown came to nothing, and nothing was translated of it.
    if (!isPartial && !text && card.utterances.length === 0) {
      this.#remove(card);
      return;
    }
    card.said.textContent = text;
    card.element.dataset.state = isPartial ? "partial" : "final";
    this.#engine(card, "recognised", engine);
    this.#follow();
  }

  /** A `translation` event. */
  translation({ utteranceId, resultId, sourceText, text, engine }) {
    const utterance = this.#utterance(utteranceId, resultId);
    utterance.element.textContent = text;
    utterance.element.title = sourceText;
    if (resultId === undefined) {
      utterance.card.said.textContent = sourceText;
      utterance.card.element.dataset.state = "final";
      utterance.card.element.classList.add("typed");
    }
    this.#engine(utterance.card, "translated", engine);
    this.#follow();
  }

  /** An `utterance` event. */
  utterance({ utteranceId, outcome, error, engine }) {
    const utterance = this.#utterance(utteranceId);
    utterance.outcome = outcome;
    utterance.element.dataset.outcome = outcome;
    if (error) utterance.reason = explain(error).what;
    this.#engine(utterance.card, "spoken", engine);
    this.#summarize(utterance.card);
    this.#follow();
  }

  /** An `echo` event: what was shown was nobody's words. */
  echo({ resultId }) {
    const card = this.#cards.get(`result ${resultId}`);
    if (card?.utterances.length === 0) this.#remove(card);
  }

  /** A `latency` event. Gives the delay from the end of the words to the first sound, if both happened. */
  latency({ utteranceId, marks }) {
    const { capturedMs, heardMs } = marks;
    if (capturedMs === undefined || heardMs === undefined) return null;
    const utterance = this.#utterance(utteranceId);
    utterance.delay = heardMs - capturedMs;
    this.#summarize(utterance.card);
    return utterance.delay;
  }

  /** A card's summary: what became of it, and how late it was heard. */
  #summarize(card) {
    const utterances = card.utterances.map((id) => this.#utterances.get(id));
    const worst = ["failed", "caption", "dropped", "committed", "speaking", "spoken"]
      .find((outcome) => utterances.some((utterance) => utterance.outcome === outcome));
    const reason = utterances.find((utterance) => utterance.reason)?.reason;
    card.outcome.dataset.outcome = worst ?? "";
    card.outcome.textContent = worst ? OUTCOMES[worst] + (reason ? `: ${reason}` : "") : "";
    card.element.dataset.settled = String(utterances.every(({ outcome }) => SETTLED.includes(outcome)));
    const delays = utterances.map(({ delay }) => delay).filter((delay) => delay !== undefined);
    card.delay.textContent = delays.map((delay) => `+${seconds(delay)}`).join(" ");
    card.delay.title = "From the end of the words to the first sound of their translation";
  }

  #engine(card, step, engine) {
    if (!engine) return;
    card.engineNames[step] = engine;
    card.engines.textContent = ["recognised", "translated", "spoken"]
      .filter((name) => card.engineNames[name])
      .map((name) => `${name} by ${card.engineNames[name]}`)
      .join(" · ");
  }

  #utterance(id, resultId) {
    const known = this.#utterances.get(id);
    if (known && (resultId === undefined || known.card.key === `result ${resultId}`)) return known;
    // An utterance is announced before the translation that names its result:
    // it waits in a card of its own and moves when the result is known.
    const card = this.#card(resultId === undefined ? `utterance ${id}` : `result ${resultId}`);
    const utterance = known ?? { element: make("span", "piece") };
    if (known) this.#leave(known, id);
    utterance.card = card;
    utterance.element.dataset.utterance = id;
    card.utterances.push(id);
    card.meant.append(utterance.element, " ");
    this.#utterances.set(id, utterance);
    return utterance;
  }

  #leave(utterance, id) {
    const { card } = utterance;
    card.utterances = card.utterances.filter((other) => other !== id);
    if (card.utterances.length > 0 || !card.key.startsWith("utterance")) return;
    this.#remove(card);
  }

  #remove(card) {
    card.element.remove();
    this.#cards.delete(card.key);
  }

  #card(key) {
    const known = this.#cards.get(key);
    if (known) return known;
    const element = make("li", "line");
    const said = make("p", "said");
    const meant = make("p", "meant");
    const foot = make("p", "made");
    for (const [paragraph, language] of [[said, this.languages.said], [meant, this.languages.meant]]) {
      paragraph.lang = language;
      paragraph.dir = "auto";
    }
    const [outcome, delay, engines] = ["outcome", "delay", "engines"].map((name) => make("span", name));
    foot.append(outcome, " ", delay, " ", engines);
    element.append(said, meant, foot);
    element.dataset.state = "partial";
    const card = { key, element, said, meant, outcome, delay, engines, engineNames: {}, utterances: [] };
    this.#cards.set(key, card);
    this.#list.append(element);
    if (this.#list.isConnected) this.#log.classList.add("started");
    return card;
  }

  /** Keeps the newest line in view unless the reader has scrolled up. */
  #follow() {
    if (!this.#list.isConnected) return;
    const { scrollHeight, scrollTop, clientHeight } = this.#log;
    if (scrollHeight - scrollTop - clientHeight < 160) this.#log.scrollTop = scrollHeight;
  }
}

function make(name, className) {
  const element = document.createElement(name);
  element.className = className;
  return element;
}
