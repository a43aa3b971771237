// The agent's calls as Amazon Connect Streams tells them, and what an agent
// does with one. Interpreting them is not its concern.

const OVER = ["ended", "missed", "error", "rejected"];
/** Which call is shown when there are several. */
const RANK = ["talking", "dialling", "ringing", "held", "over"];

/** A voice contact. */
class Call {
  /** ringing | dialling | talking | held | over */
  phase = "ringing";
  #ended = new AbortController();

  constructor(contact) {
    this.contact = contact;
    this.contactId = contact.getContactId();
    this.read();
  }

  /** Fires when the call is over. */
  get signal() {
    return this.#ended.signal;
  }

  read() {
    this.phase = phaseOf(this.contact);
    if (this.phase === "over") this.#ended.abort();
  }

  gone() {
    this.phase = "over";
    this.#ended.abort();
  }
}

function phaseOf(contact) {
  const state = contact.getState().type;
  if (OVER.includes(state)) return "over";
  if (state !== "connected") return state === "incoming" || contact.isInbound() ? "ringing" : "dialling";
  const customer = contact.getInitialConnection()?.getState().type;
  return { hold: "held", connecting: "dialling" }[customer] ?? "talking";
}

/** Fires `change` whenever anything about the calls, the mute or the agent has changed. */
export class Desk extends EventTarget {
  #calls = [];
  #agent = null;
  muted = false;

  /** @param {object} connect `window.connect` */
  constructor(connect) {
    super();
    connect.agent((agent) => {
      this.#agent = agent;
      agent.onMuteToggle(({ muted }) => {
        this.muted = muted;
        this.#changed();
      });
      agent.onStateChange(() => this.#changed());
      agent.onSoftphoneError((error) => this.#failed(error));
      this.#changed();
    });
    connect.contact((contact) => this.#add(contact));
  }

  /** The agent, once the CCP has told of one. */
  get agent() {
    return this.#agent;
  }

  /** The call that the page shows, if there is any. */
  get current() {
    return RANK.map((phase) => this.#calls.findLast((call) => call.phase === phase)).find(Boolean) ?? null;
  }

  call(contactId) {
    return this.#calls.find((call) => call.contactId === contactId);
  }

  /** Resolves when both talk in this call; rejects when it is over. */
  talking(call) {
    return new Promise((resolve, reject) => {
      const stop = new AbortController();
      const look = () => {
        if (call.signal.aborted) reject(call.signal.reason);
        else if (call.phase === "talking") resolve();
        else return;
        stop.abort();
      };
      this.addEventListener("change", look, { signal: stop.signal });
      look();
    });
  }

  #add(contact) {
    if (!["voice", "queue_callback"].includes(contact.getType())) return;
    const call = new Call(contact);
    this.#calls.push(call);
    contact.onRefresh(() => {
      call.read();
      this.#changed();
    });
    contact.onDestroy(() => {
      call.gone();
      this.#calls = this.#calls.filter((other) => other !== call);
      this.#changed();
    });
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }

  #failed(error) {
    this.dispatchEvent(new CustomEvent("error", { detail: error }));
  }

  // What an agent does. The CCP's own buttons do the same.

  mute(on) {
    if (on) this.#agent?.mute();
    else this.#agent?.unmute();
  }

  hold({ contact }, on) {
    const customer = contact.getInitialConnection();
    return asked((callbacks) => (on ? customer.hold(callbacks) : customer.resume(callbacks)));
  }

  hangUp({ contact }) {
    return asked((callbacks) => contact.getAgentConnection().destroy(callbacks));
  }

  /** Ends the work after a call: the agent is free for the next. */
  clear({ contact }) {
    return asked((callbacks) => contact.clear(callbacks));
  }
}

function asked(act) {
  return new Promise((success, failure) => {
    act({ success, failure: (reason) => failure(new Error(`Amazon Connect refused: ${words(reason)}`)) });
  });
}

function words(reason) {
  return typeof reason === "string" ? reason : reason?.message ?? "no reason was given";
}
