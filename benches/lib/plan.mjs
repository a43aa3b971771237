// What the two people of a bench say, and when: seeded, so that every policy
// of a run hears the same call.

import { WORD_S, random } from "./pilot.mjs";

/** Seconds of quiet before the first utterance. */
const LEAD_S = 1;

/**
 * The scenario "turns": utterances of 0.32 to 3.84 s (1 to 12 words) with
 * pauses of 0.8 s and more.
 *
 * A pause is long enough that even a client that waits for whole clips (whose
 * delay grows with the clip) does not queue its answers: the delay measured is
 * the policy's, not a backlog's.
 *
 * @returns {{seed: number, seconds: number, utterances: {id: number, startS: number, endS: number, words: number[]}[]}}
 *   `words` count on over the whole speech; what is sent is the count mod 64.
 */
export function turns({ seed, utterances }) {
  const next = random(seed);
  const lengths = Array.from({ length: utterances }, () => 1 + Math.floor(12 * next() ** 1.6));
  let at = LEAD_S + next() * 1.5;
  let word = 0;
  const said = lengths.map((count, id) => {
    const startS = at;
    const endS = startS + count * WORD_S;
    const following = lengths[id + 1] ?? count;
    const pause = Math.max(0.8 + 0.6 * next(), 1.25 * (count - following) * WORD_S + 0.35);
    at = endS + pause;
    const words = Array.from({ length: count }, () => word++);
    return { id, startS, endS, words };
  });
  return { seed, seconds: said.at(-1).endS + 0.5, utterances: said };
}

/** The bursts by which the floor is measured: markers at irregular distances. */
export function bursts({ seed, count }) {
  const next = random(seed);
  let at = LEAD_S;
  return Array.from({ length: count }, () => {
    at += 0.3 + 0.1 * next();
    return at;
  });
}
