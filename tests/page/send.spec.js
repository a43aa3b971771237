// What goes to the customer: the mix, the microphone, a clip or nothing,
// switched during the call.

import { codesHeard, codesOf, events, gaps, interpret, settled, speak, takeCall, until, untilHeard } from "./harness.js";
import { expect, test } from "./support.js";

/** A call whose outlet to the customer is listened to, with clips of pilot words. */
async function takeListenedCall(page, services) {
  await takeCall(page, services);
  await page.evaluate(async () => {
    const { listen, rendered, watchOutlets } = await import("/test/outlet.js");
    const { pilotWords } = await import("/test/pilot-wav.js");
    watchOutlets();
    Object.assign(window, { listen, rendered, pilotWords });
  });
  await interpret(page);
  await page.evaluate(async () => {
    window.sound = await window.listen(window.harness.call.session.agentSpeech);
    window.silence = (seconds) => {
      const frames = seconds * window.sound.context.sampleRate;
      return window.sound.until((samples) => samples.slice(-frames).every((sample) => sample === 0));
    };
  });
}

const send = (page, what, options) => page.evaluate(([name, rest]) => window.harness.call.session.send(name, rest), [what, options]);

/** Sends a clip of pilot words; as a URL, or as a Blob. */
const sendClip = (page, first, count, { loop, as = "url" } = {}) => page.evaluate(async ([from, n, again, kind]) => {
  const url = window.pilotWords(from, n);
  const forms = { url, object: new URL(url), blob: await (await fetch(url)).blob() };
  await window.harness.call.session.send("clip", { clip: forms[kind], ...(again && { loop: true }) });
}, [first, count, loop, as]);

const refusal = (page, what, source) => page.evaluate(async ([name, options]) => {
  try {
    await window.harness.call.session.send(name, new Function(`return ${options}`)());
    return null;
  } catch ({ name, code, field }) {
    return { name, code, field };
  }
}, [what, source]);

test("sixty switches in the middle of speech take nothing from the interpreting, and the mix is the mix again", async ({ page, services }) => {
  await takeListenedCall(page, services);
  const speech = speak(page, "agent", 0, 24);
  await page.evaluate(async () => {
    const { session } = window.harness.call;
    const clip = await (await fetch(window.pilotWords(60, 1))).blob();
    const kinds = ["microphone", "clip", "silence", "mix", "clip", "clip", "microphone", "mix", "silence", "microphone"];
    const sent = [];
    for (let i = 0; i < 60; i++) {
      sent.push(session.send(kinds[i % kinds.length], { clip, loop: i % 20 < 10 }));
      await window.rendered(window.sound.context, i % 3 ? 0.15 : 0.01);
    }
    sent.push(session.send("mix"));
    await Promise.all(sent);
  });
  await speech;
  await settled(page, "agent", 1);
  await speak(page, "agent", 32, 8);
  await settled(page, "agent", 2);
  await untilHeard(page, "customer", 32, 8);
  // Every word of the second stretch, and nothing of a clip in it.
  const codes = (await codesHeard(page, "customer")).map(({ code }) => code);
  expect(codes.slice(-8 * 8)).toEqual(codesOf(32, 8));
  const outcomes = await page.evaluate(() => window.harness.outcomes("agent"));
  expect(new Set(outcomes)).toEqual(new Set(["spoken"]));
  const words = (await events(page, "transcript", "agent")).filter(({ isPartial }) => !isPartial)
    .flatMap(({ text }) => text.split(/\s+/));
  expect(words).toHaveLength(24 + 8);
  expect(await events(page, "error")).toEqual([]);
  expect(await gaps(page)).toEqual([]);
});

test("the microphone passes the interpreter by and obeys the mute; silence is silence", async ({ page, services }) => {
  await takeListenedCall(page, services);
  await send(page, "microphone");
  await speak(page, "agent", 0, 4);
  await untilHeard(page, "customer", 0, 4);
  await settled(page, "agent", 1);
  await page.evaluate(() => window.harness.call.session.mute("agent"));
  await speak(page, "agent", 16, 4);
  await page.evaluate(() => window.silence(1));
  await page.evaluate(() => window.harness.call.session.mute("agent", false));
  await speak(page, "agent", 32, 4);
  await untilHeard(page, "customer", 32, 4);
  await settled(page, "agent", 2);
  // Only the voice: the translations went to nobody.
  expect((await codesHeard(page, "customer")).map(({ code }) => code)).toEqual([...codesOf(0, 4), ...codesOf(32, 4)]);

  await send(page, "silence");
  await speak(page, "agent", 48, 4);
  await settled(page, "agent", 3);
  await until(page, () => window.harness.outcomes("agent").every((outcome) => outcome === "spoken" || outcome === "dropped"));
  await page.evaluate(() => window.silence(2));
  expect((await codesHeard(page, "customer")).map(({ code }) => code)).not.toContain(codesOf(48, 4)[4]);
});

test("a clip plays once, or again and again, to the next switch", async ({ page, services }) => {
  await takeListenedCall(page, services);
  for (const [first, as] of [[0, "url"], [8, "object"], [16, "blob"]]) {
    await sendClip(page, first, 4, { as });
    await untilHeard(page, "customer", first, 4);
    // After its end there is silence, also while the agent is interpreted.
    await page.evaluate(() => window.silence(0.5));
  }
  await speak(page, "agent", 56, 2);
  await settled(page, "agent", 1);
  await page.evaluate(() => window.silence(1));
  expect((await codesHeard(page, "customer")).map(({ code }) => code)).toEqual([0, 8, 16].flatMap((first) => codesOf(first, 4)));

  await sendClip(page, 24, 2, { loop: true });
  await expect.poll(async () => {
    const codes = (await codesHeard(page, "customer")).map(({ code }) => code);
    return codes.filter((code) => code === codesOf(24, 2).at(-1)).length;
  }).toBeGreaterThanOrEqual(3);
  await send(page, "mix");
  await page.evaluate(() => window.silence(0.5));
  await speak(page, "agent", 40, 4);
  await settled(page, "agent", 2);
  await untilHeard(page, "customer", 40, 4);
  expect((await codesHeard(page, "customer")).map(({ code }) => code).slice(-32)).toEqual(codesOf(40, 4));
});

test("what cannot be sent is refused by name, and the last wish counts", async ({ page, services }) => {
  await takeListenedCall(page, services);
  const option = (field) => ({ name: "InterpreterError", code: "invalid-option", field });
  expect(await refusal(page, "music", "undefined")).toEqual(option("send"));
  expect(await refusal(page, undefined, "undefined")).toEqual(option("send"));
  for (const none of ["undefined", "null", "{}", "{ clip: null }", "{ clip: 7 }", "{ clip: new Blob(['no audio']) }"]) {
    expect(await refusal(page, "clip", none), none).toEqual(option("send.clip"));
  }
  expect(await refusal(page, "clip", "{ clip: '/test/worklets.js', loop: 'yes' }")).toEqual(option("send.loop"));
  expect(await refusal(page, "clip", "{ clip: '/nowhere.wav' }")).toEqual({ name: "InterpreterError", code: "network", field: "send.clip" });
  // The mix is still what is sent.
  await speak(page, "agent", 0, 4);
  await settled(page, "agent", 1);
  await untilHeard(page, "customer", 0, 4);

  // A clip that is still being decoded when something else is wished for never plays.
  await page.evaluate(async () => {
    const { session } = window.harness.call;
    const late = session.send("clip", { clip: window.pilotWords(48, 4), loop: true });
    await Promise.all([late, session.send("mix")]);
  });
  await speak(page, "agent", 16, 4);
  await settled(page, "agent", 2);
  await untilHeard(page, "customer", 16, 4);
  expect((await codesHeard(page, "customer")).map(({ code }) => code)).toEqual([...codesOf(0, 4), ...codesOf(16, 4)]);
});
