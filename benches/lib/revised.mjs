// Which utterances had their last word revised by the recogniser: told by the
// transcripts that a driver passes on.

/** A text's words, without case and punctuation. */
export const bare = (text) => text.toLowerCase().replace(/[^\p{L}\p{N}\s]/gu, "").split(/\s+/).filter(Boolean);

/**
 * @param events of one speaker, in order: `{resultId, text, isPartial}`
 * @returns {boolean[]} per final result, in order of the finals: whether a
 *   partial had said another word where the final's last word stands, or one
 *   more after it
 */
export function revisions(events) {
  const partials = new Map();
  const revised = [];
  for (const { resultId, text, isPartial } of events) {
    const words = bare(text);
    if (isPartial) {
      partials.set(resultId, [...(partials.get(resultId) ?? []), words]);
      continue;
    }
    const last = words.length - 1;
    revised.push((partials.get(resultId) ?? []).some((heard) => heard.length > words.length || (heard.length > last && heard[last] !== words[last])));
    partials.delete(resultId);
  }
  return revised;
}
