// The bench's page: one AudioContext that plays what two people say, hands it
// to a driver as MediaStreamTracks, and records what they said and what the
// driver makes of it, in one worklet on one clock.
//
// Node drives it through `window.bench`; the recording goes to the server from
// a worker of its own, so that the main thread does nothing for it.

import { addMarker, random, synthesise } from "/lib/pilot.mjs";

const RATE = 48_000;
/** Length of a burst of noise, seconds. */
const NOISE_S = 0.05;
/** The recorder's inputs. `customer` = the customer's words. */
const CHANNELS = ["customer-source", "agent-source", "customer-output", "agent-output"];

let context;
let recorder;
let recording;
let sources;
let tracks;
let driver;
let playsFromS;
const events = [];

function on(event) {
  events.push({ atMs: performance.now(), ...event });
}

function buffer(samples) {
  const made = context.createBuffer(1, samples.length, RATE);
  made.copyToChannel(samples, 0);
  return made;
}

/** Sound for one person: a plan, or markers or noise at the times given, or silence. */
function sound({ plan, bursts, noise, f0 }) {
  if (plan) return buffer(synthesise(plan, RATE, { f0 }));
  const samples = new Float32Array(Math.ceil(((bursts?.at(-1) ?? noise?.at(-1) ?? 0) + 1) * RATE));
  for (const timeS of bursts ?? []) addMarker(samples, Math.round(timeS * RATE), RATE);
  const next = random(1);
  for (const timeS of noise ?? []) {
    const from = Math.round(timeS * RATE);
    for (let i = from; i < from + NOISE_S * RATE; i += 1) samples[i] = 0.3 * (2 * next() - 1);
  }
  return buffer(samples);
}

/** Makes the context, the people's sound, their tracks and the recorder. */
async function open({ customer, agent }) {
  context = new AudioContext({ sampleRate: RATE });
  await context.resume();
  await context.audioWorklet.addModule("/page/recorder.worklet.js");
  recorder = new AudioWorkletNode(context, "recorder", {
    numberOfInputs: CHANNELS.length,
    numberOfOutputs: 1,
    channelCount: 1,
    channelCountMode: "explicit",
  });
  recorder.connect(context.destination); // silent: it keeps the recorder pulled
  recording = new Worker("/page/recorder.worker.js");
  recording.postMessage({ port: recorder.port }, [recorder.port]);

  sources = {};
  tracks = {};
  [["customer", customer], ["agent", agent]].forEach(([speaker, what], channel) => {
    const source = context.createBufferSource();
    source.buffer = sound(what);
    const out = context.createMediaStreamDestination();
    source.connect(out);
    source.connect(recorder, 0, channel);
    sources[speaker] = source;
    tracks[speaker] = out.stream.getAudioTracks()[0];
  });
}

/**
 * Starts a driver for the speakers in `configs` and takes its tracks.
 *
 * `prepare`: the driver gets itself ready first, as far as it can without a call.
 * Gives the wall clock's times (ms) of the module's loading and of the start.
 */
async function start({ url, configs, shared, prepare }) {
  const loadAtMs = Date.now();
  const module = await import(url);
  if (prepare) {
    if (!module.prepare) return undefined;
    await module.prepare({ configs, config: shared });
  }
  const startAtMs = Date.now();
  const outputs = {};
  const stops = [];
  if (module.startBoth) {
    const started = await module.startBoth({ inputs: tracks, configs, config: shared, on });
    Object.assign(outputs, started.outputs);
    stops.push(started.stop);
  } else {
    for (const [speaker, config] of Object.entries(configs)) {
      const started = await module.start({
        input: tracks[speaker],
        config: { ...shared, ...config, speaker },
        on: (event) => on({ speaker, ...event }),
      });
      outputs[speaker] = started.output;
      stops.push(started.stop);
    }
  }
  for (const [speaker, track] of Object.entries(outputs)) {
    const source = context.createMediaStreamSource(new MediaStream([track]));
    source.connect(recorder, 0, CHANNELS.indexOf(`${speaker}-output`));
  }
  driver = { stop: () => Promise.all(stops.map((stop) => stop())) };
  return { loadAtMs, startAtMs };
}

/** Lets both people speak; recorded from the start. */
function begin() {
  recording.postMessage({ start: true });
  playsFromS = context.currentTime + 0.2;
  for (const source of Object.values(sources)) source.start(playsFromS);
}

/** Plays both people to their ends. */
async function play() {
  const ends = Object.values(sources).map((source) => new Promise((resolve) => {
    source.addEventListener("ended", resolve, { once: true });
  }));
  begin();
  await Promise.all(ends);
}

/** Until the audio clock is there. */
async function clockAt(timeS) {
  if (context.currentTime >= timeS) return;
  const clock = context.createConstantSource();
  clock.offset.value = 0;
  const over = new Promise((resolve) => { clock.addEventListener("ended", resolve, { once: true }); });
  clock.connect(context.destination);
  clock.start();
  clock.stop(timeS);
  await over;
}

/** Records `seconds` more, in which answers still come. */
function tail({ seconds }) {
  return clockAt(context.currentTime + seconds);
}

/** Until so many seconds of the people's sound have been played. */
function reach({ seconds }) {
  return clockAt(playsFromS + seconds);
}

/** Keeps the main thread busy for `ms` at each of these seconds, as a heavy page does. */
async function block({ atS, ms }) {
  for (const seconds of atS) {
    await reach({ seconds });
    const until = performance.now() + ms;
    while (performance.now() < until);
  }
}

/** Ends the driver and sends the recording to `url`. */
async function finish({ url }) {
  const sent = new Promise((resolve, reject) => {
    recording.addEventListener("message", ({ data }) => (data.error ? reject(new Error(data.error)) : resolve(data)), { once: true });
  });
  recording.postMessage({ finish: new URL(url, location.href).href });
  const info = await sent;
  await driver?.stop();
  return { ...info, rate: context.sampleRate, channels: CHANNELS, events };
}

window.bench = { open, start, begin, play, reach, block, tail, finish };
