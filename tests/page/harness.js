// Drives fixtures/harness.html: a call whose people speak pilot tones.

import { pilotCodes, PilotReader } from "./pilot.js";
import { bandLevel } from "./sound.js";
import { expect, heard, record } from "./support.js";

/** Opens the harness, gives it its click, takes the call and records both ends. */
export async function takeCall(page, services) {
  await page.goto(`${services.page}/test/harness.html`);
  await page.getByRole("button", { name: "Start" }).click();
  await page.waitForFunction(() => window.harness);
  await page.evaluate(() => window.harness.take());
  await record(page);
}

/** Interprets the call and waits until it runs. */
export async function interpret(page, options) {
  expect(await page.evaluate((o) => window.harness.interpret(o), options)).toBeNull();
  await until(page, () => window.harness.call.session.state === "running");
}

/** Waits for something that becomes true in the page. */
export async function until(page, condition, argument) {
  await page.waitForFunction(condition, argument, { timeout: 120_000, polling: 50 });
}

/** A person says pilot words, and nothing for some seconds; resolves at the end. */
export function speak(page, speaker, first, count, pauseS = 0) {
  return page.evaluate(([who, from, n, s]) => window.harness.speak(who, from, n, s), [speaker, first, count, pauseS]);
}

/** Waits until so many stretches of speech have been recognised and dealt with. */
export async function settled(page, speaker, finals) {
  await until(page, ([who, n]) => window.harness.settled(who, n), [speaker, finals]);
}

/** All events so far of a type. */
export function events(page, type, speaker) {
  return page.evaluate(([of, who]) => window.harness.of(of, who), [type, speaker]);
}

/** The gaps so far, but for what the browser's own audio thread skipped, by a witness of it. */
export async function gaps(page) {
  return unexplained(await events(page, "gap"), await page.evaluate(() => window.harness.skips));
}

/** The gaps that no skips explain. */
export function unexplained(gaps, skips) {
  if (skips.length > 0) console.log("skipped by the audio thread, in ms:", skips.map((ms) => ms.toFixed(1)).join(", "));
  const at = { agent: 0, customer: 0 };
  return gaps.filter(({ speaker, lostMs }) => {
    // In order, each once; a gap may be the sum of some that follow each other.
    for (let from = at[speaker]; from < skips.length; from++) {
      for (let to = from, sum = 0; to < skips.length && sum < lostMs + 0.01; to++) {
        sum += skips[to];
        if (Math.abs(sum - lostMs) < 0.01) {
          at[speaker] = to + 1;
          return false;
        }
      }
    }
    return true;
  });
}

/** The codes of these words, in order. */
export function codesOf(first, count) {
  return Array.from({ length: count * 8 }, (_, i) => (first * 8 + i) % 512);
}

/** Who reads a page's recordings: what was read once is not read again. */
const readers = new WeakMap();

/** The codes that somebody has heard so far, with their times. */
export async function codesHeard(page, listener) {
  const sound = await heard(page);
  let reader = readers.get(page);
  if (reader?.id !== sound.id) {
    const of = () => new PilotReader(sound.rate);
    reader = { id: sound.id, agent: of(), customer: of() };
    readers.set(page, reader);
  }
  return reader[listener].read(sound[listener]);
}

/** Waits until the last code of these words has been heard by somebody. */
export async function untilHeard(page, listener, first, count) {
  const last = codesOf(first, count).at(-1);
  const isHeard = async () => (await codesHeard(page, listener)).some(({ code }) => code === last);
  await expect.poll(isHeard, { intervals: [100] }).toBe(true);
}

/** The level of the pilots' band while these codes are heard. */
export async function levelOf(page, listener, codes) {
  const sound = await heard(page);
  const found = pilotCodes(sound[listener], sound.rate, 0.0003).filter(({ code }) => codes.includes(code));
  const [from, to] = [found[0].at, found.at(-1).at].map((at) => Math.round(at * sound.rate));
  return bandLevel(sound[listener].subarray(from, to), sound.rate, 4100, 6700);
}
