// Mute and hold, exactly: what leaves the session's graph, on the frames of its
// own context, while the engine's worker is too busy to know of anything.

import { codesHeard, codesOf, events, interpret, levelOf, settled, speak, takeCall, until, untilHeard } from "./harness.js";
import { expect, test } from "./support.js";

/** A worker that is busy for longer counts as stuck and is replaced. */
const BUSY_MS = 700;

/** A call whose worker can be kept busy, with a listener at what leaves by each track. */
async function takeWatchedCall(page, services, options) {
  await page.addInitScript(() => {
    window.workers = [];
    window.Worker = class extends Worker {
      constructor(...given) {
        super(...given);
        window.workers.push(this);
      }
    };
  });
  await takeCall(page, services);
  await page.evaluate(async () => {
    window.outlet = await import("/test/outlet.js");
    window.outlet.watchOutlets();
    const { default: init } = await import("/pkg/index.js");
    await init({ assets: { worker: "/test/busy.worker.js" } });
  });
  await interpret(page, options);
  await page.evaluate(async () => {
    const { session } = window.harness.call;
    const { agentSpeech, customerSpeech } = session;
    window.sounds = { customer: await window.outlet.listen(agentSpeech), agent: await window.outlet.listen(customerSpeech) };
    window.keepBusy = (ms) => window.workers.at(-1).postMessage(["keep-busy", ms]);
    // How long after the command something was heard last, in seconds.
    window.lasted = (listener, frame) => {
      const { samples, first, context } = window.sounds[listener];
      let last = samples.length - 1;
      while (last >= 0 && samples[last] === 0) last--;
      return (first + last + 1 - frame) / context.sampleRate;
    };
    window.loudness = (listener, from, to) => {
      const { samples, first } = window.sounds[listener];
      return samples.slice(from - first, to - first).reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    };
  });
}

const speaking = (page, speaker) =>
  until(page, (who) => window.harness.of("utterance", who).some(({ outcome }) => outcome === "speaking"), speaker);

/** Does something while both kinds of sound are under way and the worker is busy; gives the frame at which. */
const command = (page, run) => page.evaluate(async ([source, ms]) => {
  const { session } = window.harness.call;
  const { context } = window.sounds.customer;
  window.keepBusy(ms);
  const frame = Math.round(context.currentTime * context.sampleRate);
  new Function("session", source)(session);
  return frame;
}, [run, BUSY_MS]);

const rendered = (page, seconds) => page.evaluate(async (s) => {
  await window.outlet.rendered(window.sounds.customer.context, s);
}, seconds);

test("mute is silence at once, whatever the engine does, and gives back what was set", async ({ page, services }) => {
  const original = "agent-original-to-customer";
  await takeWatchedCall(page, services, { volumes: { [original]: 0.5 }, comfortNoise: "generated" });
  await speak(page, "agent", 0, 4);
  await settled(page, "agent", 1);
  await untilHeard(page, "customer", 0, 4);
  const [{ text }] = await events(page, "translation", "agent");
  await page.evaluate(() => (window.harness.events = []));

  await speak(page, "agent", 8, 16);
  await speaking(page, "agent");
  const muted = speak(page, "agent", 32, 24);
  await rendered(page, 1);
  const spoken = async () => (await events(page, "utterance", "agent")).filter(({ outcome }) => outcome === "spoken").length;
  const before = await spoken();
  const at = await command(page, 'session.mute("agent"); session.mute("agent");');
  await rendered(page, 1);
  // Neither voice nor translation nor noise; more than a second of it.
  expect(await page.evaluate((frame) => window.loudness("customer", frame - 4800, frame), at)).toBeGreaterThan(0.1);
  expect(await page.evaluate((frame) => window.lasted("customer", frame), at)).toBeLessThan(0.06);
  await muted;
  expect(await page.evaluate((frame) => window.lasted("customer", frame), at)).toBeLessThan(0.06);
  await until(page, () => window.harness.outcomes("agent").includes("dropped"));
  expect(await spoken()).toBe(before);

  // Typed text is spoken all the same.
  await page.evaluate((typed) => window.harness.call.session.say("agent", typed), text);
  await expect.poll(spoken).toBe(before + 1);
  await expect.poll(async () => (await codesHeard(page, "customer")).map(({ code }) => code).slice(-32)).toEqual(codesOf(0, 4));

  // What is set meanwhile is what counts afterwards.
  await page.evaluate((route) => {
    const { session } = window.harness.call;
    session.setVolume(route, 0.25);
    session.mute("agent", false);
    session.setVolume("agent-translation-to-customer", 0);
  }, original);
  await speak(page, "agent", 0, 4);
  await speak(page, "agent", 40, 4);
  await untilHeard(page, "customer", 40, 4);
  await page.evaluate(() => window.harness.call.session.enable("agent", false));
  await until(page, () => window.harness.call.session.state === "running");
  await speak(page, "agent", 56, 4);
  await untilHeard(page, "customer", 56, 4);
  const ratio = (await levelOf(page, "customer", codesOf(40, 4))) / (await levelOf(page, "customer", codesOf(56, 4)));
  expect(ratio).toBeGreaterThan(0.22);
  expect(ratio).toBeLessThan(0.28);

  // 24 words were said in the mute's time: one second of them before it.
  const finals = (await events(page, "transcript", "agent")).filter(({ isPartial }) => !isPartial);
  const words = finals.map((final) => final.text.split(/\s+/).length).reduce((sum, n) => sum + n, 0);
  expect(words).toBeLessThanOrEqual(16 + 4 + 4 + 4);
  expect(words).toBeGreaterThanOrEqual(16 + 4 + 4);
});

test("what was said before a mute is spoken to its end, if the speaker is set so", async ({ page, services }) => {
  await takeWatchedCall(page, services, { agent: { onMute: "finish" }, volumes: { "agent-original-to-customer": 0 } });
  await speak(page, "agent", 0, 16);
  await speaking(page, "agent");
  await page.evaluate(() => window.harness.call.session.mute("agent"));
  await speak(page, "agent", 24, 4);
  await settled(page, "agent", 1);
  await untilHeard(page, "customer", 0, 16);
  expect((await codesHeard(page, "customer")).map(({ code }) => code)).toEqual(codesOf(0, 16));
});

test("hold stops both at once, passes the originals, and gives back what was set", async ({ page, services }) => {
  const routes = { agent: "agent-original-to-customer", customer: "customer-original-to-agent" };
  const listeners = { agent: "customer", customer: "agent" };
  await takeWatchedCall(page, services, {
    volumes: {
      [routes.agent]: 0, [routes.customer]: 0, "agent-translation-to-agent": 0, "customer-translation-to-customer": 0,
    },
    comfortNoise: "generated",
    // What is spoken begins after the end of what is said: on hold one hears the originals.
    agent: { stability: "none" },
    customer: { stability: "none" },
  });
  await Promise.all([speak(page, "agent", 0, 16), speak(page, "customer", 24, 16)]);
  await speaking(page, "agent");
  await speaking(page, "customer");
  const at = await command(page, "session.hold(true); session.hold(true);");
  await rendered(page, 1);
  for (const listener of ["agent", "customer"]) {
    const [before, lasted] = await page.evaluate(([who, frame]) => [
      window.loudness(who, frame - 4800, frame), window.lasted(who, frame),
    ], [listener, at]);
    expect(before, listener).toBeGreaterThan(0.1);
    // The originals' gains move: what is silent stays so.
    expect(lasted, listener).toBeLessThan(0.06);
  }
  await until(page, () => ["agent", "customer"].every((who) => window.harness.outcomes(who).includes("dropped")));

  // The agent consults somebody; a muted one stays muted.
  const transcripts = (await events(page, "transcript")).length;
  for (const [speaker, listener] of Object.entries(listeners)) {
    await speak(page, speaker, 48, 4);
    await untilHeard(page, listener, 48, 4);
  }
  await page.evaluate(() => window.harness.call.session.mute("agent"));
  await speak(page, "agent", 16, 4);
  await page.evaluate((route) => {
    const { session } = window.harness.call;
    session.setVolume(route, 0.5);
    session.mute("agent", false);
    session.hold(false);
  }, routes.agent);
  expect(await page.evaluate((all) => all.map((route) => window.harness.call.session.volume(route)), Object.values(routes))).toEqual([0.5, 0]);
  for (const [speaker, listener] of Object.entries(listeners)) {
    await page.evaluate((route) => window.harness.call.session.setVolume(route, 0), `${speaker}-translation-to-${listener}`);
    await speak(page, speaker, 56, 4);
  }
  await untilHeard(page, "customer", 56, 4);
  await settled(page, "agent", 1);
  await settled(page, "customer", 1);
  const full = await levelOf(page, "customer", codesOf(48, 4));
  const half = await levelOf(page, "customer", codesOf(56, 4));
  expect(half / full).toBeGreaterThan(0.45);
  expect(half / full).toBeLessThan(0.55);
  const [agent, customer] = await Promise.all(["agent", "customer"].map((who) => codesHeard(page, who)));
  // A slot that is torn reads as any code, but no second one follows it.
  const followed = customer.filter(({ code }, i) => codesOf(16, 4).includes(code) && customer[i + 1]?.code === code + 1);
  expect(followed).toEqual([]);
  expect(agent.map(({ code }) => code).slice(-32)).toEqual(codesOf(48, 4));
  const later = (await events(page, "transcript")).slice(transcripts).filter(({ isPartial }) => !isPartial);
  for (const speaker of ["agent", "customer"]) {
    const texts = later.filter((event) => event.speaker === speaker).map(({ text }) => text.split(/\s+/).length);
    expect(texts.at(-1), speaker).toBe(4);
  }
});
