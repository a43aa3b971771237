// Another track in a speaker's place, during the call.

import { codesHeard, codesOf, events, gaps, interpret, settled, speak, takeCall, until, untilHeard } from "./harness.js";
import { expect, test } from "./support.js";

/** A second microphone in the page. */
const plugIn = (page) => page.evaluate(async () => {
  const { SpeechSource } = await import("/test/speech-source.js");
  const context = new AudioContext();
  await context.resume();
  window.second = new SpeechSource(context);
});

const speakIntoSecond = (page, first, count) => page.evaluate(async ([from, n]) => {
  const { pilotWords } = await import("/test/pilot-wav.js");
  await window.second.play(pilotWords(from, n));
}, [first, count]);

/** Gives the agent's side a track: "first", "second" or null. */
const use = (page, which) => page.evaluate((name) => {
  const { call } = window.harness;
  const tracks = { first: call.sources.agent.track, second: window.second.track, null: null };
  call.session.replaceTrack("agent", tracks[name]);
}, which);

const wanted = (page) => page.evaluate(() => {
  const { track } = window.harness.call.line.sender;
  const { call } = window.harness;
  return { first: track === call.sources.agent.track, second: track === window.second.track, nothing: track === null };
});

test("the interpreting goes on with another track, on the same stream and without a gap", async ({ page, services }) => {
  await takeCall(page, services);
  await plugIn(page);
  await interpret(page);
  await speak(page, "agent", 0, 4);
  await settled(page, "agent", 1);

  await use(page, "second");
  // The first is nobody's voice any more.
  await Promise.all([speak(page, "agent", 8, 4), speakIntoSecond(page, 16, 4)]);
  await settled(page, "agent", 2);
  await untilHeard(page, "customer", 16, 4);

  await use(page, null);
  await Promise.all([speak(page, "agent", 24, 4), speakIntoSecond(page, 32, 4)]);
  await use(page, "first");
  await speak(page, "agent", 40, 4);
  await settled(page, "agent", 3);
  await untilHeard(page, "customer", 40, 4);

  const codes = (await codesHeard(page, "customer")).map(({ code }) => code);
  expect(codes).toEqual([0, 16, 40].flatMap((first) => codesOf(first, 4)));
  expect(await gaps(page)).toEqual([]);
  expect(await events(page, "error")).toEqual([]);
  expect((await services.control("state")).streams).toHaveLength(2);
});

test("what was attached goes back to the track that came in the other's place", async ({ page, services }) => {
  await takeCall(page, services);
  await plugIn(page);
  await interpret(page);
  await use(page, "second");
  await expect.poll(() => wanted(page)).toEqual({ first: false, second: false, nothing: false });
  await page.evaluate(() => window.harness.call.session.stop());
  expect(await wanted(page)).toEqual({ first: false, second: true, nothing: false });
});

test("a track that is none, or has ended, is refused and changes nothing; one that ends is told of", async ({ page, services }) => {
  await takeCall(page, services);
  await plugIn(page);
  await interpret(page);
  const refused = (make) => page.evaluate((source) => {
    try {
      window.harness.call.session.replaceTrack("agent", new Function(`return ${source}`)());
      return null;
    } catch ({ name, code, field, speaker }) {
      return { name, code, field, speaker };
    }
  }, make);
  const option = { name: "InterpreterError", code: "invalid-option", field: "track" };
  for (const wrong of ["undefined", "{}", "'track'", "new MediaStream()"]) expect(await refused(wrong), wrong).toMatchObject(option);
  expect(await refused("Object.assign(document.createElement('canvas')).captureStream().getVideoTracks()[0]")).toMatchObject(option);
  expect(await refused("(() => { const { track } = window.second; const copy = track.clone(); copy.stop(); return copy; })()"))
    .toMatchObject({ name: "InterpreterError", code: "track-ended", field: "track", speaker: "agent" });
  await speak(page, "agent", 0, 4);
  await settled(page, "agent", 1);
  await untilHeard(page, "customer", 0, 4);

  // Only a track that is in use is listened to.
  await page.evaluate(() => {
    const { session } = window.harness.call;
    const ended = (track) => track.dispatchEvent(new Event("ended"));
    const copies = [window.second.track.clone(), window.second.track.clone()];
    for (const copy of copies) session.replaceTrack("agent", copy);
    copies.forEach(ended);
    session.replaceTrack("agent", null);
    copies.forEach(ended);
  });
  await until(page, () => window.harness.of("error").length > 0);
  expect((await events(page, "error")).map(({ error }) => error)).toEqual([
    expect.objectContaining({ code: "track-ended", stage: "audio", speaker: "agent" }),
  ]);
});

test("tracks that follow each other make no click", async ({ page, services }) => {
  await takeCall(page, services);
  await page.evaluate(async () => (await import("/test/outlet.js")).watchOutlets());
  await interpret(page, { volumes: { "agent-original-to-customer": 1, "agent-translation-to-customer": 0 } });
  const { steps, loud } = await page.evaluate(async () => {
    const { listen, rendered } = await import("/test/outlet.js");
    const { session } = window.harness.call;
    session.enable("agent", false);
    const sound = await listen(session.agentSpeech);
    const { context } = sound;
    const tone = (frequency) => {
      const out = new MediaStreamAudioDestinationNode(context);
      const source = new OscillatorNode(context, { frequency });
      source.connect(new GainNode(context, { gain: 0.3 })).connect(out);
      source.start();
      return out.stream.getAudioTracks()[0];
    };
    const tracks = [tone(200), tone(310)];
    const swap = async (index) => {
      session.replaceTrack("agent", tracks[index % 2]);
      // Most have the time to settle, some do not.
      await rendered(context, index % 5 === 4 ? 0.03 : 0.2);
    };
    for (let index = 0; index < 20; index++) await swap(index);
    session.replaceTrack("agent", null);
    const silent = (samples) => samples.length > 4800 && samples.slice(-4800).every((sample) => sample === 0);
    await sound.until(silent);
    const { samples } = sound;
    const steps = samples.map((sample, i) => Math.abs(sample - (samples[i - 1] ?? sample)));
    return { steps: steps.filter((step) => step > 0.03), loud: samples.reduce((most, sample) => Math.max(most, sample), 0) };
  });
  expect(loud).toBeGreaterThan(0.25);
  // A tone of 310 Hz at 0.3 moves by 0.012 a sample at most, the exchange of two by 0.005 more.
  expect(steps).toEqual([]);
});
