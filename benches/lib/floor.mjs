// The floor F: from a burst in the source to its echo in the output.

import { markers, windows } from "./decode.mjs";
import { summary } from "./stats.mjs";

/**
 * @returns summary of the delays, ms, and how many echoes were torn in two
 * @throws {Error} if any burst has no echo before the next: a floor with
 *   losses is none
 */
export function floor(source, output, rate) {
  const sent = markers(windows(source, rate), source, rate).map((m) => m.timeS);
  const heard = markers(windows(output, rate), output, rate).map((m) => m.timeS);
  const echoes = sent.map((at, i) => heard.find((time) => time > at && time < (sent[i + 1] ?? Infinity)));
  const lost = echoes.filter((echo) => echo === undefined).length;
  if (sent.length === 0 || lost > 0) {
    throw new Error(`the loopback did not return ${lost} of ${sent.length} bursts`);
  }
  return { ...summary(sent.map((at, i) => 1000 * (echoes[i] - at))), torn: heard.length - sent.length };
}
