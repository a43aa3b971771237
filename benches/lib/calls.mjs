// One call with one policy: what both people say, what happens meanwhile, and
// everything that is read from it.

import { ahead } from "./ahead.mjs";
import { direction } from "./analyse.mjs";
import { contradicted } from "./contradicted.mjs";
import { lags } from "./lag.mjs";
import { WORDS } from "./pilot.mjs";
import { together } from "./plan.mjs";
import { steps } from "./report.mjs";
import { revisions } from "./revised.mjs";
import { CALLS, FAULTS } from "./scenarios.mjs";
import { channels } from "./server.mjs";

export const SPEAKERS = ["customer", "agent"];
const VOICE_HZ = { customer: 150, agent: 200 };
/** A speaker's words in the other's language, spoken by this voice. */
export const PEOPLE = {
  customer: { language: "es-US", targetLanguage: "en-US", voice: "Joanna" },
  agent: { language: "en-US", targetLanguage: "es-US", voice: "Lupe" },
};

const each = (of) => Object.fromEntries(SPEAKERS.map((speaker, i) => [speaker, of(speaker, i)]));

/** What each person says in a call. */
export function plansOf(plan, { seed, utterances }) {
  return each((_, i) => {
    const { utterances: said, ...rest } = plan({ seed: seed + 35 * i, utterances });
    // The two never say the same at once: the one would be heard as the other's echo.
    const words = (list) => list.map((word) => word + (i * WORDS) / 2);
    return { ...rest, utterances: said.map((utterance) => ({ ...utterance, words: words(utterance.words) })) };
  });
}

/** Plans as the page's sound. */
export const soundOf = (plans) => each((speaker) => ({ plan: plans[speaker], f0: VOICE_HZ[speaker] }));

/** What happens while a call plays, if anything does. */
function happening({ block, strike }, standIn) {
  if (block) return ({ call }) => call("block", block);
  if (!strike) return undefined;
  return async ({ call }) => {
    await call("reach", { seconds: strike.atS });
    for (const { language } of Object.values(PEOPLE)) {
      await standIn.fault({ service: "transcribe", kind: strike.kind, language, when: "speech" });
    }
  };
}

/** Each direction, read from the recording and from what the driver told. */
function read(name, { bytes, count, rate, events }, plans, say) {
  const sound = channels(bytes, count);
  return each((speaker, i) => {
    const result = direction(sound[i], sound[2 + i], rate, plans[speaker]);
    const own = events.filter((e) => e.speaker === speaker);
    const revised = revisions(own.filter((e) => e.type === "transcript"));
    // Told apart only where each utterance has one final result of its own.
    if (revised.length === result.utterances.length) result.utterances.forEach((u, n) => { u.revised = revised[n]; });
    else say(`  ${name}, ${speaker}: ${revised.length} final results for ${result.utterances.length} utterances; revised ones are not told apart`);
    return { ...result, contradicted: contradicted(own) };
  });
}

/** Everything about one policy in one call, and the recording. */
export async function measureCall({ lab, standIn, call, plans, policy, url, delays, say }) {
  const spec = CALLS[call];
  await standIn.reset();
  await standIn.delays(delays);
  const recorded = await lab.record(`${call}, ${policy}`, {
    sound: soundOf(plans), url, configs: PEOPLE, tailS: spec.tailS, during: happening(spec, standIn),
  });
  const { counters, streams, faults } = await standIn.state();
  const { events } = recorded;
  const measured = {
    // Where something breaks, results are cut as a matter of course.
    directions: read(`${call}, ${policy}`, recorded, plans, FAULTS.includes(call) ? () => {} : say),
    cpu: recorded.cpu,
    streams: lags(streams),
    requests: counters?.requests ?? {},
    /** The pieces in which it was spoken, if the driver tells. */
    pieces: events.filter((e) => e.type === "utterance" && e.outcome === "committed").length || undefined,
    ahead: ahead(events),
    marks: each((speaker) => steps(events, speaker)),
    latencies: events.filter((e) => e.type === "latency").map(({ speaker, utteranceId, marks }) => ({ speaker, utteranceId, marks })),
    seams: events.filter((e) => e.type === "seam").map(({ speaker, cause, attempts, uncertain }) => ({ speaker, cause, attempts, uncertain })),
    gaps: events.filter((e) => e.type === "gap").map(({ speaker, lostMs }) => ({ speaker, lostMs })),
    /** Faults that found no stream to strike. */
    waiting: faults.length,
    errors: events.filter((e) => e.type === "error").map((e) => `${e.speaker ?? "session"}: ${e.error}`),
  };
  return { measured, recorded };
}

/** What a call was, beside its policies. */
export function described(plans) {
  const { customer, agent } = plans;
  return {
    utterances: customer.utterances.length,
    words: Object.fromEntries(SPEAKERS.map((speaker) => [speaker, plans[speaker].utterances.reduce((sum, { words }) => sum + words.length, 0)])),
    seconds: Math.max(customer.seconds, agent.seconds),
    togetherS: together(customer, agent),
  };
}
