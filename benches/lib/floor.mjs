// The floor F: from a burst in the source to its echo in the output.

import { markers, windows } from "./decode.mjs";
import { summary } from "./stats.mjs";

/**
 * @returns summary of the delays, ms
 * @throws {Error} if any burst has no echo: a floor with losses is none
 */
export function floor(source, output, rate) {
  const sent = markers(windows(source, rate), source, rate);
  const heard = markers(windows(output, rate), output, rate);
  if (sent.length === 0 || sent.length !== heard.length) {
    throw new Error(`the loopback returned ${heard.length} of ${sent.length} bursts`);
  }
  return summary(sent.map(({ timeS }, i) => 1000 * (heard[i].timeS - timeS)));
}
