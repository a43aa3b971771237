// The demo's whole call, judged by the sound that each side heard.

import { clipsIn, deviations, originals, readLines, translations } from "./expected.js";
import { expect, heard, keep, record, test } from "./support.js";

const OVER = "The conversation is over";
const words = (text) => text.toLowerCase().replace(/[^\p{L}\p{N}\s]/gu, "").split(/\s+/);

test("one click: each side hears every line of the other in its own language", async ({ page, services }) => {
  await page.goto(services.page);
  await page.getByRole("button", { name: "Take the call" }).click();
  await record(page);
  await expect(page.getByRole("status")).toContainText(OVER, { timeout: 500_000 });
  const sound = await heard(page);
  await keep(sound);

  for (const [speaker, listener] of [["customer", "agent"], ["agent", "customer"]]) {
    const { clips, lines } = await translations(speaker);
    const { found, best } = clipsIn(sound[listener], sound.rate, clips);
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
  await expect(page.getByRole("status")).toContainText("The call has ended");
  await expect(page.getByRole("button", { name: "Take the call" })).toBeEnabled();
  expect(await page.locator("audio").evaluateAll((all) => all.map(({ srcObject }) => srcObject))).toEqual([null, null]);
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
  const turns = (await readLines()).slice(0, 4);
  await page.route("**/lines/lines.json", (route) => route.fulfill({ json: { lines: turns } }));
  await page.goto(services.page);
  await page.getByRole("button", { name: "Take the call" }).click();
  await record(page);
  await expect(page.getByRole("status")).toContainText(OVER, { timeout: 200_000 });
  const sound = await heard(page);
  await keep(sound);

  for (const [speaker, listener] of [["customer", "agent"], ["agent", "customer"]]) {
    const { clips } = await translations(speaker);
    const { found, best } = clipsIn(sound[listener], sound.rate, clips);
    console.log(`${listener}: best score of a translation ${best.toFixed(3)}`);
    expect(found).toEqual([]);
    const spoken = clipsIn(sound[listener], sound.rate, await originals(speaker)).found.map(({ name }) => name);
    expect(spoken).toEqual(turns.filter((line) => line.speaker === speaker).map(({ text }) => text));
  }
  await expect(page.getByRole("log").locator(".line")).toHaveCount(0);
});
