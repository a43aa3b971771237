// The command line of run.mjs.

import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { chosen } from "./scenarios.mjs";

const POLICIES = ["ours", "ours-finals", "sample-way"];

function number(text, name, { whole = true } = {}) {
  const value = Number(text);
  if (text === "" || !Number.isFinite(value) || value < 0 || (whole && !Number.isInteger(value))) {
    throw new Error(`--${name}: a ${whole ? "whole " : ""}number, not ${text}`);
  }
  return value;
}

/**
 * @param drivers the folder of the drivers that are known by name
 * @returns {{calls: string[], policies: Map<string, string>, utterances?: number, seed: number, rttMs: number, slow: number, quick: boolean, keep: boolean}}
 *   `policies`: each one's driver
 */
export function options(argv, drivers) {
  const { values } = parseArgs({
    args: argv,
    options: {
      scenario: { type: "string", default: "all" },
      utterances: { type: "string" },
      rtt: { type: "string", default: "0" },
      slow: { type: "string", default: "1" },
      seed: { type: "string", default: "7" },
      policies: { type: "string" },
      driver: { type: "string", multiple: true, default: [] },
      quick: { type: "boolean", default: false },
      keep: { type: "boolean", default: false },
    },
  });
  const policies = new Map((values.policies?.split(",") ?? POLICIES).map((name) => [name, join(drivers, `${name}.js`)]));
  for (const path of values.driver) {
    const name = basename(path).replace(/\.m?js$/, "");
    if (policies.has(name)) throw new Error(`two policies would be called ${name}`);
    policies.set(name, resolve(path));
  }
  const slow = number(values.slow, "slow", { whole: false });
  if (slow === 0) throw new Error("--slow: more than 0");
  return {
    calls: chosen(values.scenario),
    policies,
    utterances: values.utterances === undefined ? undefined : Math.max(1, number(values.utterances, "utterances")),
    seed: number(values.seed, "seed"),
    rttMs: number(values.rtt, "rtt"),
    slow,
    quick: values.quick,
    keep: values.keep,
  };
}

/** The stand-in's delays, all of them `slow` times as long, and a round trip. */
export function delaysOf(delays, { slow, rttMs }) {
  const { pollyBodySpeed, seed, rttMs: _, ...times } = delays;
  const longer = Object.fromEntries(Object.entries(times).map(([name, ms]) => [name, Math.round(slow * ms)]));
  return { ...longer, pollyBodySpeed: pollyBodySpeed / slow, seed, rttMs };
}
