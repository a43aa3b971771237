// `node benches/run.mjs [--scenario NAME,…|all] [--utterances N] [--rtt MS]
//   [--slow N] [--seed N] [--policies a,b] [--driver FILE]… [--quick] [--keep]`
//
// Needs LOCAL_AWS_BIN (the stand-in), CHROMIUM and, unless in ../pkg, PKG (the
// package). `cargo xtask bench` sets them. See README.md for what is measured.

import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { insist } from "./lib/broken.mjs";
import { PEOPLE, described, measureCall, plansOf, soundOf } from "./lib/calls.mjs";
import { floor } from "./lib/floor.mjs";
import { openLab } from "./lib/lab.mjs";
import { delaysOf, options } from "./lib/options.mjs";
import { originals } from "./lib/originals.mjs";
import { bursts, turns } from "./lib/plan.mjs";
import { CALLS } from "./lib/scenarios.mjs";
import { channels } from "./lib/server.mjs";
import { sizes } from "./lib/size.mjs";
import { startStandIn } from "./lib/stand-in.mjs";
import { startUp } from "./lib/start-up.mjs";
import { summary } from "./lib/stats.mjs";
import { write } from "./lib/write.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const ROOT = resolve(HERE, "..");
const OUT = join(HERE, "out");
const set = options(process.argv.slice(2), join(HERE, "drivers"));
const needed = (name) => process.env[name] ?? (() => { throw new Error(`${name} is not set; cargo xtask bench sets it`); })();
const say = (text) => process.stderr.write(`${text}\n`);
const pkg = process.env.PKG ?? join(ROOT, "pkg");
const executable = needed("CHROMIUM");
const standIn = await startStandIn(needed("LOCAL_AWS_BIN"), ROOT);
const lab = await openLab({ here: HERE, pkg, executable, standIn, say });

/** Clocks and messages lie to each other otherwise in each session: several are taken. */
async function measureFloor() {
  const url = await lab.add("loopback", join(HERE, "drivers", "loopback.js"));
  const sessions = [];
  for (let i = 0; i < (set.quick ? 2 : 5); i += 1) {
    const times = bursts({ seed: set.seed + i, count: 12 });
    const { bytes, count, rate } = await lab.record("floor", {
      sound: { customer: { bursts: times }, agent: {} }, url, configs: { customer: {} }, tailS: 1,
    });
    const [source, , output] = channels(bytes, count);
    sessions.push(floor(source, output, rate));
  }
  return { ...summary(sessions.map(({ median }) => median)), torn: sessions.reduce((sum, { torn }) => sum + torn, 0) };
}

async function measureAlone() {
  const plans = plansOf(turns, { seed: set.seed, utterances: set.quick ? 3 : 8 });
  const { cpu, version } = await lab.record("alone", { sound: soundOf(plans), tailS: 0.5 });
  return { cpu, version };
}

/** How two contexts' clocks lie to each other is another in each session: several are taken. */
async function measureOriginals() {
  const url = await lab.add("originals", join(HERE, "drivers", "originals.js"));
  const times = bursts({ seed: set.seed, count: 8 });
  const sessions = [];
  for (let i = 0; i < (set.quick ? 3 : 9); i += 1) {
    const { value } = await insist("originals", async () => {
      const { bytes, count, rate } = await lab.record("originals", {
        sound: { customer: { noise: times }, agent: {} }, url, configs: PEOPLE, tailS: 1,
      });
      const [source, , mixed, bare] = channels(bytes, count);
      return originals({ source, mixed, bare, rate });
    }, say);
    sessions.push(value);
  }
  const ways = ["mixer", "bare", "above"].map((way) => [way, summary(sessions.map((session) => session[way].median))]);
  return { ...Object.fromEntries(ways), missing: sessions.reduce((sum, { missing }) => sum + missing, 0) };
}

/** What fails is told at the end, and the rest is measured all the same. */
async function attempt(run, what, measure) {
  try {
    return await measure();
  } catch (error) {
    say(`  ${what} FAILED: ${error.message}`);
    run.failed.push({ what, why: error.message });
    process.exitCode = 1;
    return undefined;
  }
}

async function measure(name, run, urls, delays) {
  const spec = CALLS[name];
  const plans = plansOf(spec.plan, { seed: set.seed, utterances: set.utterances ?? (set.quick ? spec.quick : spec.utterances) });
  const call = { ...described(plans), policies: {} };
  run.calls[name] = call;
  for (const [policy, url] of urls) {
    say(`${name}: ${policy} · ${minutes()}`);
    const taken = await attempt(run, `${name}, ${policy}`, () => insist(`${name}, ${policy}`,
      () => measureCall({ lab, standIn, call: name, plans, policy, url, delays, say }), say));
    if (!taken) continue;
    const { value: { measured, recorded }, broken } = taken;
    call.policies[policy] = { ...measured, broken };
    if (!set.keep) continue;
    await writeFile(join(OUT, `${name}.${policy}.s16`), recorded.bytes);
    await writeFile(join(OUT, `${name}.${policy}.events.json`), JSON.stringify(recorded.events));
  }
}

const started = performance.now();
const minutes = () => `${((performance.now() - started) / 60_000).toFixed(1)} min`;
try {
  await mkdir(OUT, { recursive: true });
  await standIn.reset();
  const delays = delaysOf((await standIn.state()).delays, set);
  say("floor");
  const { value: floorMs } = await insist("floor", measureFloor, say);
  say(`  F = ${floorMs.median.toFixed(1)} ms · ${minutes()}\npage alone`);
  const { value: { cpu: alone, version } } = await insist("page alone", measureAlone, say);
  const run = {
    seed: set.seed, slow: set.slow, quick: set.quick, delays, floor: floorMs, alone, calls: {}, startUp: {}, failed: [],
    machine: { cores: cpus().length, cpu: cpus()[0]?.model ?? "unknown", browser: `Chromium ${version}`, node: process.version },
    sizes: await sizes(pkg).catch(() => undefined),
  };
  const urls = new Map();
  for (const [policy, file] of set.policies) urls.set(policy, await lab.add(policy, file));
  const speech = soundOf(plansOf(turns, { seed: set.seed, utterances: 8 }));
  for (const [policy, url] of urls) {
    say(`start-up: ${policy} · ${minutes()}`);
    const times = set.quick ? 2 : 5;
    run.startUp[policy] = await attempt(run, `start-up, ${policy}`, () => startUp({ lab, standIn, delays, url, sound: speech, configs: PEOPLE, times })) ?? {};
  }
  if (set.policies.has("ours")) {
    say(`originals · ${minutes()}`);
    await standIn.reset();
    await standIn.delays(delays);
    run.originals = await attempt(run, "originals", measureOriginals);
  }
  for (const name of set.calls) {
    await measure(name, run, urls, delays);
    await write(run, OUT); // whoever ends a long run early has what was measured
  }
  process.stdout.write(`\n${await write(run, OUT)}\n\n${minutes()}; all numbers are in benches/out/results.json\n`);
} finally {
  await lab.close();
  await standIn.stop();
}
