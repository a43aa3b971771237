import assert from "node:assert/strict";
import { test } from "node:test";
import { floor } from "../lib/floor.mjs";
import { addMarker } from "../lib/pilot.mjs";
import { bursts } from "../lib/plan.mjs";

const RATE = 48_000;
const times = bursts({ seed: 1, count: 6 });
const sound = (list) => {
  const out = new Float32Array(6 * RATE);
  for (const timeS of list) addMarker(out, Math.round(timeS * RATE), RATE);
  return out;
};

test("the floor is the echo's delay", () => {
  const result = floor(sound(times), sound(times.map((t, i) => t + 0.05 + 0.001 * i)), RATE);
  assert.ok(Math.abs(result.median - 52.5) < 0.6, `${result.median}`);
  assert.deepEqual([result.count, result.torn], [6, 0]);
});

test("an echo torn in two counts from its first sound", () => {
  const echo = sound(times.map((t) => t + 0.05));
  const at = Math.round((times[2] + 0.05) * RATE);
  echo.copyWithin(at + 0.13 * RATE, at + 0.025 * RATE, at + 0.04 * RATE);
  addMarker(echo, at + 0.1 * RATE, RATE);
  const result = floor(sound(times), echo, RATE);
  assert.equal(result.torn, 1);
  assert.ok(Math.abs(result.most - 50) < 1);
});

test("a lost burst is no floor", () => {
  assert.throws(() => floor(sound(times), sound(times.slice(1).map((t) => t + 0.05)), RATE), /1 of 6/);
});
