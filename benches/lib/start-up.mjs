// How long a policy takes from the loading of its module to the first audio at
// the service.

import { setTimeout as pause } from "node:timers/promises";
import { summary } from "./stats.mjs";

/**
 * Looks at the stand-in until audio has come on this many streams that opened
 * since `sinceMs`. A driver that never opens so many has no start-up.
 */
async function firstAudio(standIn, sinceMs, wanted, patienceMs = 5_000) {
  const giveUpAtMs = Date.now() + patienceMs;
  for (;;) {
    const { streams } = await standIn.state();
    const times = streams
      .filter((s) => s.openedAtMs >= sinceMs && s.firstAudioAtMs != null)
      .map((s) => s.firstAudioAtMs)
      .sort((a, b) => a - b);
    if (times.length >= wanted) return times;
    if (Date.now() > giveUpAtMs) return undefined;
    await pause(20);
  }
}

/**
 * Starts a driver again and again, each time in a fresh browser in which the
 * people already speak: as it is, and (if it can) after it has prepared itself.
 *
 * @returns summaries of what passed until a stream, and until both, had audio;
 *   ms: `{cold: {first, both}, prepared?: {first, both}}`
 */
export async function startUp({ lab, standIn, delays, url, sound, configs, times }) {
  const result = {};
  for (const prepare of [false, true]) {
    const first = [];
    const both = [];
    for (let i = 0; i < times; i += 1) {
      const took = await lab.withPage(async ({ call }) => {
        await standIn.reset();
        await standIn.delays(delays);
        await call("open", sound);
        await call("begin");
        const started = await call("start", { url, configs, shared: lab.shared, prepare });
        if (!started) return undefined;
        const sinceMs = prepare ? started.startAtMs : started.loadAtMs;
        return (await firstAudio(standIn, sinceMs, Object.keys(configs).length))?.map((atMs) => atMs - sinceMs);
      });
      if (!took) return result;
      first.push(took[0]);
      both.push(took.at(-1));
    }
    result[prepare ? "prepared" : "cold"] = { first: summary(first), both: summary(both) };
  }
  return result;
}
