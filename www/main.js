// The agent's desktop: the Contact Control Panel, the interpreting of its
// calls, and with the local stand-in the recorded people of the demo.

import init, { connectSoftphone, fromCognitoIdentityPool, settingsFromAttributes } from "/pkg/index.js";
import { identityProvider, loadConfig } from "./config.js";
import { Conversation } from "./conversation.js";
import { Desk } from "./desk.js";
import { LocalPeople } from "./local-people.js";
import { Login, takeAnswer } from "./login.js";
import { LoginView } from "./login-view.js";
import { Panel } from "./panel.js";
import { describeEngines, describeServices, loadEngines } from "./services.js";
import { Status } from "./status.js";
import { embedCcp, loadStreams } from "./streams.js";
import { languageNames } from "./words.js";

const $ = (selector) => document.querySelector(selector);
const status = new Status();
const callAction = $("#call-action");

let config;
let panel;
/** The calls; null without an Amazon Connect instance. */
let desk = null;
/** The library beside them; null until it is there. */
let softphone = null;
/** Who has logged in at the hosted pages, and the page's view of it; null where nobody has to. */
let login = null;
let loginView = null;
/** Whether it never will be: every call is an ordinary one. */
let unusable = false;
/** The demo's customer and agent; null where there are real ones. */
let people = null;
/** What is said in each call. */
const conversations = new WeakMap();
/** The call whose conversation is shown; it stays until the next. */
let shown = null;
let languages;

try {
  await load();
} catch (error) {
  status.show("failed");
  status.problem(error);
}

async function load() {
  config = await loadConfig();
  const { agent, customer } = config.options;
  languages = { agent: agent.language, customer: customer.language };
  showLanguages(languages);
  if (!(await admitted())) return;
  const library = init();
  // Told of below, when there are calls.
  library.catch(() => {});
  const engines = await loadEngines(config.standIn);
  $("#services").textContent = describeServices(engines);
  $("#engines").textContent = describeEngines(engines);
  if (config.connect) await takeCalls(engines);
  panel = new Panel(config, desk);
  panel.addEventListener("problem", ({ detail }) => status.problem(detail));
  if (!desk) {
    $("#no-connect").hidden = false;
    status.show("unconfigured");
    return;
  }
  if (people) panel.suggest(people.sentences);
  desk.addEventListener("change", refresh);
  desk.addEventListener("error", ({ detail }) => status.problem(detail));
  callAction.addEventListener("click", () => actionOf(desk.current).act().catch((error) => status.problem(error)));
  $("#interpret").addEventListener("click", () => softphone.interpret(desk.current.contactId));
  refresh();
  try {
    await library;
    await interpretCalls();
  } catch (error) {
    unusable = true;
    status.problem(error);
    refresh();
  }
}

/** Whether the page goes on: somebody has logged in, or nobody has to. */
async function admitted() {
  const { hostedLogin } = config.identity;
  if (!hostedLogin) return true;
  login = new Login(hostedLogin);
  // Only here: the parameters of another login are its own module's.
  const answer = takeAnswer();
  try {
    if (answer) await login.finish(answer);
  } catch (error) {
    status.problem(error);
  }
  loginView = new LoginView(login);
  for (const source of [login, loginView]) source.addEventListener("problem", ({ detail }) => status.problem(detail));
  if (login.name === null) status.show("idle", "login");
  return login.name !== null;
}

/** Streams, the CCP and, with the stand-in, the people. */
async function takeCalls(engines) {
  const { connect: instance } = config;
  if (instance.phoneUrl) {
    people = await LocalPeople.install(instance.phoneUrl, languages, engines);
    people.addEventListener("change", refresh);
    people.addEventListener("problem", ({ detail }) => status.problem(detail));
  }
  $("#desk").hidden = false;
  const connect = await loadStreams(instance);
  embedCcp(connect, $("#ccp"), instance, () => status.problem(new Error(
    "The Contact Control Panel does not answer. Log in in the window that has opened (allow pop-ups for this page), and see that the instance has this page’s origin among its approved ones.",
  )));
  desk = new Desk(connect);
}

/** The library beside the calls. */
async function interpretCalls() {
  const credentials = await identityProvider(config.identity, fromCognitoIdentityPool, new URL(location.href), login);
  softphone = connectSoftphone(window.connect, { settings: (contact) => settingsOf(contact, credentials) });
  softphone.addEventListener("session", ({ detail }) => begin(desk.call(detail.contact.contactId), detail.session));
  softphone.addEventListener("error", ({ detail }) => {
    const call = desk.call(detail.contact?.contactId);
    if (call && !call.signal.aborted) conversationOf(call).leave();
    status.problem(detail.error);
  });
}

function settingsOf({ contactId, attributes }, credentials) {
  const { options } = config;
  const side = (speaker) => ({ ...options[speaker], enabled: panel.enabled(speaker) });
  const settings = {
    ...options, credentials, volumes: { ...panel.volumes }, agent: side("agent"), customer: side("customer"),
  };
  // The library does the same; here it is for what the page shows.
  const chosen = settingsFromAttributes(settings, attributes);
  const call = desk.call(contactId);
  if (!call) return null;
  const conversation = conversationOf(call);
  conversation.languages = { agent: (chosen ?? settings).agent.language, customer: (chosen ?? settings).customer.language };
  if (!chosen) conversation.leave();
  return settings;
}

function begin(call, session) {
  if (!call) return;
  conversationOf(call).follow(session);
  for (const speaker of ["agent", "customer"]) {
    const bar = $(`#level-${speaker} i`);
    const draw = () => {
      const live = session.state !== "stopped";
      // From a whisper (-60 dBFS) to as loud as speech is.
      const level = live ? Math.min(1, Math.max(0, (session.levels()[speaker] + 60) / 48)) : 0;
      if (call === shown) bar.style.setProperty("--level", level.toFixed(2));
      if (live) requestAnimationFrame(draw);
    };
    draw();
  }
}

function conversationOf(call) {
  if (!conversations.has(call)) {
    const conversation = new Conversation(languages);
    conversation.addEventListener("change", refresh);
    conversation.addEventListener("problem", ({ detail }) => status.problem(detail));
    conversations.set(call, conversation);
  }
  return conversations.get(call);
}

/** Shows what there is now, and lets the recorded people talk when they can. */
function refresh() {
  // The phone tells of itself before there is a desk.
  if (!desk || !panel) return;
  const call = desk.current;
  if (call && call !== shown) {
    shown = call;
    status.clear();
    conversationOf(call).show();
  }
  const conversation = shown && conversationOf(shown);
  // Nobody waits for what cannot come.
  if (unusable && call?.phase === "talking" && !conversation.ordinary) conversation.leave();
  const session = call ? conversation.live : null;
  panel.show(call, session);
  status.show(...stateOf(call, conversation));
  // What is on hold is not interpreted by anybody's fault.
  status.ladder(session && call.phase === "talking" ? conversation.degraded : {});
  if (conversation) {
    status.delays(conversation.delays);
    showLanguages(conversation.languages);
  }
  $("#interpret").hidden = !(softphone && call?.phase === "talking" && conversation.ordinary);
  showAction(call);
  if (loginView) loginView.calling = Boolean(call) && call.phase !== "over";
  people?.follow({ call, conversation, session, panel, desk });
}

/** The colour of the state, and its name in words.js if that is another. */
function stateOf(call, conversation) {
  if (!call) return desk.agent?.getState().type === "routable" ? ["idle", people ? "rehearsal" : "idle"] : ["idle", desk.agent ? "unavailable" : "loading"];
  if (call.phase !== "talking") return [{ ringing: "connecting", dialling: "connecting", over: "idle" }[call.phase] ?? call.phase, call.phase];
  if (conversation.ordinary) return ["degraded", "ordinary"];
  const { state } = conversation.session ?? { state: "connecting" };
  return [state, conversation.finished && state === "running" ? "finished" : state];
}

/** What the button in the page's head does, if anything. */
function actionOf(call) {
  if (!call) return people && { name: "Let a customer call", act: () => people.call(), ready: people.canCall };
  if (call.phase === "over") return { name: "Close the contact", act: () => desk.clear(call), ready: true };
  if (call.phase === "ringing") return null;
  return { name: "Hang up", act: () => desk.hangUp(call), ready: true, danger: true };
}

function showAction(call) {
  const action = actionOf(call);
  callAction.hidden = !action;
  if (!action) return;
  callAction.textContent = action.name;
  callAction.disabled = !action.ready;
  callAction.classList.toggle("danger", action.danger === true);
}

function showLanguages({ agent, customer }) {
  const names = languageNames(agent, customer);
  $("#agent-language").textContent = `${names.agent} → ${names.customer}`;
  $("#customer-language").textContent = `${names.customer} → ${names.agent}`;
}
