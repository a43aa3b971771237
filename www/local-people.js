// The demo's people on this machine: the customer with a phone of the local
// stand-in, the recorded agent in place of a microphone, and whose ears one
// listens with.

import { CustomerPhone } from "./customer-phone.js";
import { RecordedPeople } from "./recorded-people.js";
import { describeMicrophone } from "./services.js";
import { VirtualMicrophone } from "./virtual-microphone.js";
import { languageNames } from "./words.js";

const $ = (selector) => document.querySelector(selector);

export class LocalPeople extends EventTarget {
  #phone;
  #microphone = VirtualMicrophone.install();
  #recorded;
  #lines;
  #desk = null;
  #session = null;
  #talking = new WeakSet();
  /** What the phone was told last. */
  #aloud = false;

  /**
   * To be called before Streams is loaded: it opens a microphone at once.
   *
   * @param {string} phoneUrl the customer's phone
   * @param {{ agent: string, customer: string }} languages BCP-47 tags
   * @param {object} engines of the stand-in
   */
  static async install(phoneUrl, languages, engines) {
    const people = new LocalPeople();
    const answer = await fetch("lines/lines.json");
    if (!answer.ok) throw new Error(`The recorded lines are missing (HTTP ${answer.status}).`);
    people.#lines = (await answer.json()).lines;
    people.#phone = new CustomerPhone($("#phone iframe"), phoneUrl);
    people.#phone.addEventListener("change", () => people.#changed());
    people.#recorded = new RecordedPeople({ phone: people.#phone, microphone: people.#microphone, lines: people.#lines });
    people.#show(languages, engines);
    return people;
  }

  #show(languages, engines) {
    $("#phone").hidden = false;
    $("#rehearsal").hidden = false;
    $("#microphone-note").textContent = describeMicrophone(engines, languages.agent, languageNames(languages.agent, languages.customer).agent);
    $("#microphone").addEventListener("click", () => this.#useMicrophone($("#microphone").getAttribute("aria-checked") !== "true"));
    for (const input of document.querySelectorAll("[name=listen]")) input.addEventListener("change", () => this.#listen());
  }

  #changed() {
    this.#listen();
    this.dispatchEvent(new Event("change"));
  }

  #problem(error) {
    this.dispatchEvent(new CustomEvent("problem", { detail: error }));
  }

  /** What the agent says, for who would like to type it. */
  get sentences() {
    return this.#lines.filter(({ speaker }) => speaker === "agent").map(({ text }) => text);
  }

  /** Whether the customer is free to call. */
  get canCall() {
    return this.#phone.state.state === "idle";
  }

  /** The customer calls. */
  async call() {
    this.#microphone.wake();
    await this.#phone.call();
  }

  /** Takes part in the call that the page shows. */
  follow({ call, conversation, session, panel, desk }) {
    this.#desk = desk;
    this.#session = session;
    this.#microphone.wake();
    this.#listen();
    const isOurs = call?.phase === "talking" && call.contactId === this.#phone.state.contactId;
    if (!isOurs || this.#talking.has(call)) return;
    this.#talking.add(call);
    this.#talk({ call, conversation, panel, desk }).catch((error) => {
      if (!call.signal.aborted) this.#problem(error);
    });
  }

  async #talk({ call, conversation, panel, desk }) {
    await conversation.decided;
    await this.#recorded.converse({
      session: () => conversation.live,
      ready: () => desk.talking(call),
      interprets: (speaker) => panel.interprets(speaker),
      signal: call.signal,
    });
    conversation.finish();
  }

  /** Lets one hear what the agent hears, what the customer hears, or both. */
  #listen() {
    const as = $("[name=listen]:checked").value;
    const agent = as !== "customer";
    $("#remote-audio").volume = agent ? 1 : 0;
    if (this.#session) this.#session.customerSpeech.enabled = agent;
    const customer = as !== "agent";
    if (customer === this.#aloud || this.#phone.state.state === "off") return;
    // Refused before anybody has clicked; the next change asks again.
    this.#phone.aloud(customer).then(() => (this.#aloud = customer), () => {});
  }

  async #useMicrophone(on) {
    if (on && !(await this.#mayOpen())) return;
    $("#microphone").setAttribute("aria-checked", String(on));
    this.#microphone.chosen = !on;
    this.#microphone.stop();
    // The call that is on changes over; later ones begin with it.
    this.#desk?.agent?.setMicrophoneDevice(on ? "default" : this.#microphone.deviceId);
  }

  /** Asks for the microphone where a refusal can be told: Streams says nothing of one. */
  async #mayOpen() {
    try {
      const probe = await navigator.mediaDevices.getUserMedia({ audio: { deviceId: "default" } });
      for (const track of probe.getTracks()) track.stop();
      return true;
    } catch (error) {
      this.#problem(error);
      return false;
    }
  }
}
