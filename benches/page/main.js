// The bench's page: one AudioContext that plays what two people say, hands it
// to a driver as MediaStreamTracks, and records what they said and what the
// driver makes of it, in one worklet on one clock.
//
// Node drives it through `window.bench`; the recording goes to the server from
// a worker of its own, so that the main thread does nothing for it.

import { addMarker, synthesise } from "/lib/pilot.mjs";

const RATE = 48_000;
/** The recorder's inputs. `customer` = the customer's words. */
const CHANNELS = ["customer-source", "agent-source", "customer-output", "agent-output"];

let context;
let recorder;
let recording;
let sources;
let tracks;
let driver;
const events = [];

function on(event) {
  events.push({ atMs: performance.now(), ...event });
}

function buffer(samples) {
  const made = context.createBuffer(1, samples.length, RATE);
  made.copyToChannel(samples, 0);
  return made;
}

/** Sound for one person: a plan, or bursts (times of markers), or silence. */
function sound({ plan, bursts, f0 }) {
  if (plan) return buffer(synthesise(plan, RATE, { f0 }));
  const samples = new Float32Array(Math.ceil(((bursts?.at(-1) ?? 0) + 1) * RATE));
  for (const timeS of bursts ?? []) addMarker(samples, Math.round(timeS * RATE), RATE);
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

/** Starts a driver for the speakers in `configs` and takes its tracks. */
async function start({ url, configs, shared }) {
  const module = await import(url);
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
}

/** Plays both people to their ends; recorded from the start. */
async function play() {
  recording.postMessage({ start: true });
  const at = context.currentTime + 0.2;
  const ends = Object.values(sources).map((source) => new Promise((resolve) => {
    source.addEventListener("ended", resolve, { once: true });
    source.start(at);
  }));
  await Promise.all(ends);
}

/** Records `seconds` more, in which answers still come. */
async function tail({ seconds }) {
  const clock = context.createConstantSource();
  clock.offset.value = 0;
  const over = new Promise((resolve) => { clock.addEventListener("ended", resolve, { once: true }); });
  clock.connect(context.destination);
  clock.start();
  clock.stop(context.currentTime + seconds);
  await over;
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

window.bench = { open, start, play, tail, finish };
