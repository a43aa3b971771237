import assert from "node:assert/strict";
import { test } from "node:test";
import { bounds, wholeClip } from "../lib/bound.mjs";
import { between } from "../lib/cpu.mjs";
import { steps, table } from "../lib/report.mjs";
import { lags } from "../lib/lag.mjs";
import { revisions } from "../lib/revised.mjs";
import { channels } from "../lib/server.mjs";

const typical = { partialMs: 300, stableMs: 200, finalMs: 700, translateMs: 120, pollyFirstByteMs: 150, pollyBodySpeed: 4, rttMs: 0 };

test("the bounds of the typical delays", () => {
  assert.deepEqual(bounds(typical, 49), { finals: 1019, prepared: 749, stability: 619, revised: 819 });
  assert.equal(wholeClip(typical, 49, 2), 1519);
  assert.equal(bounds({ ...typical, rttMs: 80 }, 0).finals, 970 + 240);
});

test("a revised last word is told from a revised earlier one", () => {
  const say = (resultId, text, isPartial) => ({ resultId, text, isPartial });
  assert.deepEqual(revisions([
    say("a", "hello", true), say("a", "hello word", true), say("a", "Hello, world.", false),
    say("b", "yellow", true), say("b", "hello world", true), say("b", "Hello world.", false),
    say("c", "", true), say("c", "Hello.", false),
    say("d", "hello a", true), say("d", "hello", true), say("d", "Hello.", false),
  ]), [true, false, false, true]);
});

test("processor time is per second and per kind of thread", () => {
  const at = (atMs, main, worker, audio) => ({
    atMs,
    taskMs: main,
    processes: [
      { id: 1, type: "browser", threads: new Map([[1, { name: "main", ms: main }]]) },
      { id: 2, type: "renderer", threads: new Map([[2, { name: "main", ms: main }], [3, { name: "DedicatedWorker", ms: worker }], [4, { name: "AudioOutputDevi", ms: audio }]]) },
    ],
    standIn: new Map([[9, { name: "main", ms: 0 }]]),
  });
  const used = between(at(0, 0, 0, 0), at(2000, 10, 20, 30));
  assert.deepEqual([used.taskMs, used.mainMs, used.workerMs, used.audioMs, used.rendererMs, used.otherMs], [5, 5, 10, 15, 30, 5]);
});

test("a recording's blocks become channels", () => {
  const bytes = Buffer.alloc(2 * 2 * 2 * 3);
  [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].forEach((x, i) => bytes.writeInt16LE(x, 2 * i));
  const [a, b] = channels(bytes, 2, 3).map((c) => Array.from(c, (x) => Math.round(x * 32767)));
  assert.deepEqual([a, b], [[1, 2, 3, 7, 8, 9], [4, 5, 6, 10, 11, 12]]);
  assert.throws(() => channels(Buffer.alloc(5), 2, 3), /whole blocks/);
});

test("a table is aligned", () => {
  assert.equal(table([["a", "bb"], ["ccc", 1]]), "a    bb\n---  --\nccc   1");
});

test("a policy's own marks are medians after the end of the last word", () => {
  const event = (speaker, capturedMs, heardMs) => ({ type: "latency", speaker, marks: { capturedMs, heardMs } });
  const all = steps([event("agent", 100, 900), event("agent", 0, 1000), event("customer", 0, 5), { type: "error" }], "agent");
  assert.equal(all.heardMs, 900);
  assert.ok(Number.isNaN(all.committedMs));
});

test("a burst at a stream's start is its lag", () => {
  const stream = { language: "es-US", sampleRate: 16_000, audioEvents: 20, samplesReceived: 16_000, firstAudioAtMs: 5000, lastAudioAtMs: 5750 };
  assert.deepEqual(lags([stream, { ...stream, audioEvents: 0 }]), [{ language: "es-US", aheadMs: 200, messageMs: 50 }]);
});
