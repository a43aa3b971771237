import assert from "node:assert/strict";
import { test } from "node:test";
import { ahead } from "../lib/ahead.mjs";
import { contradicted } from "../lib/contradicted.mjs";
import { originals } from "../lib/originals.mjs";
import { random } from "../lib/pilot.mjs";
import { segments, wordLags } from "../lib/segments.mjs";

const RATE = 48_000;

/** Bursts of noise, later by so many samples and as loud as `gain`. */
function noise(times, { later = 0, gain = 0.3 } = {}) {
  const next = random(4);
  const out = new Float32Array(3 * RATE);
  for (const timeS of times) {
    const from = Math.round(timeS * RATE) + later;
    for (let i = 0; i < 0.05 * RATE; i += 1) out[from + i] = gain * (2 * next() - 1);
  }
  return out;
}

test("the originals' delays are found to the sample, whatever the volume", () => {
  const times = [0.3, 0.9, 1.7];
  const found = originals({ source: noise(times), mixed: noise(times, { later: 2401, gain: 0.1 }), bare: noise(times, { later: 1920 }), rate: RATE });
  assert.equal(Math.round((found.above.median * RATE) / 1000), 481);
  assert.ok(found.above.most - found.above.least < 1e-9);
  assert.equal(found.bare.least, 40);
  assert.equal(found.above.count, 3);
});

test("an original that is not heard is no delay", () => {
  const source = noise([0.3, 0.9, 1.7]);
  const bare = noise([0.3, 0.9, 1.7], { later: 48 });
  const two = originals({ source, mixed: noise([0.3, 0.9], { later: 96 }), bare, rate: RATE });
  assert.deepEqual([two.above.count, two.missing], [2, 1]);
  assert.throws(() => originals({ source, mixed: noise([0.3], { later: 96 }), bare, rate: RATE }), /2 of 3 bursts/);
});

test("words that were spoken and are not in the final are contradicted", () => {
  const events = [
    { type: "transcript", resultId: "a", text: "the yellow", isPartial: true },
    { type: "translation", utteranceId: 1, resultId: "a", sourceText: "The yellow," },
    { type: "utterance", utteranceId: 1, outcome: "speaking" },
    { type: "translation", utteranceId: 2, resultId: "a", sourceText: "house over there" },
    { type: "utterance", utteranceId: 2, outcome: "spoken" },
    { type: "translation", utteranceId: 3, resultId: "a", sourceText: "never heard" },
    { type: "utterance", utteranceId: 3, outcome: "dropped" },
    { type: "transcript", resultId: "a", text: "The mellow house, over there.", isPartial: false },
    { type: "translation", utteranceId: 4, resultId: "without a final", sourceText: "lost" },
    { type: "utterance", utteranceId: 4, outcome: "spoken" },
  ];
  assert.deepEqual(contradicted(events), { spoken: 5, contradicted: 1 });
  assert.equal(contradicted(events.filter((e) => e.type === "transcript")), undefined);
});

test("hits and misses are counted of both speakers, as told last, or left out", () => {
  assert.equal(ahead([{ type: "latency" }]), undefined);
  const counts = [["agent", 1, 0], ["customer", 4, 1], ["agent", 3, 2]].map(([speaker, hits, misses]) => ({ type: "prepared", speaker, hits, misses }));
  assert.deepEqual(ahead(counts), { hits: 7, misses: 3 });
});

test("segments are counted per utterance, and the shortest that only the policy cut is told", () => {
  const spoken = [{ id: 0, startS: 0, words: [0, 1, 2, 3, 4, 5, 6] }, { id: 1, startS: 4, words: [7, 8] }];
  const piece = (...places) => ({ words: places.map((place) => ({ place })) });
  assert.deepEqual(segments(spoken, [piece(0, 1, 2, 3), piece(4, 5, undefined), piece(6), piece(7, 8)]), { perClause: 2, leastCutWords: 2 });
  assert.deepEqual(segments(spoken, [piece(0, 1, 2, 3, 4, 5, 6), piece(7, 8)]), { perClause: 1, leastCutWords: undefined });
});

test("a word's lag is from the end of its saying to the beginning of its first hearing", () => {
  const lags = wordLags([{ startS: 1, words: [0, 1, 2] }], new Map([[0, [2.32, 9]], [2, [3.96]]]));
  assert.equal(lags.count, 2);
  assert.ok(Math.abs(lags.least - 1000) < 1e-6 && Math.abs(lags.most - 2000) < 1e-6);
});
