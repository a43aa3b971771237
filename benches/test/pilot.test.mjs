import assert from "node:assert/strict";
import { test } from "node:test";
import * as pilot from "../lib/pilot.mjs";
import { turns } from "../lib/plan.mjs";
import { voiced, wordsOf } from "../lib/decode.mjs";
import { summary } from "../lib/stats.mjs";

test("the code's digits choose the tones", () => {
  assert.deepEqual(pilot.codeTones(0), [4200, 5000, 5800]);
  assert.deepEqual(pilot.codeTones(511), [4900, 5700, 6500]);
  assert.deepEqual(pilot.codeTones(0o321), [4300, 5200, 6100]);
});

test("each of the 64 words is read back as it was said, at 48 and 44.1 kHz", () => {
  const all = Array.from({ length: 64 }, (_, i) => i);
  for (const rate of [48_000, 44_100]) {
    const plan = { seed: 1, seconds: 64 * pilot.WORD_S + 1, utterances: [{ startS: 0.3, words: all }] };
    const heard = wordsOf(pilot.synthesise(plan, rate), rate);
    assert.deepEqual(heard.map((w) => w.word), all);
    for (const [i, word] of heard.entries()) {
      assert.equal(word.slots, 8);
      assert.ok(Math.abs(word.startS - 0.3 - i * pilot.WORD_S) < 0.006, `word ${i} at ${word.startS}`);
    }
  }
});

test("the voice starts and ends to the millisecond", () => {
  const plan = turns({ seed: 5, utterances: 3 });
  const found = voiced(pilot.synthesise(plan, 48_000), 48_000);
  assert.equal(found.length, 3);
  found.forEach(({ startS, endS }, i) => {
    assert.ok(Math.abs(startS - plan.utterances[i].startS) < 0.001);
    assert.ok(Math.abs(endS - plan.utterances[i].endS) < 0.001);
  });
});

test("the voice rises and falls as syllables do, and never pauses", () => {
  const plan = { seed: 1, seconds: 14, utterances: [{ startS: 0.5, words: Array.from({ length: 40 }, (_, i) => i) }] };
  const samples = pilot.synthesise(plan, 16_000);
  const powers = Array.from({ length: 12 * 25 }, (_, i) => {
    const from = 8000 + 640 * i;
    return samples.subarray(from, from + 640).reduce((sum, x) => sum + x * x, 0) / 640;
  });
  const changes = powers.slice(1).filter((p, i) => p > 2 * powers[i] || powers[i] > 2 * p).length;
  assert.ok(changes > powers.length / 3, `${changes} of ${powers.length}`);
  assert.equal(voiced(samples, 16_000).length, 1);
  assert.ok(Math.min(...powers) > 1e-4, "-40 dBFS at its softest");
});

test("the voice stays out of the pilots' band", () => {
  const plan = { seed: 1, seconds: 1, utterances: [] };
  const quiet = pilot.synthesise(plan, 48_000);
  assert.ok(quiet.every((x) => Math.abs(x) < 0.001), "a quiet room is quiet");
});

test("turns are seeded, long enough and never queue a whole-clip client", () => {
  const plan = turns({ seed: 42, utterances: 60 });
  assert.deepEqual(plan, turns({ seed: 42, utterances: 60 }));
  assert.notDeepEqual(plan, turns({ seed: 43, utterances: 60 }));
  const lengths = plan.utterances.map((u) => u.endS - u.startS);
  assert.ok(Math.min(...lengths) >= 0.3 && Math.max(...lengths) <= 4);
  assert.ok(new Set(plan.utterances.map((u) => u.words.length)).size >= 8);
  for (let i = 1; i < 60; i += 1) {
    const [before, after] = [plan.utterances[i - 1], plan.utterances[i]];
    assert.ok(after.startS - before.endS >= 0.8);
    const free = before.endS + 1.25 * (before.endS - before.startS);
    assert.ok(after.endS + 0.25 * (after.endS - after.startS) >= free, "its answer would wait for the one before");
  }
  assert.deepEqual(plan.utterances.flatMap((u) => u.words), Array.from({ length: plan.utterances.at(-1).words.at(-1) + 1 }, (_, i) => i));
});

test("quantiles", () => {
  assert.equal(summary([3, 1, 2]).median, 2);
  assert.equal(summary([0, 10]).p95, 9.5);
  assert.ok(Number.isNaN(summary([]).median));
});
