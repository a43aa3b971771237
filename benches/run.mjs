// `node benches/run.mjs [--scenario turns] [--utterances N] [--rtt MS]
//   [--seed N] [--policies a,b] [--driver FILE]… [--quick] [--keep]`
//
// Needs LOCAL_AWS_BIN (the stand-in), CHROMIUM and, unless in ../pkg, PKG (the
// package). `cargo xtask bench` sets them. See README.md for what is measured.

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { direction } from "./lib/analyse.mjs";
import { between, reading } from "./lib/cpu.mjs";
import { floor } from "./lib/floor.mjs";
import { lags } from "./lib/lag.mjs";
import { bursts, turns } from "./lib/plan.mjs";
import { report, steps } from "./lib/report.mjs";
import { revisions } from "./lib/revised.mjs";
import { channels, serve } from "./lib/server.mjs";
import { sizes } from "./lib/size.mjs";
import { startStandIn } from "./lib/stand-in.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const ROOT = resolve(HERE, "..");
const POLICIES = ["ours", "ours-finals", "sample-way"];
const SPEAKERS = ["customer", "agent"];
/** Recorded after the last word, seconds: longer than any answer may take. */
const TAIL_S = 8;
const VOICE_HZ = { customer: 150, agent: 200 };
/** A speaker's words in the other's language, spoken by this voice. */
const PEOPLE = {
  customer: { language: "es-US", targetLanguage: "en-US", voice: "Joanna" },
  agent: { language: "en-US", targetLanguage: "es-US", voice: "Lupe" },
};

const { values: args } = parseArgs({
  options: {
    scenario: { type: "string", default: "turns" },
    utterances: { type: "string" },
    rtt: { type: "string", default: "0" },
    seed: { type: "string", default: "7" },
    policies: { type: "string" },
    driver: { type: "string", multiple: true, default: [] },
    quick: { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
  },
});
if (args.scenario !== "turns") throw new Error(`no scenario ${args.scenario}: turns`);
const number = (text, name) => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new Error(`--${name}: a whole number, not ${text}`);
  return value;
};
const utterances = number(args.utterances ?? (args.quick ? "12" : "60"), "utterances");
const seed = number(args.seed, "seed");
const policies = new Map((args.policies?.split(",") ?? POLICIES).map((name) => [name, join(HERE, "drivers", `${name}.js`)]));
for (const path of args.driver) policies.set(basename(path, ".js"), resolve(path));
const needed = (name) => process.env[name] ?? (() => { throw new Error(`${name} is not set; cargo xtask bench sets it`); })();

const say = (text) => process.stderr.write(`${text}\n`);
const standIn = await startStandIn(needed("LOCAL_AWS_BIN"), ROOT);
const bundles = await mkdtemp(join(tmpdir(), "connect-interpreter-bench-"));
const pkg = process.env.PKG ?? join(ROOT, "pkg");
const server = await serve({
  "/page/": join(HERE, "page"),
  "/lib/": join(HERE, "lib"),
  "/drivers/": bundles,
  "/pkg/": pkg,
});

/** Drivers come as one file each, with the SDK in them; the package stays apart. */
async function bundle(name, file) {
  await build({
    entryPoints: [file],
    outfile: join(bundles, `${name}.js`),
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    external: ["/pkg/*"],
    logLevel: "warning",
  });
}

/** A fresh browser with the bench's page, for one measurement. */
async function withPage(use) {
  const browser = await chromium.launch({
    executablePath: needed("CHROMIUM"),
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--autoplay-policy=no-user-gesture-required",
      "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
      "--disable-features=SpareRendererForSitePerProcess"],
  });
  try {
    const page = await browser.newPage();
    // As on most machines; headless Chromium's own default is 44.1 kHz.
    await page.addInitScript(() => {
      globalThis.AudioContext = class extends AudioContext {
        constructor(options) {
          super({ sampleRate: 48_000, ...options });
        }
      };
    });
    const failed = new Promise((_, reject) => page.on("pageerror", (error) => reject(error)));
    failed.catch(() => {});
    // A presigned URL is a secret: nothing after a question mark is shown.
    page.on("console", (message) => { if (message.type() === "error") say(`  page: ${message.text().replace(/\?\S+/g, "?…")}`); });
    const browserCdp = await browser.newBrowserCDPSession();
    const pageCdp = await page.context().newCDPSession(page);
    await pageCdp.send("Performance.enable");
    await page.goto(`${server.origin}/page/index.html`);
    await page.waitForFunction(() => window.bench);
    return await Promise.race([failed, use({
      version: browser.version(),
      call: (name, argument) => page.evaluate(([n, a]) => window.bench[n](a), [name, argument]),
      cpu: () => reading(browserCdp, pageCdp, standIn.pid),
    })]);
  } finally {
    await browser.close();
  }
}

const shared = {
  region: "us-east-1",
  endpoints: { transcribe: standIn.aws.replace(/^http/, "ws"), translate: standIn.aws, polly: standIn.aws },
  cognitoIdentity: standIn.aws,
  identityPoolId: "us-east-1:00000000-0000-4000-8000-000000000000",
  echo: `${standIn.aws.replace(/^http/, "ws")}/control/echo`,
};

/** Plays `sound` to a driver (or to none) and gives the recording's channels. */
async function record(name, { sound, url, configs = {}, tailS }) {
  return withPage(async ({ call, cpu, version }) => {
    await call("open", sound);
    if (url) await call("start", { url, configs, shared });
    const before = await cpu();
    await call("play");
    const after = await cpu();
    await call("tail", { seconds: tailS });
    const info = await call("finish", { url: `/recording/${name}` });
    if (info.missing > 0) throw new Error(`the recording of ${name} misses ${info.missing} samples`);
    const bytes = server.recordings.get(name);
    server.recordings.delete(name);
    return { version, cpu: between(before, after), events: info.events, rate: info.rate, bytes, count: info.channels.length };
  });
}

async function measureFloor() {
  await bundle("loopback", join(HERE, "drivers", "loopback.js"));
  const times = bursts({ seed, count: args.quick ? 20 : 60 });
  const { bytes, count, rate } = await record("floor", {
    sound: { customer: { bursts: times }, agent: {} },
    url: "/drivers/loopback.js",
    configs: { customer: {} },
    tailS: 1,
  });
  const [source, , output] = channels(bytes, count);
  return floor(source, output, rate);
}

const plans = Object.fromEntries(SPEAKERS.map((speaker, i) => [speaker, turns({ seed: seed + 35 * i, utterances })]));
const people = Object.fromEntries(SPEAKERS.map((speaker) => [speaker, { plan: plans[speaker], f0: VOICE_HZ[speaker] }]));

async function measureAlone() {
  const short = Object.fromEntries(SPEAKERS.map((speaker, i) => [speaker, { plan: turns({ seed: seed + 35 * i, utterances: args.quick ? 3 : 8 }), f0: VOICE_HZ[speaker] }]));
  const { cpu, version } = await record("alone", { sound: short, tailS: 0.5 });
  return { cpu, version };
}

function read(name, { bytes, count, rate, events }) {
  const sound = channels(bytes, count);
  return Object.fromEntries(SPEAKERS.map((speaker, i) => {
    const result = direction(sound[i], sound[2 + i], rate, plans[speaker]);
    const revised = revisions(events.filter((e) => e.type === "transcript" && e.speaker === speaker));
    // Told apart only where each utterance has one final result of its own.
    if (revised.length === result.utterances.length) result.utterances.forEach((u, n) => { u.revised = revised[n]; });
    else say(`  ${name}, ${speaker}: ${revised.length} final results for ${result.utterances.length} utterances; revised ones are not told apart`);
    return [speaker, result];
  }));
}

try {
  const started = performance.now();
  const minutes = () => `${((performance.now() - started) / 60_000).toFixed(1)} min`;
  await standIn.reset();
  say("floor");
  const floorMs = await measureFloor();
  say(`  F = ${floorMs.median.toFixed(1)} ms · ${minutes()}\npage alone`);
  const { cpu: alone, version } = await measureAlone();
  const measured = {};
  for (const [name, file] of policies) {
    say(`${name} · ${minutes()}`);
    await bundle(name, file);
    await standIn.reset();
    await standIn.delays({ rttMs: number(args.rtt, "rtt") });
    const recorded = await record(name, { sound: people, url: `/drivers/${name}.js`, configs: PEOPLE, tailS: TAIL_S });
    const { counters, streams } = await standIn.state();
    if (args.keep) {
      await mkdir(join(HERE, "out"), { recursive: true });
      await writeFile(join(HERE, "out", `${name}.s16`), recorded.bytes);
      await writeFile(join(HERE, "out", `${name}.events.json`), JSON.stringify(recorded.events));
    }
    const directions = read(name, recorded);
    measured[name] = {
      directions,
      cpu: recorded.cpu,
      streams: lags(streams),
      requests: counters?.requests ?? {},
      marks: Object.fromEntries(SPEAKERS.map((speaker) => [speaker, steps(recorded.events, speaker)])),
      errors: recorded.events.filter((e) => e.type === "error").map((e) => `${e.speaker ?? "session"}: ${e.error}`),
    };
  }
  const state = await standIn.state();
  const run = {
    scenario: "turns", utterances, seed, delays: state.delays, floor: floorMs, alone, policies: measured,
    machine: { cores: cpus().length, cpu: cpus()[0]?.model ?? "unknown", browser: `Chromium ${version}`, node: process.version },
    sizes: await sizes(pkg).catch(() => undefined),
  };
  await mkdir(join(HERE, "out"), { recursive: true });
  await writeFile(join(HERE, "out", "turns.json"), `${JSON.stringify(run, null, 1)}\n`);
  process.stdout.write(`\n${report(run)}\n\n${minutes()}; all numbers are in benches/out/turns.json\n`);
} finally {
  server.close();
  await standIn.stop();
  await rm(bundles, { recursive: true, force: true });
}
