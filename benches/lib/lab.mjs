// A fresh browser with the bench's page for each measurement, and what is
// recorded in it.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { Broken } from "./broken.mjs";
import { between, reading } from "./cpu.mjs";
import { serve } from "./server.mjs";

const FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--autoplay-policy=no-user-gesture-required",
  "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
  "--disable-features=SpareRendererForSitePerProcess"];

/** Drivers come as one file each, with the SDK in them; the package stays apart. */
async function bundle(file, outfile) {
  await build({
    entryPoints: [file],
    outfile,
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    external: ["/pkg/*"],
    logLevel: "warning",
  });
}

/**
 * @param here the folder `benches`
 * @param standIn what `startStandIn` returns
 * @returns `add(name, file)` bundles a driver and gives its URL; `withPage(use)`;
 *   `record(…)`; `shared`: what each driver is told; `close()`
 */
export async function openLab({ here, pkg, executable, standIn, say }) {
  const bundles = await mkdtemp(join(tmpdir(), "connect-interpreter-bench-"));
  const server = await serve({ "/page/": join(here, "page"), "/lib/": join(here, "lib"), "/drivers/": bundles, "/pkg/": pkg });
  const ws = standIn.aws.replace(/^http/, "ws");
  const shared = {
    region: "us-east-1",
    endpoints: { transcribe: ws, translate: standIn.aws, polly: standIn.aws },
    cognitoIdentity: standIn.aws,
    identityPoolId: "us-east-1:00000000-0000-4000-8000-000000000000",
    echo: `${ws}/control/echo`,
  };
  let counted = 0;

  async function withPage(use) {
    const browser = await chromium.launch({ executablePath: executable, args: FLAGS });
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

  /**
   * Plays `sound` to a driver (or to none) and gives the recording.
   *
   * @param during what happens while it plays: `({call}) => promise`
   */
  async function record(name, { sound, url, configs = {}, tailS, during }) {
    return withPage(async ({ call, cpu, version }) => {
      await call("open", sound);
      if (url) await call("start", { url, configs, shared });
      const before = await cpu();
      await Promise.all([call("play"), during?.({ call })]);
      const after = await cpu();
      await call("tail", { seconds: tailS });
      const key = `${(counted += 1)}`;
      const info = await call("finish", { url: `/recording/${key}` });
      if (info.missing > 0) throw new Broken(`the recording of ${name} misses ${info.missing} samples`);
      const bytes = server.recordings.get(key);
      server.recordings.delete(key);
      return { version, cpu: between(before, after), events: info.events, rate: info.rate, bytes, count: info.channels.length };
    });
  }

  return {
    shared,
    withPage,
    record,
    add: async (name, file) => {
      await bundle(file, join(bundles, `${name}.js`));
      return `/drivers/${name}.js`;
    },
    close: async () => {
      server.close();
      await rm(bundles, { recursive: true, force: true });
    },
  };
}
