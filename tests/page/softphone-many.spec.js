// Many calls in one page leave nothing behind: everything that the browser
// counts is as it was after the first, and the memory is bounded.

import { events, expect, happened, interpreted, takeCall, test, until } from "./softphone.js";

/** All of them with `cargo xtask test --long`. */
const CALLS = process.env.LONG_TESTS ? 100 : 10;
/** From here on the heap may grow by 5 %. */
const SETTLED = Math.max(4, CALLS / 5);

/** Counts what scripts open and close, in the page and in the engine's worker. */
function count() {
  const scope = globalThis;
  const open = { timers: new Set(), sockets: new Set() };
  const once = (name, clear) => {
    const [set, unset] = [scope[name], scope[clear]];
    scope[name] = (run, ...rest) => {
      const id = set.call(scope, (...given) => {
        if (name === "setTimeout") open.timers.delete(id);
        run(...given);
      }, ...rest);
      open.timers.add(id);
      return id;
    };
    scope[clear] = (id) => {
      open.timers.delete(id);
      unset.call(scope, id);
    };
  };
  once("setTimeout", "clearTimeout");
  once("setInterval", "clearInterval");
  scope.WebSocket = class extends scope.WebSocket {
    constructor(...given) {
      super(...given);
      open.sockets.add(this);
      this.addEventListener("close", () => open.sockets.delete(this));
    }
  };
  scope.openNow = () => ({ timers: open.timers.size, sockets: open.sockets.size });
}

/** Contexts that are opened and closed to see what is left of one. */
const BARE = 3;

/** A tap and a player for each speaker. */
const PROCESSORS = 4;

/** Opens a context with one processor, which ends, and closes it. */
async function closeContext() {
  const context = new AudioContext();
  const source = `registerProcessor("brief", class extends AudioWorkletProcessor {
    process() { this.port.postMessage(null); return false; }
  });`;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  await context.audioWorklet.addModule(url);
  URL.revokeObjectURL(url);
  const node = new AudioWorkletNode(context, "brief");
  node.connect(context.destination);
  await new Promise((resolve) => { node.port.onmessage = resolve; });
  node.port.close();
  node.disconnect();
  await context.close();
}

test(`${CALLS} calls in one page leave nothing behind`, async ({ openDesk, openPhone, services }) => {
  await services.instance("configuration", "PUT", { persistentConnection: true });
  const phone = await openPhone();
  const desk = await openDesk({ before: count, library: null, query: { worker: "counted" } });
  let calls = 0;
  let kept = { audioNodes: 0, worklets: 0 };
  const devtools = await desk.context().newCDPSession(desk);
  await devtools.send("Performance.enable");
  await devtools.send("HeapProfiler.enable");

  const measure = async () => {
    // Twice: what the first one's finalizers let go of is collected by the second.
    for (let i = 0; i < 2; i++) await devtools.send("HeapProfiler.collectGarbage");
    const { metrics } = await devtools.send("Performance.getMetrics");
    const of = Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
    const workers = desk.workers();
    const contexts = BARE + calls;
    const processors = BARE + PROCESSORS * calls;
    const none = { timers: 0, sockets: 0, memory: 0 };
    const engine = await workers[0]?.evaluate(() => ({ ...self.openNow(), memory: self.memory() })) ?? none;
    return {
      heap: of.JSHeapUsedSize,
      memory: engine.memory,
      counts: {
        audioNodes: of.AudioHandlers - contexts * kept.audioNodes,
        worklets: Math.max(0, of.AudioWorkletProcessors - processors * kept.worklets),
        listeners: of.JSEventListeners,
        documents: of.Documents,
        peerConnections: of.RTCPeerConnections,
        workers: workers.length,
        engineTimers: engine.timers,
        engineSockets: engine.sockets,
        openStreams: (await services.control("state")).streams.filter(({ ended }) => ended === null).length,
        audible: await desk.evaluate(() => window.audible().length),
      },
    };
  };

  const call = async () => {
    await takeCall(desk, phone);
    if (await desk.evaluate(() => Boolean(window.harness.softphone))) {
      await interpreted(desk, (calls += 1));
    } else {
      await happened(desk, "local media");
    }
    await desk.evaluate(() => window.desk.hangUp());
    await until(desk, () => (window.harness.session?.state ?? "stopped") === "stopped");
    await desk.evaluate(() => window.desk.clear());
    await phone.evaluate(() => window.phone.until("idle"));
    await desk.evaluate(() => window.harness.forget());
  };
  /** Measures once the browser has taken apart what it takes apart in its own time. */
  const settledAt = async (expected) => {
    await expect.poll(async () => (await measure()).counts).toEqual(expected);
    return measure();
  };

  // What the browser keeps of a context that is closed, whoever had it: Chromium
  // 148 keeps its destination, and its processors until it collects their thread.
  const before = await measure();
  for (let i = 0; i < BARE; i++) await desk.evaluate(closeContext);
  const keptOf = async () => {
    const { counts } = await measure();
    const of = (name) => (counts[name] - before.counts[name]) / BARE;
    return { audioNodes: of("audioNodes"), worklets: of("worklets") };
  };
  const deadline = Date.now() + 10_000;
  let left = await keptOf();
  while (left.worklets > 0 && Date.now() < deadline) left = await keptOf();
  kept = left;
  console.log("kept by the browser of each closed context with a processor:", JSON.stringify(kept));

  // What Streams, the softphone and the test's own microphones leave behind at
  // each call, the library or no library: of Streams 2.28 some 70 kB.
  await call();
  const one = await measure();
  for (let i = 0; i < SETTLED; i++) await call();
  const more = await measure();
  const each = Object.fromEntries(
    Object.entries(one.counts).map(([name, value]) => [name, (more.counts[name] - value) / SETTLED]));
  const grown = (counts, times) =>
    Object.fromEntries(Object.entries(counts).map(([name, value]) => [name, value + times * each[name]]));
  const heapEach = Math.max(0, more.heap - one.heap) / SETTLED;
  console.log(`left at each ordinary call: ${Math.round(heapEach / 1000)} kB,`, JSON.stringify(each));

  await desk.evaluate(() => window.harness.connect());
  await call();
  await expect.poll(async () => (await measure()).counts).toMatchObject({ worklets: 0, openStreams: 0, workers: 1 });
  const first = await measure();
  console.log("after 1:", JSON.stringify(first));
  for (let i = 1; i < SETTLED; i++) await call();
  const settled = await settledAt(grown(first.counts, SETTLED - 1));
  for (let i = SETTLED; i < CALLS; i++) await call();
  const last = await settledAt(grown(first.counts, CALLS - 1));
  console.log(`after ${CALLS}:`, JSON.stringify(last));
  const streams = (CALLS - SETTLED) * heapEach;
  console.log(`heap: ${Math.round((last.heap - streams) / settled.heap * 1000) / 10} % of what it was after call ${SETTLED}, without what Streams keeps`);
  expect(last.heap - streams).toBeLessThanOrEqual(settled.heap * 1.05);
  expect(last.memory).toBeLessThanOrEqual(settled.memory * 1.05);
  expect(await events(desk, "softphone-error")).toEqual([]);

  await desk.evaluate(() => window.harness.dispose());
  await expect.poll(() => desk.workers().length).toBe(0);
  const end = await desk.evaluate(() => ({ contacts: window.harness.softphone.contacts, audible: window.audible().map(({ id }) => id) }));
  expect(end).toEqual({ contacts: [], audible: ["remote-audio"] });
});
