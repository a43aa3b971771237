// Mute and hold, from Streams' own commands to what is on the wire and what
// reaches Transcribe. Times are read from one recording: of the sender's track,
// and of a tone that the same event switches off, which tells how long such a
// command takes to cross.

import { samplesOf } from "./support.js";
import {
  agentSpeaks, codesIn, codesOf, customerSpeaks, events, expect, interpreted, recorded, settled, takeCall, talk, test, until,
  untilHeard,
} from "./softphone.js";

const HUM_HZ = 440;
/** Wire and control tone, in dB below which they are silent. */
const SILENT = 0.003;

/** Records the sender's track and a control tone that `cut` ends in the same moment. */
async function recordWire(desk) {
  await desk.evaluate(async () => {
    const { Recorder } = await import("/test/recorder.js");
    const context = new AudioContext();
    await context.resume();
    const out = new MediaStreamAudioDestinationNode(context, { channelCount: 1 });
    const gain = new GainNode(context, { gain: 0.1 });
    const tone = new OscillatorNode(context, { frequency: 880 });
    tone.connect(gain).connect(out);
    tone.start();
    const playing = (stream) => Object.assign(new Audio(), { srcObject: stream, muted: true });
    window.wire = await Recorder.start(
      playing(new MediaStream([window.harness.session.agentSpeech])),
      playing(out.stream),
    );
    window.cut = () => (gain.gain.value = 0);
  });
}

async function wire(desk) {
  const { rate, channels } = await desk.evaluate(() => window.wire.take());
  const [mix, control] = channels.map(samplesOf);
  return { rate, mix, control };
}

/** When a sound is heard for the last time, in seconds. */
function lastHeard(samples, rate) {
  for (let i = samples.length - 1; i >= 0; i--) if (Math.abs(samples[i]) > SILENT) return i / rate;
  return 0;
}

const level = (samples) => Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);

const volumes = { "agent-original-to-customer": 0.5, "customer-translation-to-customer": 0, "agent-translation-to-agent": 0 };

async function takeHummingCall(openDesk, openPhone, settings = {}) {
  const phone = await openPhone();
  const desk = await openDesk({ library: { settings: { volumes, ...settings } } });
  await desk.evaluate((hz) => window.desk.microphones.tone("mic-1", hz, 0.1), HUM_HZ);
  await takeCall(desk, phone);
  await interpreted(desk);
  await recordWire(desk);
  return { phone, desk };
}

/** So many seconds of the wire from now on. */
async function wireFor(desk, seconds) {
  const from = (await wire(desk)).mix.length;
  let sound;
  await expect.poll(async () => {
    sound = await wire(desk);
    return (sound.mix.length - from) / sound.rate;
  }).toBeGreaterThan(seconds);
  return { ...sound, mix: sound.mix.subarray(from) };
}

test("muted in the CCP, nothing of the agent is heard after 60 ms, nor transcribed, and unmuting restores", async ({
  openDesk, openPhone,
}) => {
  const { desk, phone } = await takeHummingCall(openDesk, openPhone);
  const before = level((await wireFor(desk, 0.5)).mix);
  await agentSpeaks(desk, 0, 12);
  await until(desk, () => window.harness.outcomes("agent").includes("speaking"));
  await desk.evaluate(() => window.desk.agent().onMuteToggle(({ muted }) => muted && window.cut()));

  const ccp = desk.frameLocator("#ccp iframe");
  await ccp.getByRole("button", { name: "Mute" }).click();
  await until(desk, () => window.harness.outcomes("agent").includes("dropped"));
  await agentSpeaks(desk, 24, 4);
  const { mix, control, rate } = await wire(desk);
  const [silent, floor] = [lastHeard(mix, rate), lastHeard(control, rate)];
  console.log(`silent ${Math.round(1000 * (silent - floor))} ms after the command's own crossing`);
  expect(silent - floor).toBeLessThanOrEqual(0.06);

  // A volume that is set meanwhile holds afterwards, and no other has changed.
  await desk.evaluate(() => window.harness.session.setVolume("agent-original-to-customer", 0.25));
  expect(level((await wireFor(desk, 0.2)).mix)).toBeLessThan(SILENT / 10);
  await ccp.getByRole("button", { name: "Unmute" }).click();
  await expect.poll(async () => level((await wireFor(desk, 0.3)).mix) / before).toBeGreaterThan(0.45);
  expect(level((await wireFor(desk, 0.5)).mix) / before).toBeLessThan(0.55);

  await agentSpeaks(desk, 40, 4);
  await settled(desk, "agent", 2);
  await untilHeard(() => recorded(phone, "pcm", 8), 40, 4);
  const finals = (await events(desk, "transcript", "agent")).filter(({ isPartial }) => !isPartial);
  expect(finals.map(({ text }) => text.split(/\s+/).length)).toEqual([12, 4]);
});

test("what was queued is finished where the settings say so", async ({ openDesk, openPhone }) => {
  const { desk, phone } = await takeHummingCall(openDesk, openPhone, { agent: { onMute: "finish" } });
  await agentSpeaks(desk, 0, 8);
  await until(desk, () => window.harness.outcomes("agent").includes("speaking"));
  await desk.evaluate(() => window.desk.agent().mute());
  await agentSpeaks(desk, 24, 4);
  await settled(desk, "agent", 1);
  await untilHeard(() => recorded(phone, "pcm", 8), 0, 8);
  const codes = codesIn(await recorded(phone)).map(({ code }) => code);
  expect(codes.filter((code) => codesOf(24, 4).includes(code))).toEqual([]);
  expect(await desk.evaluate(() => [...new Set(window.harness.outcomes("agent"))])).toEqual(["spoken"]);
});

test("on hold the agent's own voice passes at full volume and nothing is interpreted; resumed, the volumes are as set", async ({
  openDesk, openPhone, services,
}) => {
  const { desk, phone } = await takeHummingCall(openDesk, openPhone);
  const before = level((await wireFor(desk, 0.5)).mix);
  await desk.evaluate(() => window.desk.hold());
  await expect.poll(async () => level((await wireFor(desk, 0.3)).mix) / before).toBeGreaterThan(1.9);
  expect(level((await wireFor(desk, 0.5)).mix) / before).toBeLessThan(2.1);
  // The agent talks to somebody in the room, the customer to the music.
  await Promise.all([agentSpeaks(desk, 0, 8), customerSpeaks(phone, 8, 8)]);

  // Muted on hold, resumed, and unmuted: each stays what it is.
  await desk.evaluate(() => window.desk.agent().mute());
  await expect.poll(async () => level((await wireFor(desk, 0.2)).mix)).toBeLessThan(SILENT / 10);
  await desk.evaluate(() => window.desk.resume());
  await phone.evaluate(() => window.phone.until("connected"));
  expect(level((await wireFor(desk, 0.3)).mix)).toBeLessThan(SILENT / 10);
  await desk.evaluate(() => window.desk.agent().unmute());
  await expect.poll(async () => level((await wireFor(desk, 0.3)).mix) / before).toBeGreaterThan(0.95);
  expect(level((await wireFor(desk, 0.5)).mix) / before).toBeLessThan(1.05);

  await desk.evaluate(() => window.harness.record());
  await talk(desk, phone, 40);
  for (const speaker of ["agent", "customer"]) {
    const finals = (await events(desk, "transcript", speaker)).filter(({ isPartial }) => !isPartial);
    expect(finals.map(({ text }) => text.split(/\s+/).length), speaker).toEqual([4]);
  }
  // Streams went on with silence: none was opened anew.
  expect((await services.control("state")).streams).toHaveLength(2);
});
