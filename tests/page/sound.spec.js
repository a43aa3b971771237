// The tests' own ear: that it finds what is there and nothing else.

import { expect, test } from "@playwright/test";
import { clipsIn, deviations, originals, translations } from "./expected.js";
import { bandLevel, decimate } from "./sound.js";

const RATE = 16_000;

/** Parts one after the other, half a second apart, in a little noise. */
function recordingOf(parts) {
  const gap = RATE / 2;
  const samples = new Float32Array(parts.reduce((sum, part) => sum + part.length + gap, gap));
  let at = gap;
  for (const part of parts) {
    samples.set(part, at);
    at += part.length + gap;
  }
  let seed = 42;
  return samples.map((sample) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return sample + (seed / 2 ** 32 - 0.5) * 0.01;
  });
}

for (const speaker of ["customer", "agent"]) {
  test(`finds the ${speaker}'s translations between the originals, and notices what is wrong`, async () => {
    const { clips, lines } = await translations(speaker);
    const own = [...(await originals(speaker)).values()].map(({ samples }) => samples.map((x) => x * 0.3));
    const spoken = lines.flatMap(({ ways }, i) => (i % 2 ? ways[0] : ways.at(-1)));
    const parts = spoken.map((name) => clips.get(name).samples);
    const hear = (all) => deviations(clipsIn(recordingOf(all), RATE, clips).found, lines);

    expect(hear(parts.flatMap((part, i) => [own[i % own.length], part]))).toEqual([]);
    expect(hear(own)).toHaveLength(lines.length);
    expect(hear(parts.slice(1))).not.toEqual([]);
    expect(hear([parts[0], ...parts])).not.toEqual([]);
    expect(hear(parts.toReversed())).not.toEqual([]);
  });
}

test("measures the level of a band", () => {
  const tone = Float32Array.from({ length: RATE }, (_, i) => 0.2 * Math.sin((2 * Math.PI * 1000 * i) / RATE));
  expect(bandLevel(tone, RATE, 900, 1100)).toBeCloseTo(0.2 / Math.SQRT2, 2);
  expect(bandLevel(tone, RATE, 3000, 5000)).toBeLessThan(0.001);
});

test("decimates without folding anything back", () => {
  const of = (hz) => Float32Array.from({ length: 48_000 }, (_, i) => 0.2 * Math.sin((2 * Math.PI * hz * i) / 48_000));
  const { samples, rate } = decimate({ samples: of(1000), rate: 48_000 }, RATE);
  expect([samples.length, rate]).toEqual([RATE, RATE]);
  expect(bandLevel(samples, rate, 900, 1100)).toBeCloseTo(0.2 / Math.SQRT2, 3);
  const folded = decimate({ samples: of(9500), rate: 48_000 }, RATE);
  expect(bandLevel(folded.samples, rate, 0, 8000)).toBeLessThan(0.001);
});
