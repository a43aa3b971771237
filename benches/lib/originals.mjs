// What an original pays for its way through the mixer: the same bursts of noise
// recorded behind it and behind a bare source and destination, to the sample.

import { voiced } from "./decode.mjs";
import { summary } from "./stats.mjs";

/** Looked for up to this long after it was said, seconds. */
const LATEST_S = 0.4;
/** A burst that is less alike than this is not found. */
const ALIKE = 0.7;

/**
 * By how many samples each burst of `source` is later in `output`: where the
 * two are most alike, whatever the volume.
 */
export function shifts(source, output, rate) {
  return voiced(source, rate).map(({ startS, endS }) => {
    const from = Math.round(startS * rate);
    const length = Math.round(endS * rate) - from;
    const energyOf = (samples, at) => {
      let sum = 0;
      for (let i = at; i < at + length; i += 1) sum += samples[i] * samples[i];
      return sum;
    };
    const said = energyOf(source, from);
    let energy = energyOf(output, from);
    let best = { alike: ALIKE, shift: undefined };
    const latest = Math.min(Math.round(LATEST_S * rate), output.length - from - length - 1);
    for (let shift = 0; shift <= latest; shift += 1) {
      if (energy > 1e-6 * said) {
        let sum = 0;
        for (let i = 0; i < length; i += 1) sum += source[from + i] * output[from + shift + i];
        const alike = sum / Math.sqrt(said * energy);
        if (alike > best.alike) best = { alike, shift };
      }
      const [out, into] = [output[from + shift], output[from + shift + length]];
      energy += into * into - out * out;
    }
    return best.shift;
  });
}

/**
 * @returns `mixer`, `bare`: summaries of the delays; `above`: of their
 *   differences, burst by burst; all ms
 * @throws {Error} if a burst is missing
 */
export function originals({ source, mixed, bare, rate }) {
  const by = [mixed, bare].map((output) => shifts(source, output, rate));
  const missing = by.flat().filter((shift) => shift === undefined).length;
  if (by[0].length === 0 || missing > 0) throw new Error(`${missing} of ${by.flat().length} bursts of the originals were not heard`);
  const [through, past] = by.map((list) => list.map((shift) => (1000 * shift) / rate));
  return { mixer: summary(through), bare: summary(past), above: summary(through.map((ms, i) => ms - past[i])) };
}
