// The mix stays on the wire whatever is put on the sender.

import {
  agentSpeaks, codesIn, codesOf, expect, happened, interpreted, recorded, settled, takeCall, test, until, untilHeard,
} from "./softphone.js";

/** What a bare microphone sounds like: each device hums in its own band, and neither is in the mix. */
const HUM = { "mic-1": 440, "mic-2": 1000 };
const STEP_S = 0.02;

/** The longest stretch in which a bare microphone is heard, in seconds. */
function bareFor({ samples, rate }) {
  const length = Math.round(STEP_S * rate);
  let [longest, run] = [0, 0];
  for (let at = 0; at + length <= samples.length; at += length) {
    const step = samples.subarray(at, at + length);
    const heard = Object.values(HUM).some((hz) => toneLevel(step, rate, hz) > 0.01);
    run = heard ? run + STEP_S : 0;
    longest = Math.max(longest, run);
  }
  return longest;
}

/** The amplitude of a tone in a short piece (Goertzel). */
function toneLevel(samples, rate, hz) {
  const turn = (2 * Math.PI * hz) / rate;
  let [one, two] = [0, 0];
  for (const sample of samples) [one, two] = [sample + 2 * Math.cos(turn) * one - two, one];
  return (2 / samples.length) * Math.sqrt(Math.max(0, one * one + two * two - 2 * Math.cos(turn) * one * two));
}

async function hum(desk) {
  await desk.evaluate((hums) => {
    for (const [device, hz] of Object.entries(hums)) window.desk.microphones.tone(device, hz, 0.1);
  }, HUM);
}

const swap = {
  /** As the CCP's device settings do. */
  device: async (desk, deviceId) => {
    const before = await desk.evaluate(() => window.desk.log.filter(({ event }) => event === "microphone").length);
    await desk.evaluate((id) => window.desk.agent().setMicrophoneDevice(id), deviceId);
    await happened(desk, "microphone", before + 1);
  },
  /** As voice enhancement does. */
  enhanced: (desk, deviceId) => desk.evaluate(async (id) => {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: { deviceId: { exact: id } } });
    await connect.core.getSoftphoneManager().replaceMediaStreamInRTCSession(stream);
  }, deviceId),
  /** As anybody can. */
  raw: (desk, deviceId) => desk.evaluate(async (id) => {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: { deviceId: { exact: id } } });
    await window.harness.sender().replaceTrack(stream.getAudioTracks()[0]);
  }, deviceId),
  /** Past the guard. */
  prototype: (desk, deviceId) => desk.evaluate(async (id) => {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: { deviceId: { exact: id } } });
    const sender = window.harness.sender();
    await RTCRtpSender.prototype.replaceTrack.call(sender, stream.getAudioTracks()[0]);
  }, deviceId),
};

test("fifty swaps during speech: never the bare microphone, and no utterance is lost", async ({ openDesk, openPhone }) => {
  const phone = await openPhone();
  const desk = await openDesk({ library: { autoStart: false } });
  await hum(desk);
  await takeCall(desk, phone);
  // An ordinary call carries the bare microphone: the ear of this test works.
  await expect.poll(async () => bareFor(await recorded(phone, "wire", 1))).toBeGreaterThan(0.5);

  await desk.evaluate(() => window.harness.softphone.interpret(window.desk.contact().getContactId()));
  await interpreted(desk);
  await expect.poll(async () => bareFor(await recorded(phone, "wire", 0.4))).toBe(0);
  await phone.evaluate(() => window.phone.record());

  const utterances = 5;
  const speech = (async () => {
    for (let i = 0; i < utterances; i++) {
      await agentSpeaks(desk, i * 8, 6, ["mic-1", "mic-2"]);
      await settled(desk, "agent", i + 1);
    }
  })();
  const kinds = ["device", "enhanced", "raw", "device", "raw"];
  for (let i = 0; i < 50; i++) await swap[i % 10 === 9 ? "prototype" : kinds[i % kinds.length]](desk, i % 2 ? "mic-1" : "mic-2");
  await speech;
  await untilHeard(() => recorded(phone, "pcm", 8), (utterances - 1) * 8, 6);

  const wire = await recorded(phone, "wire");
  const bare = bareFor(wire);
  console.log(`bare microphone on the wire: ${Math.round(1000 * bare)} ms at most, in ${(wire.samples.length / wire.rate).toFixed(0)} s`);
  expect(bare).toBeLessThanOrEqual(0.1);
  const outcomes = await desk.evaluate(() => window.harness.outcomes("agent"));
  expect(new Set(outcomes)).toEqual(new Set(["spoken"]));
  // What was translated was heard, whole and in order; between the utterances
  // may stand what was heard of the bare microphone.
  const codes = codesIn(wire).map(({ code }) => code).join(" ");
  const places = Array.from({ length: utterances }, (_, i) => codes.indexOf(codesOf(i * 8, 6).join(" ")));
  expect(places.every((place, i) => place >= 0 && (i === 0 || place > places[i - 1])), codes).toBe(true);

  const last = await desk.evaluate(async () => {
    const sender = window.harness.sender();
    const wanted = window.desk.microphones.calls.at(-1).track;
    await window.harness.session.stop();
    return { theirs: sender.track === wanted, label: sender.track?.readyState };
  });
  expect(last).toEqual({ theirs: true, label: "live" });
  await expect.poll(async () => bareFor(await recorded(phone, "wire", 1))).toBeGreaterThan(0.5);
});

test("nothing is opened that Streams has not opened, and all of it is given back", async ({ openDesk, openPhone }) => {
  const phone = await openPhone();
  const ordinary = await openDesk({ library: null });
  const calls = (page) => page.evaluate(() => window.desk.microphones.calls.length);
  await takeCall(ordinary, phone);
  await happened(ordinary, "local media");
  const baseline = await calls(ordinary);
  await ordinary.evaluate(() => window.desk.hangUp());
  await ordinary.evaluate(() => window.desk.clear());
  await phone.evaluate(() => window.phone.until("idle"));
  await ordinary.close();

  const desk = await openDesk();
  await takeCall(desk, phone);
  await interpreted(desk);
  expect(await calls(desk)).toBe(baseline);
  const element = () => desk.evaluate(() => document.querySelector("#remote-audio").muted);
  await expect.poll(element).toBe(true);
  await desk.evaluate(() => window.harness.session.stop());
  expect(await element()).toBe(false);
  // The library's own element is silent: the softphone's alone plays.
  expect(await desk.evaluate(() => window.audible().map(({ id }) => id))).toEqual(["remote-audio"]);
  // The host has stopped it: it does not begin again by itself.
  await desk.evaluate(() => window.desk.hold());
  await desk.evaluate(() => window.desk.resume());
  await until(desk, () => window.harness.softphone.contacts[0].phase === "talking");
  expect(await desk.evaluate(() => window.harness.sessions.size)).toBe(1);
});

const late = (ms) => ({ "connection::session_init": ms, "agent::local_media_stream_created": ms });
for (const [order, options, delays] of [
  ["before there is a peer connection", { holdPeerConnectionMs: 300 }, {}],
  ["before there is a sender", { holdSenderMs: 300 }, {}],
  ["with the microphone on the sender", {}, late(25)],
  ["after Streams has put another one there", {}, late(400)],
  ["when the call is long there", {}, late(900)],
]) {
  test(`a session that Streams announces ${order} is found`, { tag: "@own" }, async ({ openDesk, openPhone, services }) => {
    await services.instance("delays", "PUT", delays);
    const phone = await openPhone();
    const desk = await openDesk({ query: { options: JSON.stringify(options) } });
    await hum(desk);
    await takeCall(desk, phone);
    await interpreted(desk);
    await expect.poll(async () => bareFor(await recorded(phone, "wire", 0.4))).toBe(0);
  });
}
