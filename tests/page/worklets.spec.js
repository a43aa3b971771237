// The two worklets of the package by themselves, sample by sample.

import { expect, test } from "./support.js";

test.beforeEach(async ({ page, services }) => {
  await page.goto(`${services.page}/test/worklets.html`);
  await page.getByRole("button", { name: "Start" }).click();
  await page.evaluate(async () => Object.assign(window, await import("/test/worklets.js")));
});

const PLAYER = { numberOfInputs: 0, numberOfOutputs: 2, outputChannelCount: [1, 1] };

test("the player plays every sample once and in order, and tells where", async ({ page }) => {
  const { news, speech, sent } = await page.evaluate(async (options) => {
    const context = new AudioContext();
    const player = await worklet(context, "player", options);
    const sound = await recorded(context, player.node, 1);
    // No two samples are alike, and none is zero.
    const sent = Array.from({ length: 6000 }, (_, i) => (i + 1) / 8192);
    const chunk = (utterance, from, to) => player.post({ utterance, pcm: Float32Array.from(sent.slice(from, to)) });
    // Chunks as a network cuts them, none a multiple of the 128 that are rendered at a time.
    const cuts = [0, 1, 130, 1203, 2500];
    cuts.slice(1).forEach((to, i) => chunk(7, cuts[i], to));
    player.post({ utterance: 7, end: true });
    player.post({ utterance: 8, end: true }); // nothing came of this one
    chunk(9, 2500, 6000);
    player.post({ utterance: 9, end: true });
    await player.until((news) => news.some(({ ended }) => ended === 9));
    await sound.until(([speech]) => speech.includes(sent.at(-1)));
    await context.close();
    return { news: player.news, speech: sound.channels[0], sent };
  }, PLAYER);

  expect(news.map(({ started, ended }) => (started ? ["started", started] : ["ended", ended]))).toEqual([
    ["started", 7], ["ended", 7], ["ended", 8], ["started", 9], ["ended", 9],
  ]);
  const [started7, ended7, ended8, started9, ended9] = news;
  // Where the engine is late there is silence, and it is told of.
  expect(ended7).toMatchObject({ samples: 2500 });
  expect(ended7.frame - started7.frame).toBe(2500 + ended7.underrun);
  expect(ended8).toMatchObject({ samples: 0, underrun: 0 });
  expect(ended9).toMatchObject({ samples: 3500 });
  expect(ended9.frame - started9.frame).toBe(3500 + ended9.underrun);

  expect(speech.filter((sample) => sample !== 0)).toEqual(sent);
  expect(speech.indexOf(sent[2500]) - speech.indexOf(sent[0])).toBe(started9.frame - started7.frame);
});

test("the player fades on stop, drops what is queued, and its envelope never steps", async ({ page }) => {
  const { news, speech, envelope, rate } = await page.evaluate(async (options) => {
    const context = new AudioContext();
    const player = await worklet(context, "player", options);
    const sound = await recorded(context, player.node, 2);
    const loud = (utterance, seconds, level) => {
      const pcm = new Float32Array(seconds * context.sampleRate).fill(level);
      player.post({ utterance, pcm });
      player.post({ utterance, end: true });
    };
    loud(1, 30, 0.5);
    loud(2, 30, 0.25);
    await player.until((news) => news.some(({ started }) => started === 1));
    // Until the envelope is all the way up.
    await sound.until(([, envelope]) => envelope.at(-1) === 1);
    player.post({ stop: true });
    await sound.until(([, envelope]) => envelope.at(-1) === 0);
    // What comes after is not dropped.
    loud(3, 0.1, 0.125);
    await player.until((news) => news.some(({ ended }) => ended === 3));
    await sound.until(([speech]) => speech.includes(0.125) && speech.at(-1) === 0);
    const [speech, envelope] = sound.channels;
    await context.close();
    return { news: player.news, speech, envelope, rate: context.sampleRate };
  }, PLAYER);

  // Nobody waits for the end of what was stopped.
  expect(news.map(({ started, ended }) => started ?? -ended)).toEqual([1, 3, -3]);
  expect(news[2].samples).toBe(0.1 * rate);
  expect(speech).not.toContain(0.25);

  // From the last full sample down to nothing in 5 ms, evenly.
  const from = speech.lastIndexOf(0.5);
  const fade = speech.slice(from, speech.indexOf(0, from) + 1);
  expect(fade.length).toBeGreaterThan(0.0045 * rate);
  expect(fade.length).toBeLessThan(0.0055 * rate);
  const steps = (samples) => samples.slice(1).map((sample, i) => samples[i] - sample);
  expect(Math.max(...steps(fade))).toBeLessThan(1.01 * 0.5 / (0.005 * rate));
  expect(Math.min(...steps(fade))).toBeGreaterThan(0);

  // Up in 20 ms, down in 200 ms: what follows it makes no click.
  expect(envelope[speech.indexOf(0.5)]).toBeGreaterThan(0);
  const moves = steps(envelope);
  expect(Math.max(...moves)).toBeLessThan(1.01 / (0.2 * rate));
  expect(Math.min(...moves)).toBeGreaterThan(-1.01 / (0.02 * rate));
});

test("a player that the page stops is deaf until the engine knows of the latest stop", async ({ page }) => {
  const { speech, news } = await page.evaluate(async (options) => {
    const context = new AudioContext();
    const player = await worklet(context, "player", options);
    const sound = await recorded(context, player.node, 1);
    const loud = (utterance, level) => {
      player.post({ utterance, pcm: new Float32Array(0.1 * context.sampleRate).fill(level) });
      player.post({ utterance, end: true });
    };
    // The engine's messages and the page's come by different ports: each is awaited.
    const after = (level) => sound.until(([speech]) => speech.includes(level));
    for (let utterance = 1; utterance < 100; utterance++) loud(utterance, 0.5);
    await after(0.5);
    player.node.port.postMessage(1);
    player.node.port.postMessage(2);
    await sound.until(([speech]) => speech.length > 4800 && speech.slice(-4800).every((sample) => sample === 0));
    loud(100, 0.25);
    player.post({ stop: true });
    loud(101, 0.25);
    player.post({ hear: 1 });
    loud(102, 0.25);
    player.post({ hear: 2 });
    loud(103, 0.125);
    await player.until((news) => news.some(({ ended }) => ended === 103));
    // A stop that the engine knew of before the player stops nothing more.
    player.post({ hear: 3 });
    loud(104, 0.0625);
    await after(0.0625);
    player.node.port.postMessage(3);
    await player.until((news) => news.some(({ ended }) => ended === 104));
    await context.close();
    return { speech: sound.channels[0], news: player.news.map(({ started, ended }) => started ?? -ended) };
  }, PLAYER);
  expect(speech).not.toContain(0.25);
  expect(news.slice(-4)).toEqual([103, -103, 104, -104]);
  expect(news.length).toBeLessThan(99);
});

test("the tap hands over every frame once, silence too, and ends when told", async ({ page }) => {
  const { batches, later } = await page.evaluate(async () => {
    const context = new AudioContext();
    const tap = await worklet(context, "tap", {
      numberOfInputs: 1, numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit",
      processorOptions: { batch: 1200 }, // not a whole number of blocks
    });
    await tap.until((news) => news.length >= 3);
    const ramp = Float32Array.from({ length: 6000 }, (_, i) => (i + 1) / 8192);
    const buffer = new AudioBuffer({ length: ramp.length, sampleRate: context.sampleRate });
    buffer.copyToChannel(ramp, 0);
    const source = new AudioBufferSourceNode(context, { buffer });
    source.connect(tap.node);
    source.start();
    await tap.until((news) => news.at(-1).pcm.at(-1) === 0 && news.some(({ pcm }) => pcm.includes(ramp.at(-1))));
    const batches = tap.news.map(({ frame, pcm }) => ({ frame, pcm: [...pcm] }));

    // The rendering goes on; the tap no longer does.
    tap.node.port.postMessage(null);
    await rendered(context, 0.5);
    const told = tap.news.length;
    await rendered(context, 0.5);
    await context.close();
    return { batches, later: tap.news.length - told };
  });
  expect(later).toBe(0);
  for (const [i, { frame }] of batches.slice(1).entries()) expect(frame).toBe(batches[i].frame + batches[i].pcm.length);
  expect(new Set(batches.map(({ pcm }) => pcm.length))).toEqual(new Set([1200]));
  const samples = batches.flatMap(({ pcm }) => pcm);
  expect(samples.filter((sample) => sample !== 0)).toEqual(Array.from({ length: 6000 }, (_, i) => (i + 1) / 8192));
});
