// The demo's whole call, judged by the sound that each side heard.

import { accept, heardByBoth, openDemo, recordEars, ring, status } from "./demo.js";
import { clipsIn, deviations, originals, readLines, translations } from "./expected.js";
import { expect, keep, test } from "./support.js";

const OVER = "The conversation is over";
/** Of the demo's 16 lines, as many as a test has time for. */
const TURNS = 12;
const words = (text) => text.toLowerCase().replace(/[^\p{L}\p{N}\s]/gu, "").split(/\s+/);

/** Only the dialogue's first lines are spoken; each is still looked for among all. */
async function shorten(page, count) {
  const turns = (await readLines()).slice(0, count);
  await page.route("**/lines/lines.json", (route) => route.fulfill({ json: { lines: turns } }));
  return turns;
}

test("one click: each side hears every line of the other in its own language", async ({ page, services }) => {
  const turns = await shorten(page, TURNS);
  await openDemo(page, services);
  await ring(page);
  await recordEars(page);
  await accept(page);
  await expect(status(page)).toContainText(OVER, { timeout: 500_000 });
  const sound = await heardByBoth(page);
  await keep(sound);

  for (const [speaker, listener] of [["customer", "agent"], ["agent", "customer"]]) {
    const { clips, lines: all } = await translations(speaker);
    const lines = all.filter(({ line }) => turns.some(({ id }) => id === line.id));
    const { found, best } = clipsIn(sound[listener].samples, sound[listener].rate, clips);
    const least = Math.min(...found.map(({ score }) => score));
    console.log(`${listener}: ${found.length} clips, each with ${least.toFixed(3)} or more; the rest at most ${best.toFixed(3)}`);
    expect(deviations(found, lines), `what the ${listener} heard`).toEqual([]);

    const log = page.getByRole("log", { name: speaker === "agent" ? "Agent" : "Customer", exact: true });
    const said = await log.locator(".said").allTextContents();
    expect(said.map(words)).toEqual(lines.map(({ line }) => words(line.text)));
    const meant = await log.locator(".meant").allTextContents();
    expect(meant.map((text) => words(text.trim()))).toEqual(lines.map(({ line }) => words(line.translation)));
    for (const engines of await log.locator(".engines").allTextContents()) {
      expect(engines).toMatch(/recognised by .+ · translated by .+ · spoken by .+/);
    }
    await expect(log.locator(".line:not([data-settled=true])")).toHaveCount(0);
    await expect(page.locator(`#delay-${speaker}`)).toHaveText(/^\d+\.\d s$/);
  }

  await page.getByRole("button", { name: "Hang up" }).click();
  await expect(status(page)).toContainText("The call has ended");
  await page.getByRole("button", { name: "Close the contact" }).click();
  await expect(page.getByRole("button", { name: "Let a customer call" })).toBeEnabled();
  await expect.poll(() => page.evaluate(() => {
    const all = [...document.querySelectorAll("audio"), ...window.players.all];
    return all.filter(({ srcObject }) => srcObject !== null).length;
  })).toBe(0);
});

test("with the tap disconnected nothing is interpreted, and the originals are heard", async ({ page, services }) => {
  await page.addInitScript(() => {
    const taps = new WeakSet();
    window.AudioWorkletNode = class extends AudioWorkletNode {
      constructor(context, name, options) {
        super(context, name, options);
        if (/tap/.test(name)) taps.add(this);
      }
    };
    const { connect } = AudioNode.prototype;
    AudioNode.prototype.connect = function (target, ...rest) {
      return taps.has(target) ? target : connect.call(this, target, ...rest);
    };
  });
  const turns = await shorten(page, 2);
  await openDemo(page, services);
  await ring(page);
  await recordEars(page);
  await accept(page);
  await expect(status(page)).toContainText(OVER, { timeout: 200_000 });
  const sound = await heardByBoth(page);
  await keep(sound);

  for (const [speaker, listener] of [["customer", "agent"], ["agent", "customer"]]) {
    const { clips } = await translations(speaker);
    const { found, best } = clipsIn(sound[listener].samples, sound[listener].rate, clips);
    console.log(`${listener}: best score of a translation ${best.toFixed(3)}`);
    expect(found).toEqual([]);
    const spoken = clipsIn(sound[listener].samples, sound[listener].rate, await originals(speaker)).found.map(({ name }) => name);
    expect(spoken).toEqual(turns.filter((line) => line.speaker === speaker).map(({ text }) => text));
  }
  await expect(page.getByRole("log").locator(".line")).toHaveCount(0);
});
