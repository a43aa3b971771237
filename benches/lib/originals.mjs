// What an original pays for its way through the mixer: the same bursts of noise
// recorded behind it and behind a bare source and destination, to the sample.

import { Broken } from "./broken.mjs";
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
 *   differences, burst by burst; all ms; `missing`: bursts that one of the two
 *   did not let through
 * @throws {Broken} if half of them are missing
 */
export function originals({ source, mixed, bare, rate }) {
  const [through, past] = [mixed, bare].map((output) => shifts(source, output, rate).map((shift) => shift && (1000 * shift) / rate));
  const both = through.map((ms, i) => [ms, past[i]]).filter(([a, b]) => a !== undefined && b !== undefined);
  const missing = through.length - both.length;
  if (both.length <= missing) throw new Broken(`${missing} of ${through.length} bursts of the originals were not heard`);
  return { mixer: summary(both.map(([a]) => a)), bare: summary(both.map(([, b]) => b)), above: summary(both.map(([a, b]) => a - b)), missing };
}
