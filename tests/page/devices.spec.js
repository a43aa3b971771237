// What a computer does to a page in a call: hides it, freezes it, loses its
// microphone and finds another.

import { codesHeard, codesOf, events, gaps, interpret, settled, speak, takeCall, until, untilHeard } from "./harness.js";
import { expect, test } from "./support.js";

/**
 * The page as Chrome treats one that has been hidden for minutes: timers of the
 * main thread fire once a minute. Nothing in these tests takes so long, so they
 * never do.
 */
async function hide(page) {
  await page.addInitScript(() => {
    window.workers = [];
    window.Worker = class extends Worker {
      constructor(...given) {
        super(...given);
        if (given[0] !== "data:,") window.workers.push(this);
      }
    };
    window.hide = () => {
      Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
      Object.defineProperty(document, "hidden", { value: true, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
      for (const name of ["setTimeout", "setInterval"]) {
        const begin = window[name];
        window[name] = (run, ms, ...rest) => begin(run, Math.max(60_000, ms ?? 0), ...rest);
      }
      window.requestAnimationFrame = () => 0;
    };
  });
}

/** Waits without a timer of the page. */
const soon = (page, condition) => expect.poll(() => page.evaluate(condition)).toBe(true);

test("a hidden page interprets, and replaces its worker, without any timer of its own", async ({ page, services }) => {
  await hide(page);
  await takeCall(page, services);
  await interpret(page);
  await page.evaluate(() => window.hide());
  await speak(page, "agent", 0, 4);
  await untilHeard(page, "customer", 0, 4);
  // Twice: the second time there is a wait before the next one.
  for (const first of [8, 16]) {
    const workers = await page.evaluate(() => window.workers.length);
    await page.evaluate(() => {
      window.harness.events = [];
      window.workers.at(-1).terminate();
    });
    await soon(page, () => window.harness.of("error").length === 1);
    await soon(page, () => window.harness.call.session.state === "running");
    expect(await page.evaluate(() => window.workers.length)).toBe(workers + 1);
    await speak(page, "agent", first, 4);
    await untilHeard(page, "customer", first, 4);
  }
});

test("a page that was frozen goes on where it was", async ({ page, services }) => {
  await takeCall(page, services);
  await interpret(page);
  await speak(page, "agent", 0, 4);
  await settled(page, "agent", 1);
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Page.setWebLifecycleState", { state: "frozen" });
  // Its people speak on another thread; what they say meanwhile may be lost.
  const { streams } = await services.control("state");
  expect(streams).toHaveLength(2);
  await devtools.send("Page.setWebLifecycleState", { state: "active" });
  await until(page, () => window.harness.call.session.state === "running");
  await speak(page, "agent", 16, 4);
  await untilHeard(page, "customer", 16, 4);
  await speak(page, "customer", 24, 4);
  await untilHeard(page, "agent", 24, 4);
});

test("a microphone that is unplugged leaves the rest of the call, and another one of another rate takes its place", async ({ page, services }) => {
  await takeCall(page, services);
  await interpret(page);
  await speak(page, "agent", 0, 4);
  await settled(page, "agent", 1);
  await page.evaluate(async () => {
    const { SpeechSource } = await import("/test/speech-source.js");
    const { track } = window.harness.call.sources.agent;
    // A device that goes ends its track by itself, and only that is told of.
    track.stop();
    track.dispatchEvent(new Event("ended"));
    const context = new AudioContext({ sampleRate: 16_000 });
    await context.resume();
    window.second = new SpeechSource(context);
  });
  await until(page, () => window.harness.of("error").length > 0);
  expect((await events(page, "error")).map(({ error }) => error)).toEqual([
    expect.objectContaining({ code: "track-ended", stage: "audio", speaker: "agent" }),
  ]);
  // The customer is interpreted as before, and the agent's stream is kept.
  await speak(page, "customer", 8, 4);
  await settled(page, "customer", 1);
  await untilHeard(page, "agent", 8, 4);
  expect(await page.evaluate(() => window.harness.call.session.level("agent"))).toBe("speech");

  await page.evaluate(async () => {
    const { pilotWords } = await import("/test/pilot-wav.js");
    window.harness.call.session.replaceTrack("agent", window.second.track);
    await window.second.play(pilotWords(32, 4));
  });
  await settled(page, "agent", 2);
  await untilHeard(page, "customer", 32, 4);
  expect((await codesHeard(page, "customer")).map(({ code }) => code)).toEqual([...codesOf(0, 4), ...codesOf(32, 4)]);
  expect(await gaps(page)).toEqual([]);
  expect((await services.control("state")).streams).toHaveLength(2);
});
