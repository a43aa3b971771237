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

/** Utterances of so many words, each beginning so long after the last one's end. */
function speech(seed, list, startS) {
  let at = startS;
  let word = 0;
  const utterances = list.map(({ count, pauseS }, id) => {
    const startS = at + (id === 0 ? 0 : pauseS);
    const endS = startS + count * WORD_S;
    at = endS;
    return { id, startS, endS, words: Array.from({ length: count }, () => word++) };
  });
  return { seed, seconds: at + 0.5, utterances };
}

/** "monologue": 12.2 to 13.1 s without a pause each time. */
export function monologue({ seed, utterances }) {
  const next = random(seed);
  const list = Array.from({ length: utterances }, () => ({ count: 38 + Math.floor(4 * next()), pauseS: 3 }));
  return speech(seed, list, LEAD_S + next());
}

/** "dense": a clause begins every 2 s and leaves 0.4 or 0.72 s of pause. */
export function dense({ seed, utterances }) {
  const next = random(seed);
  const counts = Array.from({ length: utterances }, () => 4 + Math.floor(2 * next()));
  return speech(seed, counts.map((count, i) => ({ count, pauseS: 2 - (counts[i - 1] ?? 0) * WORD_S })), LEAD_S + next());
}

/**
 * "rapid": sentences of one word, each begun and ended 0.8 s after the one
 * before, and every fourth a long one of 12 words, whose whole clip takes
 * longer to come than the next sentence's.
 */
export function rapid({ seed, utterances }) {
  const next = random(seed);
  const list = Array.from({ length: utterances }, (_, i) => ({ count: i % 4 === 0 ? 12 : 1, pauseS: 0.8 - WORD_S }));
  return speech(seed, list, LEAD_S + next());
}

/** A call in which something breaks: utterances of seven words, none of them twice. */
export function steady({ seed, utterances }) {
  const next = random(seed);
  const list = Array.from({ length: utterances }, () => ({ count: 7, pauseS: 0.7 + 0.2 * next() }));
  return speech(seed, list, LEAD_S + next());
}

/** For how many seconds both of two plans speak. */
export function together(a, b) {
  return a.utterances.reduce((sum, u) => sum + b.utterances.reduce(
    (all, v) => all + Math.max(0, Math.min(u.endS, v.endS) - Math.max(u.startS, v.startS)), 0), 0);
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
