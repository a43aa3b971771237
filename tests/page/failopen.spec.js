// Whatever breaks, the call goes on as an ordinary call. The originals are at
// volume 0 in the mix of these tests (see the harness): a person who hears the
// other's own codes hears them past the interpreter.

import { codesOf, events, interpret, settled, speak, takeCall, until, untilHeard } from "./harness.js";
import { bandLevel } from "./sound.js";
import { expect, samplesOf, test } from "./support.js";

const ORIGINALS = { sender: true, element: true };
const MIX = { sender: false, element: false };
const PAIRS = [["agent", "customer"], ["customer", "agent"]];

/** Keeps hold of the contexts and workers that the page's scripts make. */
test.beforeEach(async ({ page }) => {
  await page.addInitScript(() => {
    window.made = { AudioContext: [], Worker: [] };
    for (const [name, list] of Object.entries(window.made)) {
      window[name] = class extends window[name] {
        constructor(...given) {
          super(window.noWorkers && name === "Worker" ? "/nowhere.js" : given[0], ...given.slice(1));
          // The library's look at whether a browser knows module workers is no engine.
          if (given[0] !== "data:,") list.push(this);
        }
      };
    }
  });
});

const expectWiring = (page, wiring) => expect.poll(() => page.evaluate(() => window.harness.originals())).toEqual(wiring);

/** Each hears the other's own voice. */
async function expectHearEachOther(page, first) {
  for (const [speaker, listener] of PAIRS) {
    await speak(page, speaker, first, 2);
    await untilHeard(page, listener, first, 2);
  }
}

async function expectNoOpenStream(services) {
  const open = async () => (await services.control("state")).streams.filter(({ ended }) => ended === null).length;
  await expect.poll(open).toBe(0);
}

/** Interprets and gives the library's own AudioContext: the one that this made. */
async function interpretWatched(page) {
  const before = await page.evaluate(() => window.made.AudioContext.length);
  await interpret(page);
  await expectWiring(page, MIX);
  expect(await page.evaluate(() => window.made.AudioContext.length)).toBe(before + 1);
  return page.evaluateHandle((index) => window.made.AudioContext[index], before);
}

/** Lets something uncaught happen in the worker, as an engine that crashes does. */
const crash = (page) => page.evaluate(() => window.made.Worker.at(-1).postMessage(null));

test("a suspended context gives the originals back, and a resumed one the mix", async ({ page, services }) => {
  await takeCall(page, services);
  const context = await interpretWatched(page);

  await context.evaluate((audio) => audio.suspend());
  await expectWiring(page, ORIGINALS);
  expect((await events(page, "error")).map(({ error }) => error)).toEqual([
    expect.objectContaining({ name: "InterpreterError", code: "audio-suspended", stage: "audio" }),
  ]);
  await expectHearEachOther(page, 0);
  expect(await events(page, "transcript")).toEqual([]);

  await context.evaluate((audio) => audio.resume());
  await expectWiring(page, MIX);
  await speak(page, "agent", 16, 2);
  await settled(page, "agent", 1);
  await untilHeard(page, "customer", 16, 2);
  expect((await events(page, "translation", "agent"))).toHaveLength(1);

  // Stopping while suspended restores as well.
  await context.evaluate((audio) => audio.suspend());
  await expectWiring(page, ORIGINALS);
  await page.evaluate(() => window.harness.call.session.stop());
  await expectWiring(page, ORIGINALS);
  await expectNoOpenStream(services);
});

test("a dead engine that cannot be made again leaves an ordinary call, and the next session a working one", async ({ page, services }) => {
  await takeCall(page, services);
  await interpretWatched(page);
  await speak(page, "agent", 0, 2);
  await settled(page, "agent", 1);

  await page.evaluate(() => (window.noWorkers = true));
  await crash(page);
  await until(page, () => window.harness.call.session.state === "degraded");
  await until(page, () => window.made.Worker.length >= 3);
  expect((await events(page, "error")).map(({ error }) => error)).toEqual([
    expect.objectContaining({ name: "InterpreterError", code: "engine-failed", stage: "engine" }),
  ]);
  const levels = () => page.evaluate(() => ["agent", "customer"].map((who) => window.harness.call.session.level(who)));
  expect(await levels()).toEqual(["original", "original"]);
  // The graph is sound: what goes by it is an ordinary call.
  await expectWiring(page, MIX);
  await expectHearEachOther(page, 8);

  await page.evaluate(async () => {
    const { Recorder } = await import("/test/recorder.js");
    const { session, sources } = window.harness.call;
    const playing = (track) => Object.assign(new Audio(), { srcObject: new MediaStream([track]), muted: true });
    window.recorder = await Recorder.start(playing(sources.agent.track), playing(session.agentSpeech));
  });
  await speak(page, "agent", 16, 4);
  const { rate, channels } = await page.evaluate(() => window.recorder.take());
  const [raw, mixed] = channels.map((samples) => bandLevel(samplesOf(samples), rate, 4100, 6700));
  expect(raw).toBeGreaterThan(0.01);
  expect(mixed / raw).toBeGreaterThan(0.9);
  expect(mixed / raw).toBeLessThan(1.1);

  await page.evaluate(() => window.harness.call.session.stop());
  expect(await page.evaluate(() => window.harness.call.session.state)).toBe("stopped");
  await expectWiring(page, ORIGINALS);

  await page.evaluate(() => {
    window.harness.events = [];
    window.noWorkers = false;
  });
  await interpret(page);
  await expectWiring(page, MIX);
  await speak(page, "customer", 32, 2);
  await settled(page, "customer", 1);
  expect(await events(page, "translation", "customer")).toHaveLength(1);
  expect(await events(page, "error")).toEqual([]);
});

test("an engine that cannot be loaded is a typed error and no change", async ({ page, services }) => {
  await takeCall(page, services);
  await page.evaluate(async () => (await import("/pkg/index.js")).default({ assets: { worker: "/nowhere.js" } }));
  const error = await page.evaluate(() => window.harness.interpret());
  expect(error).toMatchObject({ name: "InterpreterError", code: "engine-failed", field: "assets.worker", stage: "engine" });
  await expectWiring(page, ORIGINALS);
  await expectHearEachOther(page, 0);
});

test("an abort at any moment of the start leaves the call as it was", async ({ page, services }) => {
  await takeCall(page, services);
  const moments = ["before", "at once", "as the worker is made", "as the worklets load", "as credentials are asked for"];
  for (const moment of moments) {
    const error = await page.evaluate(async (when) => {
      const { harness } = window;
      const controller = new AbortController();
      const abort = () => controller.abort();
      const credentials = () => (abort(), { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" });
      const { Worker } = window;
      const { addModule } = AudioWorklet.prototype;
      if (when === "before") abort();
      if (when === "as the worker is made") {
        window.Worker = class extends Worker {
          constructor(...given) {
            super(...given);
            abort();
          }
        };
      }
      if (when === "as the worklets load") {
        AudioWorklet.prototype.addModule = function add(...given) {
          abort();
          return addModule.apply(this, given);
        };
      }
      const started = harness.interpretUntil(controller.signal, when === "as credentials are asked for" ? { credentials } : {});
      if (when === "at once") abort();
      const failure = await started;
      window.Worker = Worker;
      AudioWorklet.prototype.addModule = addModule;
      // The next moment begins from nothing.
      if (when !== "as credentials are asked for") await (await import("/pkg/index.js")).dispose();
      return failure;
    }, moment);
    expect(error, moment).toMatchObject({ name: "InterpreterError", code: "aborted" });
    expect(await page.evaluate(() => window.harness.originals()), moment).toEqual(ORIGINALS);
  }
  await expectNoOpenStream(services);
  await expectHearEachOther(page, 0);
  // The worker that the last one had is the next one's.
  const workers = await page.evaluate(() => window.made.Worker.length);
  await interpret(page);
  await expectWiring(page, MIX);
  expect(await page.evaluate(() => window.made.Worker.length)).toBe(workers);
});

test("an abort during the session ends it", async ({ page, services }) => {
  await takeCall(page, services);
  expect(await page.evaluate(() => {
    window.controller = new AbortController();
    return window.harness.interpretUntil(window.controller.signal);
  })).toBeNull();
  await until(page, () => window.harness.call.session.state === "running");
  await expectWiring(page, MIX);
  await page.evaluate(() => window.controller.abort());
  await until(page, () => window.harness.call.session.state === "stopped");
  await expectWiring(page, ORIGINALS);
  expect(await events(page, "error")).toEqual([]);
  await expectNoOpenStream(services);
  await expectHearEachOther(page, 0);
});

test("a call that ends under the session ends its track, and nothing throws", async ({ page, services }) => {
  const thrown = [];
  page.on("pageerror", (error) => thrown.push(String(error)));
  await takeCall(page, services);
  await interpretWatched(page);
  await page.evaluate(() => window.harness.call.line.hangUp());
  await until(page, () => window.harness.of("error").length > 0);
  expect((await events(page, "error")).map(({ error }) => error)).toEqual([
    expect.objectContaining({ name: "InterpreterError", code: "track-ended", stage: "audio", speaker: "customer" }),
  ]);
  await page.evaluate(() => window.harness.call.session.stop());
  await expectNoOpenStream(services);
  expect(thrown).toEqual([]);
});

test("a credentials provider that fails is told of with its cause, and the call is heard", async ({ page, services }) => {
  await takeCall(page, services);
  const kinds = [
    ["rejects", "the provider failed", "no login for somebody"],
    ["throws", "the provider failed", "no login for somebody"],
    ["rejects with nothing", "the provider failed", undefined],
    ["gives nothing", "expected the provider to give", undefined],
    ["gives something else", "expected the provider to give", undefined],
    ["gives half", "expected the provider to give", undefined],
  ];
  for (const [kind, message, cause] of kinds) {
    expect(await page.evaluate((what) => {
      const { harness } = window;
      harness.events = [];
      const secret = new Error("no login for somebody");
      const credentials = {
        rejects: async () => Promise.reject(secret),
        throws: () => { throw secret; },
        "rejects with nothing": () => Promise.reject(),
        "gives nothing": async () => undefined,
        "gives something else": async () => 5,
        "gives half": async () => ({ accessKeyId: "AKIDEXAMPLE" }),
      }[what];
      return harness.interpret({ credentials });
    }, kind), kind).toBeNull();
    await until(page, () => window.harness.of("error").length > 0);
    const [{ error }] = await events(page, "error");
    expect(error, kind).toMatchObject({ name: "InterpreterError", code: "credentials-unavailable", stage: "credentials" });
    expect(error.message, kind).toContain(message);
    expect(error.message, kind).not.toContain("somebody");
    expect(error.cause ?? undefined, kind).toBe(cause);
    if (kind === "rejects") await expectHearEachOther(page, 0);
    await page.evaluate(() => window.harness.call.session.stop());
    expect(await page.evaluate(() => window.harness.originals()), kind).toEqual(ORIGINALS);
  }
  expect((await services.control("state")).streams).toEqual([]);
});

test("a wrong setting during the call is refused by name and changes nothing", async ({ page, services }) => {
  await takeCall(page, services);
  await interpretWatched(page);
  const refused = [
    ["agent", { language: "tlh-AQ" }, "unsupported-language", "agent.language"],
    ["agent", { voice: "Joanna" }, "voice-mismatch", "agent.voice"],
    ["customer", { messageMs: 5 }, "invalid-option", "customer.messageMs"],
    ["customer", { langauge: "es-US" }, "invalid-option", "customer.langauge"],
    ["customer", 5, "invalid-option", "customer"],
    ["caller", {}, "invalid-option", "speaker"],
  ];
  for (const [speaker, changes, code, field] of refused) {
    const error = await page.evaluate(([who, what]) => {
      try {
        window.harness.call.session.configure(who, what);
        return null;
      } catch ({ name, code, field, stage }) {
        return { name, code, field, stage };
      }
    }, [speaker, changes]);
    expect(error, field).toEqual({ name: "InterpreterError", code, field, stage: "options" });
  }
  for (const [speaker, listener] of PAIRS) {
    await speak(page, speaker, 0, 2);
    await settled(page, speaker, 1);
    await untilHeard(page, listener, 0, 2);
  }
  expect(await events(page, "error")).toEqual([]);
  expect((await services.control("state")).streams).toHaveLength(2);
});

test("what somebody else puts on the sender or the element is theirs", async ({ page, services }) => {
  await takeCall(page, services);
  const context = await interpretWatched(page);
  await page.evaluate(async () => {
    const { line } = window.harness.call;
    window.theirs = line.sender.track.clone();
    window.music = new MediaStream([line.atAgent.clone()]);
    await line.sender.replaceTrack(window.theirs);
    document.querySelector("#agent-hears").srcObject = window.music;
  });
  const theirs = () => page.evaluate(() => [
    window.harness.call.line.sender.track === window.theirs,
    document.querySelector("#agent-hears").srcObject === window.music,
  ]);
  await context.evaluate((audio) => audio.suspend());
  await until(page, () => window.harness.of("error").length > 0);
  await page.evaluate(async () => {
    const { session } = window.harness.call;
    await Promise.all([session.stop(), session.stop()]);
  });
  expect(await theirs()).toEqual([true, true]);
});

test("twenty sessions use one engine, close what each of them had, and leave nothing running", async ({ page, services }) => {
  await page.addInitScript(() => {
    // Channels between taps and engine go by way of the page here, to be counted.
    // The players' do not: a page that is busy would hold up the engine's beats.
    window.relayed = 0;
    let channels = 0;
    const { MessageChannel } = window;
    window.MessageChannel = function Relay() {
      if (channels++ % 2) return new MessageChannel();
      const [one, other] = [new MessageChannel(), new MessageChannel()];
      for (const [from, to] of [[one.port2, other.port1], [other.port1, one.port2]]) {
        from.onmessage = ({ data }) => {
          window.relayed += 1;
          to.postMessage(data);
        };
      }
      return { port1: one.port1, port2: other.port2 };
    };
  });
  await takeCall(page, services);
  const made = () => page.evaluate(() => Object.values(window.made).map((list) => list.length));
  const [contexts, workers] = await made();
  for (let session = 0; session < 20; session++) {
    expect(await page.evaluate(() => window.harness.interpret())).toBeNull();
    // Some are stopped as soon as they have begun, others once audio flows.
    if (session % 4 === 0) await expectWiring(page, MIX);
    await page.evaluate(() => window.harness.call.session.stop());
    expect(await page.evaluate(() => window.harness.originals())).toEqual(ORIGINALS);
  }
  // A context goes with its last session, as Chrome keeps sources until then.
  expect(await made()).toEqual([contexts + 20, workers + 1]);
  const states = () => page.evaluate((from) => window.made.AudioContext.slice(from).map(({ state }) => state), contexts);
  await expect.poll(states).toEqual(Array(20).fill("closed"));
  await expectNoOpenStream(services);

  const [before, after] = await page.evaluate(async (index) => {
    const { rendered } = await import("/test/worklets.js");
    const context = window.made.AudioContext[index - 1];
    // What was under way when the last one ended arrives within this,
    await rendered(context, 0.5);
    const count = window.relayed;
    // and here a tap would speak ninety times.
    await rendered(context, 1);
    return [count, window.relayed];
  }, contexts);
  expect(before).toBeGreaterThan(0);
  expect(after).toBe(before);
});
