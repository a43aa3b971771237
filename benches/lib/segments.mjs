// Into which pieces a speech was cut, and how far behind its words were heard.

import { WORD_S } from "./pilot.mjs";
import { summary } from "./stats.mjs";

/**
 * How long after the end of its saying each word began to be heard, ms; a word
 * that was heard twice counts once.
 *
 * @param spoken what `said` returns
 * @param times when each word was heard, by its place in the speech
 */
export function wordLags(spoken, times) {
  return summary(spoken.flatMap((u) => u.words.flatMap((word, i) => {
    const heard = times.get(word);
    return heard ? [1000 * (Math.min(...heard) - (u.startS + (i + 1) * WORD_S))] : [];
  })));
}

/**
 * The pieces as segments. Pilot speech has no clause end but the pause after an
 * utterance, so each utterance is one clause, and a piece that stops short of
 * one was cut by the policy alone.
 *
 * @param heard pieces whose words have their `place`
 * @returns `perClause`: segments per utterance heard; `leastCutWords`: the
 *   fewest words of a piece that no clause end closes (absent: there is none)
 */
export function segments(spoken, heard) {
  const last = new Set(spoken.map((u) => u.words.at(-1)));
  const of = new Map(spoken.flatMap((u) => u.words.map((word) => [word, u.id])));
  const clauses = new Map();
  let leastCutWords;
  for (const piece of heard) {
    const places = piece.words.map((word) => word.place).filter((place) => place !== undefined);
    for (const id of new Set(places.map((place) => of.get(place)))) clauses.set(id, (clauses.get(id) ?? 0) + 1);
    if (places.length > 0 && !last.has(places.at(-1))) leastCutWords = Math.min(leastCutWords ?? Infinity, places.length);
  }
  const all = [...clauses.values()];
  return { perClause: all.reduce((sum, n) => sum + n, 0) / all.length, leastCutWords };
}
