// A call whose transcription breaks, in every way in which it can, while people
// talk on. The words are pilots and the originals silent: what a listener hears
// names each word that came through, and in which order.

import { ENDS, LANGUAGE, seams, speakInto, streamsOf, struck } from "./faults.js";
import { codesHeard, codesOf, events, gaps, interpret, speak, takeCall, until, untilHeard } from "./harness.js";
import { pilotWordsIn } from "./pilot.js";
import { expect, test } from "./support.js";

/** Words of an utterance; at most 64 in all, so that each is another one. */
const WORDS = 3;
/** Of one that shows that the service says nothing: 4.5 s. */
const LONG = 14;
const PAUSE_S = 1;

const told = (seam) =>
  `${seam.cause} at ${Math.round(seam.atMs)}, noticed ${Math.round(seam.detectedMs - seam.atMs)} ms later, streaming ${
    Math.round(seam.streamingMs - seam.detectedMs)} ms after that, ${Math.round(seam.replayedMs)} ms again`;

test("five streams end in pauses: each word is heard once and in order", async ({ page, services }) => {
  await takeCall(page, services);
  await interpret(page);
  let said = 0;
  const say = async (count) => {
    await speak(page, "customer", said, count, PAUSE_S);
    said += count;
  };

  let agentSaid = 0;
  for (const [i, end] of ENDS.entries()) {
    await speakInto(page, services, end, "pause", "customer", said, WORDS, PAUSE_S);
    said += WORDS;
    // They talk on, whatever the socket does, and the agent as well.
    const agent = speak(page, "agent", agentSaid, WORDS);
    agentSaid += WORDS;
    await say(end.name === "gone silent" ? LONG : WORDS);
    await agent;
    await struck(services);
    await seams(page, "customer", i + 1);
    await until(page, () => window.harness.call.session.state === "running");
  }
  // What was doubled would come before the last words.
  await say(WORDS);
  await untilHeard(page, "agent", said - WORDS, WORDS);
  await untilHeard(page, "customer", agentSaid - WORDS, WORDS);

  expect((await codesHeard(page, "agent")).map(({ code }) => code)).toEqual(codesOf(0, said));
  expect((await codesHeard(page, "customer")).map(({ code }) => code)).toEqual(codesOf(0, agentSaid));

  const ends = (await streamsOf(services, "customer")).map(({ ended }) => ended);
  expect(ends).toEqual([...ENDS.map(({ ended }) => ended), null]);
  expect((await streamsOf(services, "agent")).map(({ ended }) => ended)).toEqual([null]);
  const seen = await events(page, "seam");
  for (const seam of seen) console.log(told(seam));
  expect(seen).toHaveLength(ENDS.length);
  seen.forEach((seam, i) => {
    expect(ENDS[i].causes).toContain(seam.cause);
    expect(seam).toMatchObject({ speaker: "customer", uncertain: false });
  });
  expect(await gaps(page)).toEqual([]);
  expect(await events(page, "utterance").then((all) => all.filter(({ outcome }) => outcome === "failed"))).toEqual([]);
});

test("streams that end inside a word: at most that word is lost or doubled, and it is told", async ({ page, services }) => {
  await takeCall(page, services);
  await interpret(page);
  const said = { customer: 0, agent: 0 };
  for (const [speaker, end] of [["customer", ENDS[1]], ["agent", ENDS[2]], ["customer", ENDS[0]]]) {
    const count = (await events(page, "seam", speaker)).length;
    await speakInto(page, services, end, "speech", speaker, said[speaker], LONG, PAUSE_S);
    said[speaker] += LONG;
    await struck(services);
    await seams(page, speaker, count + 1);
  }
  for (const [speaker, listener] of [["customer", "agent"], ["agent", "customer"]]) {
    await speak(page, speaker, said[speaker], WORDS);
    await untilHeard(page, listener, said[speaker], WORDS);
    said[speaker] += WORDS;
    const heard = (await codesHeard(page, listener)).map(({ code }) => code);
    const uncertain = (await events(page, "seam", speaker)).filter((seam) => seam.uncertain).length;
    const words = pilotWordsIn(heard);
    const lost = Array.from({ length: said[speaker] }, (_, i) => i).filter((word) => !words.includes(word));
    const doubled = words.filter((word, i) => words.indexOf(word) !== i);
    console.log(`${LANGUAGE[speaker]}: ${lost.length} lost, ${doubled.length} doubled, ${uncertain} told of`);
    expect(lost.length + doubled.length).toBeLessThanOrEqual(uncertain);
    expect([...new Set(words)]).toEqual([...new Set(words)].sort((a, b) => a - b));
  }
  expect(await gaps(page)).toEqual([]);
});
