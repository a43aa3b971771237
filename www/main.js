// The demo page: reads the configuration, takes and ends calls, and shows what
// the session tells.

import init, { fromCognitoIdentityPool } from "/pkg/index.js";
import { identityProvider, loadConfig } from "./config.js";
import { DemoCall } from "./demo-call.js";
import { holdDialogue, Turn, turnsOf } from "./dialogue.js";
import { Panel } from "./panel.js";
import { describeEngines, describeMicrophone, describeServices, loadEngines } from "./services.js";
import { Status } from "./status.js";
import { Transcript } from "./transcript.js";
import { languageNames } from "./words.js";

const $ = (selector) => document.querySelector(selector);
const status = new Status();
const take = $("#take");
const elements = { agentHears: $("#agent-hears"), customerHears: $("#customer-hears") };

let config;
let lines;
let panel;
let credentials;
/** The library, or why it can't be used; the call can be taken all the same. */
let library;
let transcripts;
let call = null;

try {
  await load();
  status.show("idle");
  take.disabled = false;
} catch (error) {
  status.show("failed", "The page could not be prepared.");
  status.problem(error);
}

async function load() {
  config = await loadConfig();
  library = init().catch((error) => {
    status.problem(error);
    return error;
  });
  const [engines, loaded] = await Promise.all([loadEngines(config.standIn), loadLines(), library]);
  lines = loaded;
  credentials = await identityProvider(config.identity, fromCognitoIdentityPool, new URL(location.href));
  const { agent, customer } = config.options;
  panel = new Panel(config, lines.filter(({ speaker }) => speaker === "agent").map(({ text }) => text));
  panel.addEventListener("hold", showState);
  transcripts = {
    agent: new Transcript($("#log-agent"), { said: agent.language, meant: customer.language }),
    customer: new Transcript($("#log-customer"), { said: customer.language, meant: agent.language }),
  };
  const names = languageNames(agent.language, customer.language);
  $("#agent-language").textContent = `${names.agent} → ${names.customer}`;
  $("#customer-language").textContent = `${names.customer} → ${names.agent}`;
  $("#services").textContent = describeServices(engines);
  $("#engines").textContent = describeEngines(engines);
  $("#microphone-note").textContent = describeMicrophone(engines, agent.language, names.agent);
  take.addEventListener("click", () => (call ? hangUp() : takeCall()));
  $("#microphone").addEventListener("click", switchMicrophone);
}

async function loadLines() {
  const answer = await fetch("lines/lines.json");
  if (!answer.ok) throw new Error(`The recorded lines are missing (HTTP ${answer.status}).`);
  return (await answer.json()).lines;
}

async function takeCall() {
  take.disabled = true;
  status.clear();
  Object.values(transcripts).forEach((transcript) => transcript.clear());
  status.show("connecting", "Taking the call…");
  try {
    call = await DemoCall.take(elements);
  } catch (error) {
    status.show("failed", "The call could not be connected.");
    status.problem(error);
    take.disabled = false;
    return;
  }
  const current = call;
  offer("Hang up");
  showLevels(current);
  try {
    if (microphoneOn()) await openMicrophone(current);
    await startInterpreting(current);
  } catch (error) {
    if (current.signal.aborted) return;
    status.show("degraded", "An ordinary call: nothing is interpreted.");
    status.problem(error);
  }
  await converse(current).catch((error) => {
    if (!current.signal.aborted) status.problem(error);
  });
}

async function startInterpreting(current) {
  const unusable = await library;
  if (unusable) throw unusable;
  const { options } = config;
  const session = await current.interpret({
    ...options,
    credentials,
    volumes: { ...panel.volumes },
    agent: { ...options.agent, enabled: panel.enabled("agent") },
    customer: { ...options.customer, enabled: panel.enabled("customer") },
  });
  session.addEventListener("statechange", showState);
  for (const type of ["transcript", "translation", "utterance"]) {
    session.addEventListener(type, ({ detail }) => transcripts[detail.speaker][type](detail));
  }
  session.addEventListener("latency", ({ detail }) => {
    const delay = transcripts[detail.speaker].latency(detail);
    if (delay !== null) status.delay(detail.speaker, delay);
  });
  session.addEventListener("gap", ({ detail }) => status.problem({
    code: "audio-lost", stage: "audio", speaker: detail.speaker, message: `${Math.round(detail.lostMs)} ms of sound were lost.`,
  }));
  session.addEventListener("error", ({ detail }) => status.problem(detail.error));
  panel.session(session);
  showState();
  await streaming(session, current.signal);
}

/** People begin to talk once they are being interpreted, or once it is clear that they are not. */
function streaming(session, signal) {
  return new Promise((resolve, reject) => {
    const look = () => {
      if (session.state !== "connecting") resolve();
    };
    session.addEventListener("statechange", look, { signal });
    session.addEventListener("error", resolve, { signal });
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    look();
  });
}

async function converse(current) {
  const { session, signal, sources } = current;
  const source = (line) => sources[line.speaker];
  const url = (line) => new URL(`lines/${line.file}`, location.href).href;
  const human = (line) => line.speaker === "agent" && microphoneOn();
  await holdDialogue({
    turns: turnsOf(lines),
    session,
    signal,
    ready: () => panel.resumed(signal),
    interpreted: (line) => panel.interprets(line.speaker),
    speak: (line) => (human(line) ? listenToPerson(current) : source(line).play(url(line))),
  });
  status.show(session ? session.state : "degraded", "The conversation is over. Type to say more, or hang up.");
}

/** The person's turn: over when something of it has been heard, or when they say so. */
async function listenToPerson({ session, signal }) {
  const button = $("#your-turn");
  button.hidden = false;
  const done = new AbortController();
  const pressed = new Promise((resolve) => {
    button.addEventListener("click", resolve, { signal: done.signal, once: true });
  });
  const heard = async () => {
    const over = AbortSignal.any([signal, done.signal]);
    while (!(await new Turn(session, "agent").over(over)));
  };
  try {
    await Promise.race([pressed, ...(session ? [heard()] : []), aborted(signal)]);
  } finally {
    done.abort();
    button.hidden = true;
  }
}

function aborted(signal) {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

const microphoneOn = () => $("#microphone").getAttribute("aria-checked") === "true";

async function switchMicrophone() {
  const on = !microphoneOn();
  $("#microphone").setAttribute("aria-checked", String(on));
  if (!call) return;
  if (on) await openMicrophone(call);
  else await call.sources.agent.useMicrophone(false);
}

async function openMicrophone(current) {
  try {
    await current.sources.agent.useMicrophone(true);
  } catch (error) {
    $("#microphone").setAttribute("aria-checked", "false");
    status.problem(error);
  }
}

async function hangUp() {
  take.disabled = true;
  const ending = call;
  call = null;
  panel.session(null);
  try {
    await ending.hangUp();
  } catch (error) {
    status.problem(error);
  }
  status.show("stopped");
  offer("Take the call");
}

function offer(text) {
  take.textContent = text;
  take.classList.toggle("danger", text === "Hang up");
  take.disabled = false;
}

function showState() {
  if (!call?.session) return;
  status.show(panel.held ? "held" : call.session.state);
}

/** Moves the level bars until the call ends. */
function showLevels(current) {
  const bars = ["agent", "customer"].map((speaker) => [current.sources[speaker], $(`#level-${speaker} i`)]);
  const draw = () => {
    for (const [source, bar] of bars) {
      const level = current.signal.aborted ? 0 : Math.min(1, source.level() * 5);
      bar.style.setProperty("--level", level.toFixed(2));
    }
    if (!current.signal.aborted) requestAnimationFrame(draw);
  };
  draw();
}
