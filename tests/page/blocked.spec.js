// A page whose main thread stands still for two seconds, in the middle of
// speech: nothing is lost, nothing is torn, nothing changes places.

import { codesHeard, codesOf, events, gaps, interpret, settled, speak, takeCall, until, untilHeard } from "./harness.js";
import { SLOT } from "./pilot.js";
import { expect, test } from "./support.js";

const BLOCK_MS = 2000;
const WORDS = 16;

/** Keeps the main thread busy, as a page that renders for too long does. */
function block(page) {
  return page.evaluate((ms) => {
    const start = performance.now();
    while (performance.now() - start < ms);
    return performance.now() - start;
  }, BLOCK_MS);
}

function expectWhole(heard, first) {
  expect(heard.map(({ code }) => code)).toEqual(codesOf(first, WORDS));
  const steps = heard.slice(1).map(({ at }, i) => at - heard[i].at);
  // Slots follow each other; a hole or a repeated piece would show as a longer or shorter step.
  expect(Math.max(...steps)).toBeLessThan(1.5 * SLOT);
  expect(Math.min(...steps)).toBeGreaterThan(0.5 * SLOT);
}

for (const [speaker, listener] of [["agent", "customer"], ["customer", "agent"]]) {
  test(`blocked while the ${speaker} speaks and while the ${listener} hears it`, async ({ page, services }) => {
    await takeCall(page, services);
    // One utterance: between two there is a pause.
    await interpret(page, { agent: { stability: "none" }, customer: { stability: "none" } });

    const capturing = speak(page, speaker, 0, WORDS);
    await until(page, (who) => window.harness.of("transcript", who).length > 0, speaker);
    expect(await block(page)).toBeGreaterThanOrEqual(BLOCK_MS);
    await capturing;
    await until(page, (who) => window.harness.of("utterance", who).some(({ outcome }) => outcome === "speaking"), speaker);
    expect(await block(page)).toBeGreaterThanOrEqual(BLOCK_MS);
    await settled(page, speaker, 1);
    await untilHeard(page, listener, 0, WORDS);

    expectWhole(await codesHeard(page, listener), 0);
    expect(await gaps(page)).toEqual([]);
    const transcripts = await events(page, "transcript", speaker);
    expect(transcripts.at(-1).text.split(/\s+/)).toHaveLength(WORDS);

    // What the service got is as long as what the tap captured, less than half
    // of a block apart: of a pause the engine leaves out what makes up for a
    // late start.
    const { streams } = await services.control("state");
    expect(streams).toHaveLength(2);
    for (const { samplesReceived, sampleRate, firstAudioAtMs, lastAudioAtMs } of streams) {
      expect((samplesReceived / sampleRate) * 1000).toBeGreaterThan(lastAudioAtMs - firstAudioAtMs - BLOCK_MS / 2);
    }
  });
}
