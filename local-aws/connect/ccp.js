// The CCP page. Between Streams on the embedding page and the instance it is
// only a bridge; what is drawn here comes from the same messages.

/** The softphone, if it is to be here and not on the embedding page. */
let framed = null;
let started = false;
/** The agent as told last. */
let shown = null;

async function startSoftphone() {
  if (started) return;
  started = true;
  const { framedSoftphone } = await import("/ccp-softphone.js");
  framed = await framedSoftphone((event, data) => up(JSON.stringify({ event, data })));
  // What came while it was loading.
  if (shown) framed("agent::update", shown);
}

const socket = new WebSocket(`${location.origin.replace("http", "ws")}/bridge`);
const early = [];
const up = (message) => (socket.readyState === WebSocket.OPEN ? socket.send(message) : early.push(message));
socket.onopen = () => early.splice(0).forEach((message) => socket.send(message));
window.addEventListener("message", ({ source, data }) => {
  if (source !== window.parent || source === window || !data?.event) return;
  up(JSON.stringify(data));
  if (data.event === "configure" && data.data?.softphone?.allowFramedSoftphone) startSoftphone();
});
socket.onmessage = ({ data }) => {
  // JSON has no dates, Streams needs some.
  const message = JSON.parse(data, (_, value) => (value?.$date === undefined ? value : new Date(value.$date)));
  if (window.parent !== window) window.parent.postMessage(message, "*");
  framed?.(message.event, message.data);
  if (message.event === "agent::update") draw(message.data);
  if (message.event === "agent::mute_toggle") setMuted(message.data.muted);
  if (message.event === "refused") document.querySelector("#fault").textContent = message.data.message;
};

function press(method, params) {
  document.querySelector("#fault").textContent = "";
  up(JSON.stringify({ event: "button", data: { method, params } }));
}

let muted = false;

function setMuted(now) {
  muted = now;
  if (shown) draw(shown);
}

document.querySelector("#agent").addEventListener("change", ({ target }) =>
  press("putAgentState", { state: { name: target.value } }));
document.querySelector("#dial").addEventListener("submit", (event) => {
  event.preventDefault();
  const phoneNumber = event.target.elements.number.value;
  press("createOutboundContact", { endpoint: { type: "phone_number", phoneNumber } });
});

function element(tag, text, more = {}) {
  return Object.assign(document.createElement(tag), { textContent: text, ...more });
}

function draw(agent) {
  shown = agent;
  const { state, contacts } = agent.snapshot;
  document.querySelector("#state").value = state.name;
  const select = document.querySelector("#agent");
  if ([...select.options].some(({ value }) => value === state.name)) select.value = state.name;
  document.querySelector("#contacts").replaceChildren(...contacts.map(drawContact));
}

/** The buttons that stand out. */
const LOOK = { Accept: "yes", Clear: "yes", Reject: "no", "Hang up": "no" };

function drawContact(contact) {
  const section = element("section", "");
  const { contactId } = contact;
  const [own, ...others] = contact.connections;
  const is = (...states) => states.includes(contact.state.type);
  const button = (label, method, params = {}) =>
    element("button", label, {
      type: "button", className: LOOK[label] ?? "", onclick: () => press(method, { contactId, ...params }),
    });
  const line = (...parts) => {
    const paragraph = element("p", "");
    paragraph.append(...parts);
    return paragraph;
  };
  section.append(element("h2", `${contact.type}: ${contact.name ?? others[0].endpoint.phoneNumber}`));
  section.append(line(element("output", contact.state.type, { ariaLabel: "Contact state" })));
  const buttons = [];
  if (is("incoming", "connecting")) {
    buttons.push(button("Accept", "acceptContact"), button("Reject", "rejectContact"));
  }
  if (is("connected")) {
    const end = { connectionId: own.connectionId };
    buttons.push(button("Hang up", "destroyConnection", end));
    buttons.push(element("button", muted ? "Unmute" : "Mute", {
      type: "button", onclick: () => press("mute", { mute: !muted }),
    }));
    const live = others.filter((leg) => leg.state.type !== "disconnected");
    for (const { connectionId, state, endpoint } of live) {
      const who = live.length > 1 ? ` ${endpoint.phoneNumber}` : "";
      if (state.type === "connected") buttons.push(button(`Hold${who}`, "holdConnection", { connectionId }));
      if (state.type === "hold") buttons.push(button(`Resume${who}`, "resumeConnection", { connectionId }));
      if (live.length > 1) buttons.push(button(`Drop${who}`, "destroyConnection", { connectionId }));
    }
    if (live.length > 1) {
      buttons.push(button("Swap", "toggleActiveConnections"), button("Conference", "conferenceConnections"));
    }
  }
  if (is("ended", "missed", "error", "rejected")) buttons.push(button("Clear", "completeContact"));
  section.append(line(...buttons));
  for (const { endpoint, state } of others) {
    section.append(line(`${endpoint.phoneNumber}: ${state.type}`));
  }
  return section;
}
