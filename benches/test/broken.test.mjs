import assert from "node:assert/strict";
import { test } from "node:test";
import { Broken, insist } from "../lib/broken.mjs";

const failing = (times, error) => async () => {
  if (times-- > 0) throw error;
  return "taken";
};

test("a broken recording is taken again, and told", async () => {
  const told = [];
  const taken = await insist("turns", failing(2, new Broken("3 samples are missing")), (text) => told.push(text));
  assert.deepEqual(taken, { value: "taken", broken: 2 });
  assert.equal(told.length, 2);
  await assert.rejects(insist("turns", failing(3, new Broken("x")), () => {}), Broken);
});

test("any other failure is none of its business", async () => {
  await assert.rejects(insist("turns", failing(1, new Error("the driver")), () => {}), /the driver/);
});
