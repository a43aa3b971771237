// Ten minutes of a call whose transcription breaks again and again, with
// `cargo xtask test --long`: nothing that is said is lost, and nothing grows.

import { ENDS, seams, speakInto, struck } from "./faults.js";
import { interpret, speak, takeCall, unexplained, until } from "./harness.js";
import { pilotCodes, pilotWordsIn } from "./pilot.js";
import { expect, samplesOf, test } from "./support.js";

const MINUTES = 10;
/** Words of an utterance: some of the 64, which come again and again. */
const WORDS = 4;
const PAUSE_S = 1;
/** Which word each begins with. */
const FIRST = { customer: 0, agent: 32 };
/** Turns of both between two ends: about 28 s. */
const EVERY = 6;
const KINDS = [
  ...ENDS,
  { name: "killed, and the service not available", kinds: [{ kind: "error", status: 503 }, { kind: "kill" }] },
];
/** By this turn every end has been there once for each; from here on nothing grows by more than 5 %. */
const SETTLED = 2 * EVERY * KINDS.length - 1;

test(`${MINUTES} minutes of talk with a stream that ends every half a minute`, async ({ page, services }) => {
  test.setTimeout(2 * MINUTES * 60_000);
  await takeCall(page, services);
  await page.evaluate(async () =>
    (await import("/pkg/index.js")).default({ assets: { worker: "/test/counted.worker.js" } }));
  await interpret(page);
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Performance.enable");
  await devtools.send("HeapProfiler.enable");

  const heard = { agent: [], customer: [] };
  // Nobody says what is just being played to him, or it would be taken for its echo.
  const said = { ...FIRST };
  const seen = { failed: [], gap: [], error: [], seam: [], echo: [] };
  /** Takes what was heard and told out of the page, so that only the product can grow in it. */
  const collect = async () => {
    const { rate, channels } = await page.evaluate(() => window.recorder.drain());
    ["agent", "customer"].forEach((who, i) => heard[who].push({ rate, samples: samplesOf(channels[i]) }));
    const told = await page.evaluate(() => window.harness.events.splice(0));
    for (const event of told) {
      if (event.outcome === "failed") seen.failed.push(event);
      seen[event.type]?.push(event);
    }
  };
  const measure = async () => {
    await collect();
    for (let i = 0; i < 2; i++) await devtools.send("HeapProfiler.collectGarbage");
    const { metrics } = await devtools.send("Performance.getMetrics");
    const of = Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
    const [worker] = page.workers();
    const engine = await worker.evaluate(() => ({ ...self.openNow(), memory: self.memory() }));
    return {
      heap: of.JSHeapUsedSize,
      memory: engine.memory,
      counts: {
        audioNodes: of.AudioHandlers,
        worklets: of.AudioWorkletProcessors,
        listeners: of.JSEventListeners,
        documents: of.Documents,
        peerConnections: of.RTCPeerConnections,
        workers: page.workers().length,
        engineSockets: engine.sockets,
        openStreams: (await services.control("state")).streams.filter(({ ended }) => ended === null).length,
      },
    };
  };

  const begun = Date.now();
  let settled = null;
  let turn = 0;
  let struckSoFar = 0;
  for (; Date.now() - begun < MINUTES * 60_000 || !settled; turn++) {
    const round = Math.floor(turn / EVERY);
    const whose = Math.floor(round / KINDS.length) % 2 ? "agent" : "customer";
    for (const speaker of ["customer", "agent"]) {
      if (turn % EVERY === 0 && speaker === whose) {
        const end = KINDS[round % KINDS.length];
        await speakInto(page, services, end, "pause", speaker, said[speaker], WORDS, PAUSE_S);
        struckSoFar += 1;
      } else {
        await speak(page, speaker, said[speaker], WORDS, PAUSE_S);
      }
      said[speaker] += WORDS;
    }
    // Before the next: what is silent is noticed once its speaker has talked for some seconds.
    if (turn % EVERY === EVERY - 1) {
      await struck(services);
      await seams(page, whose, 1);
      await until(page, () => window.harness.call.session.state === "running");
      await collect();
    }
    if (turn === SETTLED) {
      settled = await measure();
      console.log(`after ${turn} turns:`, JSON.stringify(settled));
    }
  }
  for (const speaker of ["customer", "agent"]) {
    await speak(page, speaker, said[speaker], WORDS);
    said[speaker] += WORDS;
  }
  await until(page, () => ["agent", "customer"].every((who) => window.harness.settled(who, 1)));
  await expect.poll(async () => (await measure()).counts).toEqual(settled.counts);
  const last = await measure();
  console.log(`after ${turn} turns and ${struckSoFar} ends:`, JSON.stringify(last));
  expect(last.heap).toBeLessThanOrEqual(settled.heap * 1.05);
  expect(last.memory).toBeLessThanOrEqual(settled.memory * 1.05);

  for (const [speaker, listener] of [["customer", "agent"], ["agent", "customer"]]) {
    const { rate } = heard[listener][0];
    const samples = new Float32Array(heard[listener].reduce((sum, piece) => sum + piece.samples.length, 0));
    let at = 0;
    for (const piece of heard[listener]) {
      samples.set(piece.samples, at);
      at += piece.samples.length;
    }
    const words = pilotWordsIn(pilotCodes(samples, rate).map(({ code }) => code));
    expect(words, `the ${speaker}'s words`).toEqual(Array.from({ length: said[speaker] - FIRST[speaker] }, (_, i) => (FIRST[speaker] + i) % 64));
  }
  console.log(`${said.customer - FIRST.customer} and ${said.agent - FIRST.agent} words; seams:`, JSON.stringify(seen.seam.map(({ cause }) => cause)));
  expect(seen.seam.length).toBeGreaterThanOrEqual(struckSoFar);
  expect(seen.seam.filter(({ uncertain }) => uncertain)).toEqual([]);
  expect(seen.failed).toEqual([]);
  expect(seen.echo).toEqual([]);
  expect(unexplained(seen.gap, await page.evaluate(() => window.harness.skips))).toEqual([]);
  // A service that says why, or says nothing more, is told as an error each time, and only then.
  const failed = seen.seam.filter(({ cause }) => cause === "exception" || cause === "silent");
  expect(seen.error.map(({ error: { code, stage, retryable, speaker } }) => [code, stage, retryable, speaker]).toSorted())
    .toEqual(failed.map(({ speaker }) => ["service-unavailable", "transcribe", true, speaker]).toSorted());
});
