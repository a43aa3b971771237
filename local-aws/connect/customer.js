// The customer's phone: a page that calls, answers, speaks and records. It is
// also the other end of the agent's peer connection.
//
// window.phone, and the same by postMessage for a page that embeds this one:
// { phone: { id, method, args } } is answered by { phone: { id, result } } or
// { phone: { id, error } }; changes of state come as { phone: { state } }.

import { PhoneAudio } from "/phone-audio.js";

const NUMBER = new URLSearchParams(location.search).get("phone") ?? "customer";
const audio = new PhoneAudio();
const links = new Map();
const routes = new Map();
const sounds = new Set();
const waiting = new Set();
let state = { state: "off", contactId: null, parties: [] };

const socket = new WebSocket(`${location.origin.replace("http", "ws")}/phone?phone=${encodeURIComponent(NUMBER)}`);
const send = (message) => socket.send(JSON.stringify(message));

function change(part) {
  state = { ...state, ...part };
  document.querySelector("#state").value = state.state;
  document.querySelector("#call").disabled = state.state !== "idle";
  document.querySelector("#answer").disabled = state.state !== "ringing";
  document.querySelector("#hang-up").disabled = ["off", "idle"].includes(state.state);
  for (const wait of [...waiting]) wait();
  if (window.parent !== window) window.parent.postMessage({ phone: { state } }, "*");
}

const handlers = {
  state: ({ state: now, contactId }) => change({ state: now, contactId }),
  routes: ({ leg, routes: pairs, parties }) => {
    routes.set(leg, { pairs, parties });
    reroute();
  },
  offer: (offer) => answer(offer).catch((error) => fault(error)),
  close: ({ leg }) => close(leg),
  replaced: () => {
    change({ state: "off" });
    fault(new Error("another page has this number now"));
  },
  refused: ({ message }) => fault(new Error(message)),
};
socket.onmessage = ({ data }) => {
  const message = JSON.parse(data);
  handlers[message.type](message);
};
socket.onclose = () => change({ state: "off" });

function fault(error) {
  document.querySelector("#fault").textContent = error.message;
}

function reroute() {
  const all = [...routes.values()];
  audio.route(all.flatMap(({ pairs }) => pairs));
  change({ parties: all.flatMap(({ parties }) => parties) });
}

/** Answers an offer of the agent's softphone; all candidates go with the answer. */
async function answer({ leg, sdp, candidates }) {
  let link = links.get(leg);
  if (!link) {
    link = { connection: new RTCPeerConnection(), drop: () => {} };
    links.set(leg, link);
    for (const track of audio.toAgent.getTracks()) link.connection.addTrack(track, audio.toAgent);
    link.connection.ontrack = ({ track }) => bring(link, track);
  }
  const { connection } = link;
  await connection.setRemoteDescription({ type: "offer", sdp });
  for (const candidate of candidates) await connection.addIceCandidate(candidate);
  const own = [];
  const gathered = new Promise((resolve) => {
    connection.onicecandidate = ({ candidate }) => {
      if (candidate?.candidate) own.push(candidate.toJSON());
      if (!candidate) resolve();
    };
  });
  await connection.setLocalDescription();
  await gathered;
  send({ type: "answer", leg, sdp: connection.localDescription.sdp, candidates: own });
}

function bring(link, track) {
  const stream = new MediaStream([track]);
  // Chromium gives Web Audio nothing of a remote stream that no element plays.
  link.element = Object.assign(new Audio(), { srcObject: stream, muted: true });
  link.element.play();
  link.drop = audio.bring(stream);
}

function close(leg) {
  const link = links.get(leg);
  links.delete(leg);
  routes.delete(leg);
  link?.drop();
  link?.connection.close();
  if (link?.element) link.element.srcObject = null;
  reroute();
}

window.phone = {
  get number() {
    return NUMBER;
  },
  get state() {
    return state;
  },
  /** Lets the page sound; a browser may want a click for it. */
  async on() {
    await audio.context.resume();
  },
  call: (attributes = {}) => send({ type: "call", attributes }),
  answer: () => send({ type: "pick-up" }),
  hangUp: () => send({ type: "hang-up" }),
  /** Says a WAV (URL or Blob); resolves at its end, or at once if it loops. */
  async play(sound, options = {}) {
    const playing = await audio.say(sound, { as: NUMBER, ...options });
    await keep(playing, options.loop);
  },
  /** Says a tone until stop(). */
  async tone(hz, options = {}) {
    await keep(audio.tone(hz, { as: NUMBER, ...options }), true);
  },
  /** Ends all that is said. */
  stop() {
    for (const { stop } of sounds) stop();
  },
  /** Lets what this phone hears be heard by whoever sits here, or no longer. */
  async aloud(on) {
    document.querySelector("#aloud").checked = on;
    heard.muted = !on;
    await heard.play();
  },
  record: () => audio.record(NUMBER),
  take: (seconds) => audio.take(seconds),
  /** Resolves when the phone is in one of these states. */
  until(...states) {
    return new Promise((resolve) => {
      const check = () => {
        if (!states.includes(state.state)) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
    });
  },
  /** What the peer connections say of themselves. */
  links: () => [...links].map(([leg, { connection }]) => ({ leg, state: connection.connectionState })),
};

async function keep(playing, goesOn) {
  sounds.add(playing);
  const ended = playing.ended.then(() => sounds.delete(playing));
  if (!goesOn) await ended;
}

window.addEventListener("message", async ({ data, source }) => {
  const { id, method, args = [] } = data?.phone ?? {};
  if (typeof method !== "string" || typeof window.phone[method] !== "function") return;
  const reply = (outcome) => source.postMessage({ phone: { id, ...outcome } }, "*");
  try {
    reply({ result: await window.phone[method](...args) });
  } catch (error) {
    reply({ error: error.message });
  }
});

document.querySelector("#number").value = NUMBER;
const heard = document.querySelector("#heard");
heard.srcObject = audio.stream(NUMBER);
heard.muted = true;
document.querySelector("#aloud").onchange = ({ target }) => window.phone.aloud(target.checked);
for (const [id, action] of [["call", "call"], ["answer", "answer"], ["hang-up", "hangUp"]]) {
  document.querySelector(`#${id}`).onclick = async () => {
    document.querySelector("#fault").textContent = "";
    await window.phone.on();
    await window.phone[action]();
  };
}
change({});
