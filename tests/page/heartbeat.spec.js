// The engine's worker dies while people speak. All sound is measured where it
// leaves the session's graph, and all times are frames of that graph's context.

import { events, gaps, interpret, speak, takeCall, until } from "./harness.js";
import { pilotCodes } from "./pilot.js";
import { expect, samplesOf, test } from "./support.js";

/** The agent's microphone also has this tone: the original, whatever is said. */
const TONE = { hz: 1000, level: 0.1 };
/** An original while its speaker is interpreted. */
const LOWERED = 0.3;

/** A call that is interpreted and listened to; its workers are known, and each may be sent away. */
async function takeWatchedCall(page, services, { worker, options } = {}) {
  await page.addInitScript(() => {
    window.workers = [];
    window.Worker = class extends Worker {
      constructor(...given) {
        super(...given);
        if (given[0] === "data:,") return; // A look at what the browser can do.
        window.workers.push(this);
        window.onworker?.(this);
      }
    };
  });
  await takeCall(page, services);
  await page.evaluate(async ([script, tone]) => {
    window.outlet = await import("/test/outlet.js");
    window.outlet.watchOutlets();
    const { default: init } = await import("/pkg/index.js");
    await init(script ? { assets: { worker: script } } : {});
    await window.harness.call.sources.agent.hum(tone.hz, tone.level);
  }, [worker, TONE]);
  await interpret(page, {
    ...options,
    volumes: {
      "agent-original-to-customer": LOWERED, "agent-translation-to-customer": 1, "agent-translation-to-agent": 1,
      "customer-original-to-agent": 0, "customer-translation-to-agent": 1, "customer-translation-to-customer": 0,
    },
  });
  await page.evaluate(async () => {
    const { harness, outlet } = window;
    const { session } = harness.call;
    const { agentSpeech, customerSpeech } = session;
    window.sounds = { customer: await outlet.listen(agentSpeech), agent: await outlet.listen(customerSpeech) };
    const { context } = window.sounds.customer;
    window.sounds.microphone = await outlet.listenIn(context, harness.call.sources.agent.track);
    window.frame = () => Math.round(context.currentTime * context.sampleRate);
    window.marks = [];
    window.mark = (what) => window.marks.push({ what, frame: window.frame() });
    for (const type of ["levelchange", "error", "gap"]) {
      session.addEventListener(type, ({ detail }) => window.mark(`${type} ${detail.speaker ?? ""} ${detail.level ?? ""}`.trim()));
    }
    // One word, a pause, another word: there is always something new to say.
    window.talk = async (speaker, first) => {
      window.talking = true;
      for (let word = first; window.talking; word = (word + 1) % 64) {
        await harness.speak(speaker, word, 1);
        await outlet.rendered(context, 0.6);
      }
    };
  });
}

const speaking = (page, speaker) => until(page, (who) => window.harness.of("utterance", who).at(-1)?.outcome === "speaking", speaker);

/** What left the graph towards both, from the same first frame on. */
async function recorded(page) {
  const { rate, first, marks, sounds } = await page.evaluate(async () => {
    const { recorderText } = await import("/test/recorder.js");
    const all = Object.entries(window.sounds);
    const from = Math.max(...all.map(([, { first }]) => first));
    const cut = ({ samples, first }) => recorderText(Float32Array.from(samples.slice(from - first)));
    const { sampleRate } = all[0][1].context;
    return { rate: sampleRate, first: from, marks: window.marks, sounds: Object.fromEntries(all.map(([name, sound]) => [name, cut(sound)])) };
  });
  const seconds = (frame) => (frame - first) / rate;
  return {
    rate,
    ...Object.fromEntries(Object.entries(sounds).map(([name, text]) => [name, samplesOf(text)])),
    marks: marks.map(({ what, frame }) => ({ what, at: seconds(frame) })),
    at: (what) => seconds(marks.find((mark) => mark.what === what).frame),
  };
}

/**
 * How much of the microphone leaves towards the customer, every 10 ms: the tone
 * there as a part of the tone that came in, on the same frames. A window of 30 ms
 * tells it from the words beside it.
 */
function original({ customer, microphone, rate }) {
  const step = Math.round(rate / 100);
  const length = 3 * step;
  const hann = Float64Array.from({ length }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 0.5)) / length));
  const turn = (2 * Math.PI * TONE.hz) / rate;
  const tone = (samples, at) => {
    let [re, im] = [0, 0];
    for (let i = 0; i < length; i++) {
      re += hann[i] * samples[at + i] * Math.cos(turn * i);
      im += hann[i] * samples[at + i] * Math.sin(turn * i);
    }
    return (4 * Math.hypot(re, im)) / length;
  };
  const levels = [];
  let unknown = 0;
  for (let at = 0; at + length <= Math.min(customer.length, microphone.length); at += step) {
    // Where a busy machine gives the microphone nothing, nothing can be measured.
    const came = tone(microphone, at);
    if (came > TONE.level / 4) levels.push(tone(customer, at) / came);
    else levels.push(levels.at(-1) ?? LOWERED), unknown++;
  }
  expect(unknown).toBeLessThan(levels.length / 20);
  return levels;
}

/** What is promised of a worker that ends at the mark `killed`. */
async function expectRecovery(page) {
  const sound = await recorded(page);
  const levels = original(sound);
  const window_ = (at) => Math.round(at * 100);
  const [killed, noticed] = [sound.at("killed"), sound.at("levelchange agent original")];
  expect(noticed - killed).toBeLessThanOrEqual(1);
  // Never less than the original under a translation, which is 12 dB down: a
  // hole of 5 ms would show.
  const least = Math.min(...levels.slice(window_(killed) - 100, window_(sound.marks.at(-1).at)));
  expect(least).toBeGreaterThan((LOWERED / 4) * 0.7);
  // Full level, and it stays until the other engine speaks for the agent again.
  const back = sound.marks.find(({ what, at }) => what === "levelchange agent speech" && at > noticed).at;
  // Another one that is up sooner than the ramps end is better still.
  const full = levels.slice(window_(noticed), window_(back) - 5);
  const reached = full.findIndex((level) => level > 0.9);
  if (back - noticed > 0.3) {
    expect(reached).toBeGreaterThanOrEqual(0);
    expect(reached / 100).toBeLessThanOrEqual(0.3);
    expect(Math.min(...full.slice(reached))).toBeGreaterThan(0.85);
  }
  // Only what is spoken for the agent is heard at the agent.
  const spoken = pilotCodes(sound.agent, sound.rate).map(({ at }) => at).filter((at) => at > noticed + 0.3);
  expect(spoken[0] - noticed).toBeLessThanOrEqual(0.3 + 3);
  return { killed, noticed };
}

/** The host is told of everything that was lost, once. */
async function expectTold(page) {
  const errors = (await events(page, "error")).map(({ error }) => error);
  expect(errors).toEqual([expect.objectContaining({ code: "engine-failed", stage: "engine", retryable: true })]);
  const lost = await gaps(page);
  expect(lost.map(({ speaker }) => speaker).toSorted()).toEqual(["agent", "customer"]);
  for (const { lostMs } of lost) {
    expect(lostMs).toBeGreaterThan(500);
    expect(lostMs).toBeLessThan(6000);
  }
  const all = await events(page, "utterance", "agent");
  const ends = all.filter(({ outcome }) => !["committed", "speaking"].includes(outcome));
  // Each begins once and ends once, and no number comes twice.
  const ids = all.filter(({ outcome }) => outcome === "committed").map(({ utteranceId }) => utteranceId);
  expect(ids).toEqual(ids.toSorted((a, b) => a - b));
  expect(new Set(ids).size).toBe(ids.length);
  expect(new Set(ends.map(({ utteranceId }) => utteranceId)).size).toBe(ends.length);
  expect(ends.some(({ outcome }) => outcome === "dropped")).toBe(true);
  expect(ends.length).toBeGreaterThanOrEqual(ids.length - 2);
  // The session's clock goes on: what the other engine hears was said later.
  const everything = await page.evaluate(() => window.harness.events);
  const end = everything.findIndex(({ type }) => type === "error");
  const starts = (some) => some.filter(({ type, speaker }) => type === "transcript" && speaker === "agent").map(({ startMs }) => startMs);
  expect(Math.min(...starts(everything.slice(end)))).toBeGreaterThan(Math.max(...starts(everything.slice(0, end))));
}

const kills = {
  "is ended": { kill: () => window.workers.at(-1).terminate() },
  "is stuck": { worker: "/test/busy.worker.js", kill: () => window.workers.at(-1).postMessage(["keep-busy", 600_000]) },
  "throws": { kill: () => window.workers.at(-1).postMessage(null) },
};
for (const [what, { worker, kill }] of Object.entries(kills)) {
  test(`a worker that ${what} while somebody is interpreted is replaced, and the originals are heard meanwhile`, async ({ page, services }) => {
    await takeWatchedCall(page, services, { worker });
    await page.evaluate(() => void window.talk("agent", 0));
    await until(page, () => window.harness.outcomes("agent").filter((outcome) => outcome === "spoken").length >= 3);
    await speaking(page, "agent");
    await page.evaluate((source) => {
      window.mark("killed");
      window.was = window.harness.outcomes("agent").length;
      new Function(`(${source})()`)();
    }, kill.toString());
    await until(page, () => window.harness.outcomes("agent").slice(window.was).filter((outcome) => outcome === "spoken").length >= 3);
    await page.evaluate(() => {
      window.talking = false;
      window.mark("over");
    });
    await expectRecovery(page);
    await expectTold(page);
    expect(await page.evaluate(() => window.workers.length)).toBe(2);
    expect(await page.evaluate(() => window.harness.call.session.state)).toBe("running");
    // The mix stays on the wire: the graph was never broken.
    expect(await page.evaluate(() => window.harness.originals())).toEqual({ sender: false, element: false });
  });
}

/** Ends the worker and waits until the next one interprets. */
async function replaceWorker(page) {
  await page.evaluate(() => {
    window.harness.events = [];
    window.harness.skips.length = 0;
    window.workers.at(-1).terminate();
  });
  await until(page, () => window.harness.of("error").length > 0);
  await until(page, () => window.harness.call.session.state === "running");
}

test("a muted or switched-off speaker and the settings of the call are the next worker's too", async ({ page, services }) => {
  await takeWatchedCall(page, services);
  await page.evaluate(() => {
    const { session } = window.harness.call;
    session.mute("agent");
    session.configure("customer", { output: "captions", stability: "none" });
  });
  await replaceWorker(page);
  expect((await gaps(page)).map(({ speaker }) => speaker)).toEqual(["customer"]);
  await Promise.all([speak(page, "agent", 0, 4), speak(page, "customer", 8, 4)]);
  await until(page, () => window.harness.outcomes("customer").includes("caption"));
  expect(await events(page, "transcript", "agent")).toEqual([]);
  const { customer, rate } = await recorded(page);
  // The agent is muted in the graph too: neither tone nor words.
  expect(Math.max(...customer.slice(-2 * rate).map(Math.abs))).toBeLessThan(0.02);
  expect(await page.evaluate(() => window.harness.call.session.level("customer"))).toBe("captions");
  expect((await services.control("state")).streams.filter(({ ended }) => ended === null)).toHaveLength(2);

  await page.evaluate(() => {
    const { session } = window.harness.call;
    session.mute("agent", false);
    session.enable("customer", false);
  });
  await speak(page, "agent", 16, 4);
  await until(page, () => window.harness.outcomes("agent").includes("spoken"));
  await replaceWorker(page);
  await Promise.all([speak(page, "agent", 24, 4), speak(page, "customer", 32, 4)]);
  await until(page, () => window.harness.outcomes("agent").includes("spoken"));
  expect(await events(page, "transcript", "customer")).toEqual([]);
  expect(await page.evaluate(() => window.harness.call.session.level("customer"))).toBe("original");

  // A call on hold stays there.
  await page.evaluate(() => window.harness.call.session.hold(true));
  await replaceWorker(page);
  expect(await gaps(page)).toEqual([]);
  await speak(page, "agent", 40, 4);
  expect(await events(page, "transcript")).toEqual([]);
  await page.evaluate(() => window.harness.call.session.hold(false));
  await speak(page, "agent", 48, 4);
  await until(page, () => window.harness.outcomes("agent").includes("spoken"));
});

test("what is typed while there is no worker is spoken by the next", async ({ page, services }) => {
  await takeWatchedCall(page, services);
  await speak(page, "agent", 0, 4);
  await until(page, () => window.harness.outcomes("agent").includes("spoken"));
  const [{ text }] = await events(page, "translation", "agent");
  await page.evaluate((typed) => {
    const { session } = window.harness.call;
    window.harness.events = [];
    window.harness.skips.length = 0;
    // At once: nothing of the next worker is there yet.
    session.addEventListener("error", () => session.say("agent", typed), { once: true });
    window.workers.at(-1).postMessage(null);
  }, text);
  await until(page, () => window.harness.outcomes("agent").includes("spoken"));
});

test("workers that die one after another are made ever more rarely, and the one that lives interprets", async ({ page, services }) => {
  await takeWatchedCall(page, services);
  await page.evaluate(() => {
    window.made = [];
    window.onworker = (worker) => {
      window.made.push(window.frame());
      // As soon as it has a session.
      worker.addEventListener("message", ({ data }) => {
        if (window.made.length < 4 && data[0] === "started") worker.postMessage(null);
      });
    };
    window.workers.at(-1).postMessage(null);
  });
  await until(page, () => window.made.length === 4 && window.harness.call.session.state === "running");
  const [made, rate] = await page.evaluate(() => [window.made, window.sounds.customer.context.sampleRate]);
  const waits = made.slice(1).map((frame, i) => (frame - made[i]) / rate);
  waits.forEach((wait, i) => {
    expect(wait, String(waits)).toBeGreaterThanOrEqual(2 ** i);
    expect(wait, String(waits)).toBeLessThan(2 ** i + 1);
  });
  expect((await events(page, "error")).map(({ error }) => error.code)).toEqual(Array(4).fill("engine-failed"));
  await speak(page, "agent", 0, 4);
  await until(page, () => window.harness.outcomes("agent").includes("spoken"));
});

test("a worker that never comes up is given up for another", async ({ page, services }) => {
  await takeWatchedCall(page, services);
  await page.evaluate(() => {
    window.onworker = (worker) => {
      window.onworker = null;
      worker.terminate();
    };
    window.workers.at(-1).postMessage(null);
  });
  await until(page, () => window.workers.length === 3 && window.harness.call.session.state === "running");
  await speak(page, "agent", 0, 4);
  await until(page, () => window.harness.outcomes("agent").includes("spoken"));
});

test("a page that stands still for seconds is no dead worker", async ({ page, services }) => {
  await takeWatchedCall(page, services);
  const speaks = speak(page, "agent", 0, 16);
  await page.evaluate(() => {
    const start = performance.now();
    while (performance.now() - start < 4000);
  });
  await speaks;
  await until(page, () => window.harness.outcomes("agent").includes("spoken"));
  expect(await page.evaluate(() => window.workers.length)).toBe(1);
  expect(await events(page, "error")).toEqual([]);
});

test("a session that is stopped while there is no worker ends at once, and the call is as before", async ({ page, services }) => {
  await takeWatchedCall(page, services);
  await page.evaluate(async () => {
    const { session } = window.harness.call;
    const stopped = new Promise((resolve) => {
      session.addEventListener("error", () => resolve(session.stop()), { once: true });
    });
    window.workers.at(-1).postMessage(null);
    await stopped;
  });
  expect(await page.evaluate(() => window.harness.originals())).toEqual({ sender: true, element: true });
  expect(await page.evaluate(() => window.harness.call.session.state)).toBe("stopped");
});
