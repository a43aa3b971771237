// What every page test starts with: the local services, and in front of their
// page a server that adds the tests' own files under /test/. (Playwright's
// routing does not see what worklets load.)

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import { extname } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test as base } from "@playwright/test";
import { wavOf } from "./sound.js";

export { expect };

/** The repository. */
export const ROOT = new URL("../../", import.meta.url);

/** The softphone that a conformance run takes in place of the project's own session class. */
export const RTC_JS = process.env.CONNECT_RTC_JS;

const TYPES = { ".js": "text/javascript", ".html": "text/html" };

export const test = base.extend({
  /** The stand-in for AWS, running: where the page is, and its controls. */
  services: async ({ iceServers }, use) => {
    const binary = process.env.LOCAL_AWS_BIN ?? fileURLToPath(new URL("target/debug/local-aws", ROOT));
    const child = spawn(binary, [
      "--root", fileURLToPath(ROOT),
      "--page-port", "0", "--aws-port", "0", "--connect-port", "0", "--until-stdin-closes",
      "--ice-servers", JSON.stringify(iceServers),
      ...(process.env.CONNECT_STREAMS_DIR ? ["--streams", process.env.CONNECT_STREAMS_DIR] : []),
    ], { stdio: ["pipe", "pipe", "inherit"] });
    const exited = once(child, "exit");
    const { page, aws, connect } = JSON.parse(await firstLine(child, "local-aws"));
    const front = createServer(withFixtures(page));
    front.listen(0, "127.0.0.1");
    await once(front, "listening");
    await use({
      page: `http://127.0.0.1:${front.address().port}`,
      control: (path, method, body) => control(aws, path, method, body),
      /** The Connect instance: its origin, and its controls. */
      connect,
      instance: (path, method, body) => control(connect, path, method, body),
    });
    front.close();
    front.closeAllConnections();
    child.stdin.end();
    await exited;
  },

  /** What softphones relay with; a conformance run has a TURN server. */
  iceServers: [[], { option: true }],

  page: async ({ page }, use) => {
    page.on("pageerror", (error) => console.error(`page: ${error}`));
    await use(page);
  },
});

/** What a program says first. */
export async function firstLine(child, name) {
  const [line] = await Promise.race([
    once(createInterface({ input: child.stdout }), "line"),
    once(child, "exit").then(([code]) => Promise.reject(new Error(`${name} ended with ${code} before it listened`))),
  ]);
  return line;
}

function withFixtures(page) {
  return async (incoming, answer) => {
    const { pathname } = new URL(incoming.url, page);
    if (pathname.startsWith("/test/")) {
      const own = new URL(`fixtures/${pathname.slice("/test/".length)}`, import.meta.url);
      const file = pathname === "/test/connect-rtc.js" ? RTC_JS : own;
      answer.writeHead(200, { "content-type": TYPES[extname(pathname)], "cache-control": "no-store" });
      answer.end(await readFile(file));
      return;
    }
    const onward = request(new URL(incoming.url, page), { method: incoming.method }, (upstream) => {
      answer.writeHead(upstream.statusCode, upstream.headers);
      upstream.pipe(answer);
    });
    onward.on("error", () => answer.destroy());
    incoming.pipe(onward);
  };
}

async function control(aws, path, method = "GET", body = undefined) {
  const answer = await fetch(`${aws}/control/${path}`, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
  if (!answer.ok) throw new Error(`control/${path}: HTTP ${answer.status} ${await answer.text()}`);
  const text = await answer.text();
  return text ? JSON.parse(text) : undefined;
}

/** Reads a file of the repository as JSON. */
export async function readJson(path) {
  return JSON.parse(await readFile(new URL(path, ROOT), "utf8"));
}

/** Samples that a recorder handed over: 16-bit PCM in base64. */
export function samplesOf(base64) {
  const bytes = Buffer.from(base64, "base64");
  const pcm = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  return Float32Array.from(pcm, (sample) => sample / 32768);
}

/** Starts recording what both sides hear; the page must have had its click. */
export async function record(page) {
  await page.evaluate(async () => {
    const { Recorder } = await import("/test/recorder.js");
    window.recorder = await Recorder.start(
      document.querySelector("#agent-hears"),
      document.querySelector("#customer-hears"),
    );
  });
}

/** What was taken of a page's recording before: it only grows. */
const taken = new WeakMap();

/** Everything that both sides have heard since {@link record}, on one clock. */
export async function heard(page) {
  const before = taken.get(page);
  const more = await page.evaluate(
    ([id, blocks]) => window.recorder.take(window.recorder.id === id ? blocks : 0),
    [before?.id, before?.blocks ?? 0],
  );
  const [agent, customer] = more.channels.map(samplesOf);
  const { id, rate, blocks } = more;
  const all = before?.id === id
    ? { id, rate, blocks, agent: joined(before.agent, agent), customer: joined(before.customer, customer) }
    : { id, rate, blocks, agent, customer };
  taken.set(page, all);
  return all;
}

function joined(one, other) {
  const both = new Float32Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

/** Leaves what was heard beside the test's results, for ears. */
export async function keep(sides) {
  for (const [side, { rate, samples }] of Object.entries(sides)) {
    await writeFile(base.info().outputPath(`${side}-heard.wav`), wavOf(samples, rate));
  }
}
