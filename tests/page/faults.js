// Ends of a transcription stream, as a call meets them: each is set while
// somebody speaks and strikes where it is told to.

import { events, speak, until } from "./harness.js";
import { expect } from "./support.js";

export const LANGUAGE = { customer: "es-US", agent: "en-US" };

/** Each end with what its stream's record says then, and what a seam may name as its cause. */
export const ENDS = [
  { name: "closed", kinds: [{ kind: "close" }], ended: "closed on demand", causes: ["closed"] },
  { name: "killed", kinds: [{ kind: "kill" }], ended: "killed on demand", causes: ["closed"] },
  {
    name: "an exception",
    kinds: [{ kind: "exception:InternalFailureException" }],
    ended: "InternalFailureException",
    causes: ["exception"],
  },
  {
    name: "killed, and the next handshake refused",
    kinds: [{ kind: "refuse" }, { kind: "kill" }],
    ended: "killed on demand",
    causes: ["closed", "refused"],
  },
  { name: "gone silent", kinds: [{ kind: "silent" }], ended: "client closed", causes: ["silent"] },
];

/** Sets the faults of an end. */
export async function strike(services, { kinds }, speaker, when) {
  for (const kind of kinds) {
    const ofStream = !["refuse", "error", "hang"].includes(kind.kind);
    await services.control("faults", "POST", {
      service: "transcribe", language: LANGUAGE[speaker], ...(ofStream && { when }), ...kind,
    });
  }
}

/** Waits until no fault waits any more. */
export const struck = (services) =>
  expect.poll(async () => (await services.control("state")).faults, { intervals: [50] }).toEqual([]);

/** Says words, and sets an end as soon as the stand-in has heard some of them. */
export async function speakInto(page, services, end, when, speaker, first, count, pauseS) {
  const before = (await events(page, "transcript", speaker)).length;
  const speech = speak(page, speaker, first, count, pauseS);
  await until(page, ([who, n]) => window.harness.of("transcript", who).length > n, [speaker, before]);
  await strike(services, end, speaker, when);
  await speech;
}

/** A speaker's streams, in order. */
export const streamsOf = async (services, speaker) =>
  (await services.control("state")).streams.filter(({ language }) => language === LANGUAGE[speaker]);

/** Waits until so many seams of a speaker are told. */
export const seams = (page, speaker, count) =>
  until(page, ([who, n]) => window.harness.of("seam", who).length >= n, [speaker, count]);
