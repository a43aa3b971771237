// The recorded people's dialogue. Nobody speaks before the other side has
// finished hearing: a turn ends when what was said has been recognised to its
// end and every piece of it has been heard (or has failed), as the session's
// events tell.

/** The pause between hearing the end of a translation and answering. */
const BREATH_MS = 700;
/** How long a person who got no answer at all waits before going on. */
const PATIENCE_MS = 10_000;

const SETTLED = new Set(["spoken", "caption", "failed", "dropped"]);

/** Alternates both sides' lines, each in its own order, whoever is first in the file first. */
export function turnsOf(lines) {
  const first = lines[0]?.speaker ?? "customer";
  const sides = [first, first === "customer" ? "agent" : "customer"]
    .map((speaker) => lines.filter((line) => line.speaker === speaker));
  const length = Math.max(...sides.map((side) => side.length));
  return Array.from({ length }, (_, i) => sides.map((side) => side[i]).filter(Boolean)).flat();
}

/** Follows one speaker's words through the session, from now on. */
export class Turn {
  #session;
  #speaker;
  #results = new Map();
  #outcomes = new Map();
  #listening = new AbortController();
  #changed = () => {};

  constructor(session, speaker) {
    this.#session = session;
    this.#speaker = speaker;
    const listen = (type, take) => session.addEventListener(type, ({ detail }) => {
      if (detail.speaker !== speaker) return;
      take(detail);
      this.#changed();
    }, { signal: this.#listening.signal });
    listen("transcript", ({ resultId, isPartial }) => this.#results.set(resultId, isPartial));
    listen("utterance", ({ utteranceId, outcome }) => this.#outcomes.set(utteranceId, outcome));
  }

  /** Whether something was recognised and all of it has been dealt with. */
  get settled() {
    return this.#results.size > 0
      && ![...this.#results.values()].includes(true)
      && [...this.#outcomes.values()].every((outcome) => SETTLED.has(outcome));
  }

  /**
   * Resolves with true when it has stayed settled for a breath, with false
   * when nothing has happened for as long as anybody's patience.
   */
  async over(signal) {
    try {
      for (;;) {
        const settled = this.settled;
        const change = new Promise((resolve) => {
          this.#changed = resolve;
        });
        const quiet = await Promise.race([
          change.then(() => false),
          pause(settled ? BREATH_MS : PATIENCE_MS, signal).then(() => true),
        ]);
        if (quiet) return settled;
        signal.throwIfAborted();
      }
    } finally {
      this.close();
    }
  }

  /** Stops following. */
  close() {
    this.#listening.abort();
  }
}

/**
 * Plays the dialogue to its end.
 *
 * @param {object} o
 * @param {object[]} o.turns of {@link turnsOf}
 * @param {() => EventTarget | null} o.session the interpreting at the moment, or null in an ordinary call
 * @param {(line: object) => Promise<void>} o.speak plays a line to its end
 * @param {() => Promise<void>} o.ready resolves when the call is not on hold
 * @param {(line: object) => boolean} o.interpreted whether this speaker is interpreted at the moment
 * @param {AbortSignal} o.signal ends it
 */
export async function holdDialogue({ turns, session, speak, ready, interpreted, signal }) {
  for (const line of turns) {
    await ready();
    signal.throwIfAborted();
    const current = session();
    const turn = current && new Turn(current, line.speaker);
    await speak(line);
    signal.throwIfAborted();
    if (turn && interpreted(line)) {
      await turn.over(signal);
    } else {
      turn?.close();
      await pause(BREATH_MS, signal);
    }
  }
}

/** A pause that an abort ends with its reason. */
export function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const end = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", end);
      resolve();
    }, ms);
    signal.addEventListener("abort", end, { once: true });
  });
}
