import load, { Page, cognitoCredentials } from "./connect_interpreter.js";
import { guardedAsync, InterpreterError } from "./error.js";
import { InterpreterSession } from "./session.js";
import { Softphone } from "./softphone.js";

export { settingsFromAttributes } from "./attributes.js";
export { InterpreterError, InterpreterSession, Softphone };

let assets;
let loading;
let page;

function fail(code, stage, message, field) {
  return new InterpreterError({ code, stage, message, field });
}

/** Throws if the browser lacks what nothing can replace. */
function checkBrowser() {
  const needed = {
    WebAssembly: globalThis.WebAssembly,
    AudioContext: globalThis.AudioContext,
    AudioWorklet: globalThis.AudioWorkletNode,
    Worker: globalThis.Worker,
    MediaStreamTrack: globalThis.MediaStreamTrack,
  };
  for (const [name, found] of Object.entries(needed))
    if (!found) throw unsupported(name);
}

function unsupported(name) {
  return fail("unsupported", "engine", `this browser (or this insecure page) has no ${name}`, name);
}

/** The worker. With the default URL it is written as bundlers expect to find it. */
function makeWorker() {
  return assets.worker
    ? new Worker(assets.worker, { type: "module" })
    : new Worker(new URL("./engine.worker.js", import.meta.url), { type: "module" });
}

/** Why a worker did not come up: browsers without module workers never read the option `type`. */
function workerFailure() {
  let modules = false;
  try {
    new Worker("data:,", { get type() { return (modules = true), "module"; } }).terminate();
  } catch {
    // A page's policy may refuse this URL; whether the option was read is known by then.
  }
  return modules ? undefined : { ...unsupported("module worker"), message: "this browser has no module worker" };
}

async function compile(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`HTTP status ${response.status}`);
  const streams = response.headers.get("content-type")?.startsWith("application/wasm");
  return streams
    ? WebAssembly.compileStreaming(response)
    : WebAssembly.compile(await response.arrayBuffer());
}

async function start() {
  checkBrowser();
  const wasm = assets.wasm ?? new URL("./connect_interpreter_bg.wasm", import.meta.url);
  let module;
  try {
    module = await compile(wasm);
  } catch (cause) {
    const what = { code: "not-ready", stage: "engine", field: "assets.wasm", retryable: true };
    throw new InterpreterError({ ...what, message: "assets.wasm: could not be loaded and compiled" }, cause);
  }
  // Whoever disposes while the module is loading finds nothing started.
  await load({ module_or_path: module });
  // `no-inline`: some bundlers turn small files into data: URLs, which a strict page refuses.
  const tap = assets.tap ?? new URL("./tap.worklet.js?no-inline", import.meta.url);
  const player = assets.player ?? new URL("./player.worklet.js?no-inline", import.meta.url);
  page = new Page(module, makeWorker, workerFailure, String(tap), String(player));
}

export default function init(options = {}) {
  loading ??= guardedAsync(async () => {
    assets = { ...options.assets };
    try {
      await start();
    } catch (error) {
      loading = undefined;
      throw error;
    }
  });
  return loading;
}

async function ready() {
  checkBrowser();
  await loading;
  if (!page) throw fail("not-ready", "engine", "init() has not been called, or dispose() has");
  return page;
}

export async function prepare(options) {
  const warm = await ready();
  await guardedAsync(() => warm.prepare(options));
}

export async function interpret(options) {
  return InterpreterSession.start(await ready(), options);
}

export function connectSoftphone(connect, options) {
  checkBrowser();
  if (!page) throw fail("not-ready", "engine", "init() has not been called or has not ended, or dispose() has been called");
  if (typeof options?.settings !== "function")
    throw fail("invalid-option", "options", "settings: expected a function of a contact", "settings");
  return Softphone.connect(page, connect, options);
}

export async function trackFromFile(file) {
  const warm = await ready();
  const source = await guardedAsync(() => warm.trackFromFile(file));
  return { track: source.track, play: () => guardedAsync(() => source.play()), stop: () => source.stop() };
}

export async function dispose() {
  const ending = page;
  page = loading = undefined;
  await Softphone.stopAll();
  if (ending) await guardedAsync(() => ending.dispose());
}

export function fromCognitoIdentityPool({ logins, ...options }) {
  let identityId;
  return () =>
    guardedAsync(async () => {
      await ready();
      const tokens = await (typeof logins === "function" ? logins() : logins);
      const identity = await cognitoCredentials(options, tokens, identityId);
      identityId = identity.identityId;
      return identity;
    });
}
