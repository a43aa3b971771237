// Words that were given away before the final result and are not in it: told
// by the events that a driver passes on.

import { bare } from "./revised.mjs";

/** The length of the longest common subsequence. */
function common(a, b) {
  let row = new Array(b.length + 1).fill(0);
  for (const x of a) {
    const next = [0];
    b.forEach((y, i) => next.push(x === y ? row[i] + 1 : Math.max(row[i + 1], next[i])));
    row = next;
  }
  return row.at(-1);
}

/**
 * @param events of one speaker, in order
 * @returns `{spoken, contradicted}` in words, of the results that have a final;
 *   nothing if the driver does not tell what it spoke
 */
export function contradicted(events) {
  const finals = new Map();
  const spoken = new Set();
  const pieces = new Map();
  for (const event of events) {
    if (event.type === "transcript" && !event.isPartial) finals.set(event.resultId, bare(event.text));
    if (event.type === "utterance" && ["speaking", "spoken"].includes(event.outcome)) spoken.add(event.utteranceId);
    if (event.type === "translation" && event.resultId !== undefined) pieces.set(event.utteranceId, event);
  }
  if (pieces.size === 0) return undefined;
  const said = new Map();
  for (const { utteranceId, resultId, sourceText } of [...pieces.values()].sort((a, b) => a.utteranceId - b.utteranceId)) {
    if (!spoken.has(utteranceId) || !finals.has(resultId)) continue;
    said.set(resultId, [...(said.get(resultId) ?? []), ...bare(sourceText)]);
  }
  let words = 0;
  let wrong = 0;
  for (const [resultId, list] of said) {
    words += list.length;
    wrong += list.length - common(list, finals.get(resultId));
  }
  return { spoken: words, contradicted: wrong };
}
