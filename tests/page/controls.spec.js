// What a person can do during a call, judged by what is heard.

import { codesHeard, codesOf, events, interpret, levelOf, settled, speak, takeCall, until, untilHeard } from "./harness.js";
import { expect, test } from "./support.js";

const outcome = (page, speaker, wanted) =>
  until(page, ([who, what]) => window.harness.outcomes(who).includes(what), [speaker, wanted]);

for (const [speaker, listener] of [["agent", "customer"], ["customer", "agent"]]) {
  test(`volumes move what the ${listener} hears`, async ({ page, services }) => {
    await takeCall(page, services);
    const route = `${speaker}-translation-to-${listener}`;
    const original = `${speaker}-original-to-${listener}`;
    await interpret(page);
    await speak(page, speaker, 0, 4);
    await settled(page, speaker, 1);
    await untilHeard(page, listener, 0, 4);
    await page.evaluate((name) => window.harness.call.session.setVolume(name, 0.25), route);
    await speak(page, speaker, 8, 4);
    await settled(page, speaker, 2);
    await untilHeard(page, listener, 8, 4);
    const [full, quarter] = [await levelOf(page, listener, codesOf(0, 4)), await levelOf(page, listener, codesOf(8, 4))];
    expect(quarter / full).toBeGreaterThan(0.2);
    expect(quarter / full).toBeLessThan(0.3);

    // The original was at nothing until now.
    await page.evaluate(([quiet, loud]) => {
      window.harness.call.session.setVolume(quiet, 0);
      window.harness.call.session.setVolume(loud, 1);
    }, [route, original]);
    await speak(page, speaker, 16, 4);
    await untilHeard(page, listener, 16, 4);
    await settled(page, speaker, 3);
    expect((await codesHeard(page, listener)).filter(({ code }) => code >= 128).map(({ code }) => code)).toEqual(codesOf(16, 4));
    expect(await page.evaluate((name) => window.harness.call.session.volume(name), original)).toBe(1);
  });
}

test("mute silences the agent at once, with what is queued, and lets go again", async ({ page, services }) => {
  await takeCall(page, services);
  await interpret(page);
  await speak(page, "agent", 0, 16);
  await outcome(page, "agent", "speaking");
  await page.evaluate(() => window.harness.call.session.mute("agent"));
  await outcome(page, "agent", "dropped");
  // Muted speech is neither recognised nor heard.
  const before = (await events(page, "transcript", "agent")).length;
  await speak(page, "agent", 24, 4);
  await page.evaluate(() => window.harness.call.session.mute("agent", false));
  await speak(page, "agent", 40, 4);
  await until(page, () => window.harness.outcomes("agent").includes("spoken"));
  await untilHeard(page, "customer", 40, 4);

  const codes = (await codesHeard(page, "customer")).map(({ code }) => code);
  expect(codes.length).toBeLessThan(16 * 8 + 4 * 8);
  expect(codes).not.toContain(codesOf(0, 16).at(-1));
  expect(codes.filter((code) => codesOf(24, 4).includes(code))).toEqual([]);
  expect(codes.slice(-32)).toEqual(codesOf(40, 4));
  const texts = (await events(page, "transcript", "agent")).slice(before).filter(({ isPartial }) => !isPartial);
  expect(texts.at(-1).text.split(/\s+/)).toHaveLength(4);
});

test("on hold nothing is interpreted, and it resumes", async ({ page, services }) => {
  await takeCall(page, services);
  await interpret(page);
  await page.evaluate(() => window.harness.call.session.hold(true));
  await speak(page, "customer", 0, 4);
  // What was said arrives over the call's connection: a little later.
  await untilHeard(page, "agent", 0, 4);
  await page.evaluate(() => window.harness.call.session.hold(false));
  await speak(page, "customer", 32, 4);
  await settled(page, "customer", 1);
  await untilHeard(page, "agent", 32, 4);
  const translations = await events(page, "translation", "customer");
  expect(translations).toHaveLength(1);
  expect(translations[0].sourceText.split(/\s+/)).toHaveLength(4);
});

test("a side that is switched off is heard in the original", async ({ page, services }) => {
  await takeCall(page, services);
  await interpret(page);
  await page.evaluate(() => window.harness.call.session.enable("agent", false));
  await speak(page, "agent", 0, 4);
  await untilHeard(page, "customer", 0, 4);
  expect(await events(page, "transcript", "agent")).toEqual([]);
  await page.evaluate(() => window.harness.call.session.enable("agent", true));
  await until(page, () => window.harness.call.session.state === "running");
  await speak(page, "agent", 32, 4);
  await settled(page, "agent", 1);
  await untilHeard(page, "customer", 32, 4);
});

test("captions or a transcript alone leave the original as it is, and speech comes back", async ({ page, services }) => {
  const route = "agent-original-to-customer";
  await takeCall(page, services);
  await interpret(page, { volumes: { [route]: 0.25, "agent-translation-to-customer": 0 }, customer: { output: "transcript" } });
  const configure = (output) => page.evaluate((form) => window.harness.call.session.configure("agent", { output: form }), output);
  const words = [["speech", 0], ["captions", 8], ["transcript", 16], ["speech", 24]];
  const levels = [];
  for (const [i, [output, first]] of words.entries()) {
    await configure(output);
    await speak(page, "agent", first, 4);
    if (output === "transcript") {
      await until(page, () => window.harness.of("transcript", "agent").filter(({ isPartial }) => !isPartial).length === 3);
    } else {
      await settled(page, "agent", Math.min(i + 1, 3));
    }
    await untilHeard(page, "customer", first, 4);
    levels.push(await levelOf(page, "customer", codesOf(first, 4)));
  }
  for (const [i, level] of levels.entries()) {
    const ratio = level / levels[1];
    const [least, most] = i === 0 || i === 3 ? [0.22, 0.28] : [0.9, 1.1];
    expect(ratio, words[i][0]).toBeGreaterThan(least);
    expect(ratio, words[i][0]).toBeLessThan(most);
  }
  expect(await page.evaluate(() => window.harness.outcomes("agent"))).toEqual(["spoken", "caption", "spoken"]);
  expect((await events(page, "utterance", "agent")).filter(({ error }) => error)).toEqual([]);
  expect(await events(page, "translation", "agent")).toHaveLength(3);
  expect(await page.evaluate((name) => window.harness.call.session.volume(name), route)).toBe(0.25);

  // The other side is a transcript from the start.
  await speak(page, "customer", 32, 4);
  await until(page, () => window.harness.of("transcript", "customer").some(({ isPartial }) => !isPartial));
  expect(await events(page, "utterance", "customer")).toEqual([]);
  const wrong = await page.evaluate(() => {
    try {
      window.harness.call.session.configure("agent", { output: "song" });
      return null;
    } catch ({ code, field }) {
      return { code, field };
    }
  });
  expect(wrong).toEqual({ code: "invalid-option", field: "agent.output" });
});

test("typed text is translated and spoken, or spoken as it is", async ({ page, services }) => {
  await takeCall(page, services);
  await interpret(page);
  await speak(page, "agent", 0, 4);
  await settled(page, "agent", 1);
  await untilHeard(page, "customer", 0, 4);
  const [{ sourceText, text }] = await events(page, "translation", "agent");
  const typed = (words, translate) => page.evaluate(([what, o]) => window.harness.call.session.say("agent", what, o), [words, { translate }]);

  for (const [i, [words, translate]] of [[sourceText, true], [text, false]].entries()) {
    await typed(words, translate);
    await until(page, (n) => window.harness.outcomes("agent").filter((result) => result === "spoken").length === n, i + 2);
    await expect.poll(async () => (await codesHeard(page, "customer")).length).toBeGreaterThanOrEqual((i + 2) * 32);
    const codes = (await codesHeard(page, "customer")).map(({ code }) => code);
    expect(codes.slice(-32)).toEqual(codesOf(0, 4));
  }
});

test("stop gives the call back and lets go of everything", async ({ page, services }) => {
  await takeCall(page, services);
  await interpret(page);
  const wiring = () => page.evaluate(() => {
    const { call } = window.harness;
    return {
      sender: call.line.sender.track === call.sources.agent.track,
      element: document.querySelector("#agent-hears").srcObject?.getAudioTracks()[0] === call.line.atAgent,
    };
  });
  await expect.poll(wiring).toEqual({ sender: false, element: false });
  await page.evaluate(async () => {
    const { session } = window.harness.call;
    window.tracks = [session.agentSpeech, session.customerSpeech];
    await session.stop();
    await session.stop();
  });
  expect(await wiring()).toEqual({ sender: true, element: true });
  expect(await page.evaluate(() => window.harness.call.session.state)).toBe("stopped");
  expect(await page.evaluate(() => window.tracks.map(({ readyState }) => readyState))).toEqual(["ended", "ended"]);
  await expect.poll(async () => (await services.control("state")).streams.filter(({ ended }) => ended === null).length).toBe(0);
  for (const [speaker, listener] of [["agent", "customer"], ["customer", "agent"]]) {
    await speak(page, speaker, 0, 4);
    await untilHeard(page, listener, 0, 4);
  }
  expect(await events(page, "transcript")).toEqual([]);

  // The same page can be interpreted again.
  await interpret(page);
  await speak(page, "agent", 32, 4);
  await settled(page, "agent", 1);
  await untilHeard(page, "customer", 32, 4);
});
