// The package as it would be published: packed, installed by npm into an empty
// project, and run in a browser under the strictest policy that it supports.
// An optimiser that breaks the module (it has happened) fails here.
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "@playwright/test";
import { install, serve } from "./consumer.js";

let consumer;

test.beforeAll(() => {
  const tarball = process.env.PACKAGE_TARBALL;
  if (!tarball) throw new Error("PACKAGE_TARBALL names the packed package: run `cargo xtask test`");
  consumer = install(tarball);
});

test.afterAll(() => consumer?.remove());

test("every name that the package exports is a file of it", () => {
  const { exports, files, types } = consumer.manifest;
  const targets = Object.values(exports).flatMap((to) => (typeof to === "string" ? [to] : Object.values(to)));
  const there = readdirSync(consumer.installed);
  for (const name of [...targets, ...files, types]) expect(there).toContain(name.replace("./", ""));
  // Node resolves them as a bundler does.
  const names = Object.keys(exports).map((name) => name.replace(".", "connect-interpreter"));
  const script = `for (const name of ${JSON.stringify(names)}) console.log(import.meta.resolve(name));`;
  const resolved = execFileSync("node", ["--input-type=module", "-e", script], {
    cwd: consumer.folder,
    encoding: "utf8",
  });
  expect(resolved.trim().split("\n")).toHaveLength(names.length);
});

test("no file of the package names a folder of the machine that built it", () => {
  const ours = [
    join(homedir(), ".cargo"),
    process.env.CARGO_HOME,
    fileURLToPath(new URL("../../src", import.meta.url)),
  ].filter(Boolean);
  for (const name of readdirSync(consumer.installed)) {
    const text = readFileSync(join(consumer.installed, name), "latin1");
    for (const path of ours) expect(text.includes(path), `${name} names ${path}`).toBe(false);
  }
});

test("the engine answers in a browser", async ({ page }) => {
  const server = await serve(consumer.folder);
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  await page.goto(server.origin);

  const entry = `/node_modules/connect-interpreter/${consumer.manifest.exports["."].default}`;
  const seen = await page.evaluate(async (entry) => {
    const library = await import(entry);
    const refusal = async (options) => {
      try {
        await library.interpret(options);
        return "accepted";
      } catch (error) {
        const ours = error instanceof library.InterpreterError;
        return { ours, code: error.code, stage: error.stage, speaker: error.speaker, field: error.field };
      }
    };
    const track = () => new AudioContext().createMediaStreamDestination().stream.getAudioTracks()[0];
    const options = (customer) => ({
      region: "us-east-1",
      credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "an example" },
      agent: { track: track(), language: "en-US", voice: "Lupe" },
      customer: { track: track(), language: "es-US", voice: "Joanna", ...customer },
    });
    const before = await refusal(options({}));
    await library.default();
    await library.prepare();
    const language = await refusal(options({ language: "xx-XX" }));
    const voice = await refusal(options({ voice: "Lupe" }));
    await library.dispose();
    const after = await refusal(options({}));
    return { before, language, voice, after };
  }, entry);

  expect(seen.before).toMatchObject({ ours: true, code: "not-ready" });
  // Only the compiled tables of languages and voices can know these two.
  expect(seen.language).toMatchObject({ ours: true, code: "unsupported-language", stage: "options" });
  expect(seen.language.field).toContain("language");
  expect(seen.voice).toMatchObject({ ours: true, code: "voice-mismatch", stage: "options" });
  expect(seen.voice.field).toContain("voice");
  expect(seen.after).toMatchObject({ ours: true, code: "not-ready" });

  const asked = server.served.map(({ path }) => path.split("/").pop());
  for (const name of ["connect_interpreter_bg.wasm", "engine.worker.js", "tap.worklet.js", "player.worklet.js"])
    expect(asked).toContain(name);
  expect(server.served.filter(({ status }) => status !== 200)).toEqual([]);
  expect(complaints).toEqual([]);
  await server.close();
});
