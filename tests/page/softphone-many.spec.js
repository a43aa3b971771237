// Many calls in one page leave nothing behind: everything that the browser
// counts is as it was after the first, and the memory is bounded.

import { events, expect, interpreted, takeCall, test, until } from "./softphone.js";

/** All of them with `cargo xtask test --long`. */
const CALLS = process.env.LONG_TESTS ? 100 : 10;
/** From here on the heap may grow by 5 %. */
const SETTLED = Math.ceil(CALLS / 5);

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

test(`${CALLS} calls in one page leave nothing behind`, async ({ openDesk, openPhone, services }) => {
  await services.instance("configuration", "PUT", { persistentConnection: true });
  const phone = await openPhone();
  const desk = await openDesk({ before: count, library: null, query: { worker: "counted" } });
  await desk.evaluate(() => window.harness.connect());
  const devtools = await desk.context().newCDPSession(desk);
  await devtools.send("Performance.enable");
  await devtools.send("HeapProfiler.enable");

  const measure = async () => {
    // Twice: what the first one's finalizers let go of is collected by the second.
    for (let i = 0; i < 2; i++) await devtools.send("HeapProfiler.collectGarbage");
    const { metrics } = await devtools.send("Performance.getMetrics");
    const of = Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
    const workers = desk.workers();
    const engine = await workers[0].evaluate(() => ({ ...self.openNow(), memory: self.memory() }));
    return {
      heap: of.JSHeapUsedSize,
      memory: engine.memory,
      counts: {
        audioNodes: of.AudioHandlers,
        worklets: of.AudioWorkletProcessors,
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

  const after = [];
  for (let call = 1; call <= CALLS; call++) {
    await takeCall(desk, phone);
    await interpreted(desk, call);
    await desk.evaluate(() => window.desk.hangUp());
    await until(desk, () => window.harness.session.state === "stopped");
    await desk.evaluate(() => window.desk.clear());
    await phone.evaluate(() => window.phone.until("idle"));
    // What the test itself keeps is not the library's.
    await desk.evaluate(() => {
      window.harness.forget();
      window.desk.log.length = 0;
    });
    if ([1, SETTLED, CALLS].includes(call)) {
      await expect.poll(async () => (await measure()).counts.openStreams).toBe(0);
      after.push(await measure());
      console.log(`after ${call}:`, JSON.stringify(after.at(-1)));
    }
  }
  const [first, settled, last] = after;
  expect(last.counts).toEqual(first.counts);
  expect(last.heap).toBeLessThanOrEqual(settled.heap * 1.05);
  expect(last.memory).toBeLessThanOrEqual(settled.memory * 1.05);
  expect(await events(desk, "softphone-error")).toEqual([]);

  await desk.evaluate(() => window.harness.dispose());
  await expect.poll(() => desk.workers().length).toBe(0);
  const end = await desk.evaluate(() => ({ contacts: window.harness.softphone.contacts, audible: window.audible().map(({ id }) => id) }));
  expect(end).toEqual({ contacts: [], audible: ["remote-audio"] });
});
