import assert from "node:assert/strict";
import { test } from "node:test";
import { report } from "../lib/report.mjs";
import { markdown, order, rows } from "../lib/targets.mjs";
import { stretches, waterfall } from "../lib/waterfall.mjs";

const marks = { capturedMs: 1000, firstPartialMs: 900, committedMs: 1500, translatedMs: 1300, firstByteMs: 1450, heardMs: 1600, endedMs: 2600 };

/** One direction in which each utterance has these delays. */
const direction = (delayMs, more = {}) => ({
  utterances: delayMs.map((ms, id) => ({ id, delayMs: ms, fromStartMs: ms + 500, lengthS: 1, revised: false })),
  delays: { median: delayMs[0], p95: delayMs[0] }, wordLags: { median: 900, p95: 1000 }, segments: { perClause: 1 },
  found: 1, lost: 0, outOfOrder: 0, words: 9, lostWords: 0, doubledWords: 0, wrongWords: 0, overlaps: 0, pieces: 1, holes: [], cuts: [], doubledAudio: [],
  contradicted: { spoken: 9, contradicted: 0 }, ...more,
});

const cpu = { taskMs: 4, mainMs: 1, workerMs: 1, audioMs: 1, rendererMs: 60, otherMs: 1, standInMs: 1 };
const policy = (delayMs, more) => ({
  directions: { customer: direction(delayMs, more), agent: direction(delayMs, more) }, cpu, streams: [{ language: "es-US", aheadMs: 1, messageMs: 50 }],
  pieces: 4, requests: { translate: { ok: 4 }, polly: { ok: 3, ThrottlingException: 1 } }, marks: { customer: {}, agent: {} }, latencies: [], seams: [], gaps: [], waiting: 0, errors: [],
});
const call = (policies) => ({ utterances: 2, words: { customer: 9, agent: 9 }, seconds: 20, togetherS: 4, policies });

const run = {
  seed: 7, slow: 1, quick: false, machine: { cores: 2, cpu: "c", browser: "Chromium 1", node: "v1" },
  delays: { partialMs: 300, stableMs: 200, finalMs: 700, translateMs: 120, pollyFirstByteMs: 150, pollyBodySpeed: 4, rttMs: 0 },
  floor: { median: 49, p95: 50, count: 9, torn: 0 }, alone: { ...cpu, taskMs: 1 },
  calls: {
    turns: call({
      "sample-way": policy([1700, 1710]),
      ours: { ...policy([640, 660]), latencies: [
        { speaker: "agent", utteranceId: 1, marks },
        { speaker: "customer", utteranceId: 1, marks: { ...marks, heardMs: 1800 } },
        { speaker: "agent", utteranceId: 2, marks: { committedMs: 5 } },
      ] },
    }),
    killed: call({ ours: policy([900], { lostWords: 2 }) }),
  },
  startUp: { ours: { cold: { first: { median: 250 }, both: { median: 260 } } } },
  originals: { mixer: { median: 50 }, bare: { median: 41 }, above: { median: 9, least: 8, most: 10, count: 5 } },
};
const row = (start) => rows(run).find(({ what }) => what.startsWith(start));

test("stretches are in the order of time; what was done before speech ended takes none", () => {
  assert.deepEqual(stretches(marks), [
    { name: "translated", fromMs: 0, toMs: 300 },
    { name: "byte", fromMs: 300, toMs: 450 },
    { name: "committed", fromMs: 450, toMs: 500 },
    { name: "heard", fromMs: 500, toMs: 600 },
    { name: "ended", fromMs: 600, toMs: 1600 },
  ]);
  assert.deepEqual(stretches({ committedMs: 5 }), []);
  // Heard 2 ms before its first byte came: the clocks differ.
  assert.deepEqual(stretches({ capturedMs: 0, firstByteMs: 50, heardMs: 48 }),
    [{ name: "byte", fromMs: 0, toMs: 50 }, { name: "heard", fromMs: 50, toMs: 50 }]);
});

test("the picture has a row for each utterance that was heard, and a panel only for who tells", () => {
  const svg = waterfall(run);
  assert.equal(svg.match(/<title>/g).length, 2);
  assert.equal(svg.match(/class="name"/g).length, 2);
  assert.ok(svg.indexOf("customer 1: heard after 800 ms") < svg.indexOf("agent 1: heard after 600 ms"));
  assert.match(svg, /median 700</);
  assert.match(svg, /p95 790</);
  assert.match(svg, /prefers-color-scheme: dark/);
  assert.doesNotMatch(svg, /NaN|undefined|Infinity/);
});

test("the same numbers give the same picture, table and report, out of JSON too", () => {
  const again = JSON.parse(JSON.stringify(run));
  assert.equal(waterfall(run), waterfall(again));
  assert.equal(markdown(run), markdown(again));
  assert.equal(report(run), report(again));
});

test("names are escaped, and a run without marks is a picture too", () => {
  const { ours } = run.calls.turns.policies;
  assert.match(waterfall({ calls: { turns: call({ "<a&b>": ours }) } }), /&lt;a&amp;b&gt;/);
  assert.match(waterfall({ calls: {} }), /No policy/);
});

test("targets: met, not met, not measured", () => {
  assert.deepEqual(row("turns, stability high: median"), { what: "turns, stability high: median above its bound of 619 ms", target: "≤ 60 ms", seen: "31 / 31 ms", met: true });
  assert.equal(row("turns, finals only, prepared ahead: median").met, undefined);
  assert.equal(row("turns, last word revised").met, undefined);
  assert.equal(row("words spoken that the final").seen, "0 / 0 (of 18)");
  assert.deepEqual([row("requests per piece").seen, row("requests per piece").met], ["1.00 / 1.00", true]);
  assert.deepEqual([row("socket").seen, row("socket").met], ["4", false]);
  assert.equal(row("main thread blocked").met, undefined);
  assert.deepEqual([row("main-thread time").seen, row("main-thread time").met], ["3.0 ms/s", true]);
  assert.equal(row("renderer CPU").met, true);
  assert.equal(row("start-up, cold").met, true);
  assert.equal(row("start-up, after").seen, "not measured");
  assert.equal(row("originals").met, true);
});

test("the order of the policies is that of their medians", () => {
  assert.equal(order(run), "order of the policies: ours 650 < sample-way 1705 ms");
  assert.match(order({ calls: {} }), /not measured/);
});

test("the Markdown has a row for each target and a column for each policy", () => {
  const text = markdown(run);
  assert.match(text, /\| originals through the mixer, above a bare loop \| ≤ 10 ms \| 9\.0 ms \| yes \|/);
  assert.match(text, /\| \| sample-way \| ours \|/);
  assert.doesNotMatch(text, /NaN|undefined|Infinity|null/);
});
