import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { delaysOf, options } from "../lib/options.mjs";
import { dense, monologue, rapid, steady, together, turns } from "../lib/plan.mjs";
import { CALLS, FAULTS, chosen } from "../lib/scenarios.mjs";

const startsOf = (plan) => plan.utterances.map((u) => u.startS);
const pausesOf = (plan) => plan.utterances.slice(1).map((u, i) => u.startS - plan.utterances[i].endS);
const near = (x, y) => Math.abs(x - y) < 1e-9;

test("every plan is seeded, counts its words on and ends utterances as the recogniser can tell", () => {
  for (const plan of [turns, monologue, dense, rapid, steady]) {
    const made = plan({ seed: 9, utterances: 8 });
    assert.deepEqual(made, plan({ seed: 9, utterances: 8 }));
    const words = made.utterances.flatMap((u) => u.words);
    assert.deepEqual(words, words.map((_, i) => i));
    assert.deepEqual(made.utterances.map((u) => u.id), [0, 1, 2, 3, 4, 5, 6, 7]);
    for (const pause of pausesOf(made)) assert.ok(pause > 0.35, `${plan.name}: a pause of ${pause} s`);
  }
});

test("a monologue is two stretches of 12 to 13 s, and no more words than can be told apart", () => {
  for (let seed = 0; seed < 50; seed += 1) {
    for (const u of monologue({ seed, utterances: 2 }).utterances) {
      assert.ok(u.endS - u.startS >= 12 && u.endS - u.startS <= 13.2);
      assert.ok(u.words.length < 64);
    }
  }
});

test("dense: a clause begins every 2 s; rapid: sentences end 0.8 s apart, but for the long ones", () => {
  const clauses = startsOf(dense({ seed: 3, utterances: 9 }));
  clauses.slice(1).forEach((at, i) => assert.ok(near(at - clauses[i], 2)));
  const { utterances } = rapid({ seed: 3, utterances: 9 });
  utterances.forEach((u, i) => {
    assert.equal(u.words.length, i % 4 === 0 ? 12 : 1);
    if (i % 4 !== 0) assert.ok(near(u.endS - utterances[i - 1].endS, 0.8));
  });
});

test("a call with a fault has 56 words, none twice, and speech where it strikes", () => {
  for (const name of FAULTS) {
    const spec = CALLS[name];
    for (const seed of [7, 42]) {
      const plan = spec.plan({ seed, utterances: spec.utterances });
      assert.equal(plan.utterances.at(-1).words.at(-1), 55);
      const short = spec.plan({ seed, utterances: spec.quick });
      for (const atS of [spec.strike?.atS ?? [], spec.block?.atS ?? []].flat()) assert.ok(atS + 1 < short.utterances.at(-1).endS);
    }
  }
});

test("together is the time in which both speak", () => {
  const plan = (...spans) => ({ utterances: spans.map(([startS, endS]) => ({ startS, endS })) });
  assert.equal(together(plan([0, 2], [4, 5]), plan([1, 4.5])), 1.5);
});

test("scenarios are chosen by name, once, in one order", () => {
  assert.deepEqual(chosen("dense,turns,both"), ["turns", "dense"]);
  assert.deepEqual(chosen("faults"), FAULTS);
  assert.deepEqual(chosen("all"), Object.keys(CALLS));
  assert.throws(() => chosen("turns,nonsense"), /no scenario nonsense/);
  assert.throws(() => chosen("constructor"), /no scenario/);
});

test("the command line", () => {
  const set = options(["--scenario", "faults", "--rtt", "80", "--slow", "2", "--driver", "x/mine.mjs"], "d");
  assert.deepEqual(set.calls, FAULTS);
  assert.deepEqual([...set.policies.keys()], ["ours", "ours-finals", "sample-way", "mine"]);
  assert.equal(set.policies.get("ours"), join("d", "ours.js"));
  assert.deepEqual([set.rttMs, set.slow, set.seed, set.quick], [80, 2, 7, false]);
  assert.throws(() => options(["--slow", "0"], "d"), /more than 0/);
  assert.throws(() => options(["--rtt", "1.5"], "d"), /whole number/);
  assert.throws(() => options(["--driver", "x/ours.js"], "d"), /two policies/);
});

test("slow: every delay is longer, and the body comes slower", () => {
  const delays = { partialMs: 300, stableMs: 200, finalMs: 700, translateMs: 120, pollyFirstByteMs: 150, pollyBodySpeed: 4, cognitoMs: 40, rttMs: 0, seed: 42 };
  assert.deepEqual(delaysOf(delays, { slow: 2, rttMs: 80 }), {
    partialMs: 600, stableMs: 400, finalMs: 1400, translateMs: 240, pollyFirstByteMs: 300, cognitoMs: 80, pollyBodySpeed: 2, seed: 42, rttMs: 80,
  });
  assert.deepEqual(delaysOf(delays, { slow: 1, rttMs: 0 }), delays);
});
