// The calls of a bench: what is said in each, and what is done to it meanwhile.

import { dense, monologue, rapid, steady, turns } from "./plan.mjs";

/** Recorded after the last word, seconds: longer than any answer may take. */
const TAIL_S = 8;
/** After a fault: a stream that says nothing has to be missed first. */
const RECOVERY_S = 14;
/** Seconds of the recording at which the main thread is blocked, and for how long, ms. */
const BLOCKS_S = [3, 6.5, 10];
const BLOCK_MS = 1000;
/** When a stream's end is ordered, seconds: it strikes while a word is being said. */
const STRIKE_S = 5;

const ends = (kind, quick = 4) => ({ plan: steady, utterances: 8, quick, tailS: RECOVERY_S, strike: { kind, atS: STRIKE_S } });

/**
 * By name: the plan, how many utterances a person says (in a `--quick` run),
 * and what happens: `block` the main thread, or `strike` both streams.
 */
export const CALLS = {
  turns: { plan: turns, utterances: 60, quick: 12, tailS: TAIL_S },
  monologue: { plan: monologue, utterances: 2, quick: 1, tailS: 14 },
  dense: { plan: dense, utterances: 20, quick: 6, tailS: TAIL_S },
  rapid: { plan: rapid, utterances: 20, quick: 8, tailS: TAIL_S },
  blocked: { plan: steady, utterances: 8, quick: 4, tailS: TAIL_S, block: { atS: BLOCKS_S, ms: BLOCK_MS } },
  killed: ends("kill"),
  closed: ends("close"),
  exception: ends("exception:InternalFailureException"),
  // Silence is missed only while somebody speaks.
  silent: ends("silent", 8),
};

/** The calls in which something breaks. */
export const FAULTS = ["blocked", "killed", "closed", "exception", "silent"];

/** In `turns` two people speak at once anyway: `both` is another name for it. */
const GROUPS = { faults: FAULTS, both: ["turns"], all: Object.keys(CALLS) };

/**
 * The calls that `--scenario` names, each once, in the order of `CALLS`.
 *
 * @throws {Error} if there is no such scenario
 */
export function chosen(names) {
  const wanted = new Set(names.split(",").flatMap((name) => {
    if (Object.hasOwn(GROUPS, name)) return GROUPS[name];
    if (Object.hasOwn(CALLS, name)) return [name];
    throw new Error(`no scenario ${name}: ${[...Object.keys(GROUPS), ...Object.keys(CALLS)].join(", ")}`);
  }));
  return Object.keys(CALLS).filter((name) => wanted.has(name));
}
