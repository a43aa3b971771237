// The least that a policy can take, from the stand-in's delays and the floor.

/**
 * All in milliseconds, from the end of speech to the first sound. One RTT is
 * paid by each leg that a policy must take one after another: audio up and
 * result down, Translate, Polly.
 *
 * @param delays `GET /control/state` → `delays`
 */
export function bounds(delays, floorMs) {
  const { partialMs: p, stableMs: s, finalMs: e, translateMs: t, pollyFirstByteMs: y, rttMs: rtt = 0 } = delays;
  return {
    /** Spoken when final, streamed. */
    finals: e + t + y + 3 * rtt + floorMs,
    /** Translated and spoken ahead from partials, let out by the final. */
    prepared: Math.max(e + rtt, p + t + y + 3 * rtt) + floorMs,
    /** Translated and spoken ahead from partials, let out by stability. */
    stability: Math.max(p + s + rtt, p + t + y + 3 * rtt) + floorMs,
    /** The same where the last word was put right: prepared in vain, begun again. */
    revised: p + s + t + y + 3 * rtt + floorMs,
  };
}

/** What waiting for whole clips takes: it grows with the utterance. */
export function wholeClip(delays, floorMs, lengthS) {
  return bounds(delays, floorMs).finals + (1000 * lengthS) / delays.pollyBodySpeed;
}
