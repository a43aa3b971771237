import assert from "node:assert/strict";
import { test } from "node:test";
import { MARKER_S, SLOT_S, WORD_S, speak, synthesise } from "../lib/pilot.mjs";
import { compare, direction, said } from "../lib/analyse.mjs";
import { pieces } from "../lib/decode.mjs";
import { turns } from "../lib/plan.mjs";

const RATE = 48_000;
const plan = turns({ seed: 11, utterances: 8 });
const source = synthesise(plan, RATE);
const DELAY_S = 0.75;

/** What a perfect client plays: each utterance `DELAY_S` after its end. */
function answers(change = (list) => list) {
  const list = change(plan.utterances.map((u) => ({ atS: u.endS + DELAY_S, words: u.words })));
  const out = new Float32Array(Math.ceil((plan.seconds + 8) * RATE));
  for (const { atS, words } of list) speak(out, Math.round(atS * RATE), words, RATE);
  return out;
}

const read = (output) => direction(source, output, RATE, plan);

/** Puts `ms` of silence into the recording at `timeS`; what follows comes later. */
function hole(samples, timeS, ms) {
  const at = Math.round(timeS * RATE);
  const length = Math.round((ms / 1000) * RATE);
  const out = new Float32Array(samples.length + length);
  out.set(samples.subarray(0, at));
  out.set(samples.subarray(at), at + length);
  return out;
}

/** The longest utterance and when its answer's words begin. */
const long = plan.utterances.reduce((a, b) => (b.words.length > a.words.length ? b : a));
const longWordsS = long.endS + DELAY_S + MARKER_S;

test("a perfect answer has its delay and no fault", () => {
  const result = read(answers());
  assert.equal(result.found, 8);
  for (const field of ["lost", "outOfOrder", "lostWords", "doubledWords", "wrongWords", "damagedWords", "overlaps", "unmarked"]) {
    assert.equal(result[field], 0, field);
  }
  for (const field of ["holes", "cuts", "doubledAudio"]) assert.deepEqual(result[field], [], field);
  for (const u of result.utterances) assert.ok(Math.abs(u.delayMs - 750) < 2, `utterance ${u.id}: ${u.delayMs} ms`);
});

test("nothing heard is everything lost", () => {
  const result = read(new Float32Array(RATE * 60));
  assert.equal(result.lost, 8);
  assert.equal(result.lostWords, result.words);
  assert.ok(Number.isNaN(result.delays.median));
});

test("a lost word is lost", () => {
  const result = read(answers((list) => list.map((a) => (a.words === long.words ? { ...a, words: a.words.filter((_, i) => i !== 2) } : a))));
  assert.equal(result.lostWords, 1);
  assert.equal(result.utterances[long.id].lostWords, 1);
  assert.equal(result.lost, 0);
  assert.equal(result.wrongWords + result.doubledWords + result.outOfOrder, 0);
});

test("a lost first word does not hide its utterance", () => {
  const result = read(answers((list) => list.map((a) => (a.words === long.words ? { ...a, words: a.words.slice(1) } : a))));
  assert.equal(result.utterances[long.id].lostWords, 1);
  assert.ok(Math.abs(result.utterances[long.id].delayMs - 750) < 2);
});

test("a doubled word is doubled", () => {
  const result = read(answers((list) => list.map((a) => (a.words === long.words ? { ...a, words: a.words.flatMap((w, i) => (i === 2 ? [w, w] : [w])) } : a))));
  assert.equal(result.doubledWords, 1);
  assert.equal(result.utterances[long.id].doubledWords, 1);
  assert.equal(result.lostWords + result.wrongWords + result.outOfOrder, 0);
});

test("a wrong word is wrong, and the right one lost", () => {
  const result = read(answers((list) => list.map((a) => (a.words === long.words ? { ...a, words: a.words.map((w, i) => (i === 2 ? w + 30 : w)) } : a))));
  assert.equal(result.wrongWords, 1);
  assert.equal(result.lostWords, 1);
  assert.equal(result.doubledWords + result.outOfOrder, 0);
});

test("swapped utterances are out of order, and nothing else", () => {
  const result = read(answers((list) => {
    const swapped = [...list];
    const last = list.length - 1;
    const afterS = list[last].atS + list[last].words.length * WORD_S + 0.5;
    // The last but one is spoken after the last.
    swapped[last - 1] = { ...list[last - 1], atS: afterS };
    return swapped;
  }));
  assert.equal(result.outOfOrder, 1);
  assert.equal(result.lost + result.lostWords + result.doubledWords + result.wrongWords, 0);
});

test("a lost utterance is lost, and its neighbours are not", () => {
  const result = read(answers((list) => list.filter((a) => a.words !== long.words)));
  assert.equal(result.lost, 1);
  assert.equal(result.lostWords, long.words.length);
  assert.equal(result.found, 7);
});

test("a hole is found where it is and as long as it is", () => {
  const atS = longWordsS + WORD_S + 2 * SLOT_S;
  const result = compare(said(source, RATE, plan), pieces(hole(answers(), atS, 90), RATE));
  assert.equal(result.holes.length, 1);
  assert.ok(Math.abs(result.holes[0].ms - 90) < 15, `${result.holes[0].ms} ms`);
  assert.ok(Math.abs(result.holes[0].timeS - atS) < 0.06);
  assert.equal(result.lostWords + result.doubledWords + result.wrongWords, 0);
});

test("audio replaced by silence is a hole too", () => {
  const output = answers();
  const at = Math.round((longWordsS + WORD_S + SLOT_S) * RATE);
  output.fill(0, at, at + Math.round(3 * SLOT_S * RATE));
  const result = read(output);
  assert.equal(result.holes.length, 1);
  assert.ok(Math.abs(result.holes[0].ms - 120) < 10, `${result.holes[0].ms} ms`);
});

test("audio cut out is a cut", () => {
  const output = answers();
  const from = Math.round((longWordsS + WORD_S + 1.5 * SLOT_S) * RATE);
  const cut = Math.round(0.1 * RATE);
  output.copyWithin(from, from + cut);
  const result = read(output);
  assert.equal(result.holes.length, 0);
  assert.ok(result.cuts.length >= 1 && Math.abs(result.cuts.reduce((sum, c) => sum + c.ms, 0) - 100) < 15, JSON.stringify(result.cuts));
});

test("audio played twice is doubled audio", () => {
  const clean = answers();
  const from = Math.round((longWordsS + WORD_S) * RATE);
  const again = Math.round(0.08 * RATE);
  const output = new Float32Array(clean.length + again);
  output.set(clean.subarray(0, from + again));
  output.set(clean.subarray(from), from + again);
  const result = read(output);
  assert.ok(result.doubledAudio.length >= 1);
  assert.equal(result.lostWords + result.doubledWords, 0);
});

test("two answers at once are an overlap", () => {
  const result = read(answers((list) => list.map((a, i) => (i === long.id + 1 ? { ...a, atS: long.endS + DELAY_S + long.words.length * WORD_S / 2 } : a))));
  assert.ok(result.overlaps >= 1);
});

test("an utterance spoken in two pieces is measured at its first", () => {
  const result = read(answers((list) => list.flatMap((a) => (a.words === long.words
    ? [{ atS: a.atS, words: a.words.slice(0, 2) }, { atS: a.atS + 2 * WORD_S + 0.2, words: a.words.slice(2) }] : [a]))));
  assert.equal(result.utterances[long.id].pieces, 2);
  assert.ok(Math.abs(result.utterances[long.id].delayMs - 750) < 2);
  assert.equal(result.lostWords + result.holes.length, 0);
});

test("a source that is not the plan's is refused", () => {
  const broken = source.slice();
  const at = Math.round((long.endS - 0.1) * RATE);
  broken.fill(0, at, at + RATE / 10);
  assert.throws(() => said(broken, RATE, plan), /off its plan/);
});

test("a speech of more than 64 words keeps its places", () => {
  const many = turns({ seed: 3, utterances: 40 });
  const spoken = many.utterances.map((u) => ({ ...u }));
  const heard = spoken.map((u) => ({
    startS: u.endS + 1, endS: u.endS + 1 + u.words.length * WORD_S, marked: true, defects: [], overlapsMs: 0,
    words: u.words.map((w, i) => ({ word: w % 64, startS: u.endS + 1.04 + i * WORD_S, slots: 8 })),
  }));
  assert.ok(spoken.at(-1).words.at(-1) > 128);
  const result = compare(spoken, heard);
  assert.equal(result.found, 40);
  assert.equal(result.lostWords + result.doubledWords + result.wrongWords + result.outOfOrder, 0);
});
