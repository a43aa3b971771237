// Drives fixtures/softphone.html: the real Streams, the stand-in's Connect
// instance, the library between them, and customers on their own pages.

import { pilotWav } from "./fixtures/pilot-wav.js";
import { happened, test as base } from "./desk.js";
import { codesOf } from "./harness.js";
import { pilotCodes } from "./pilot.js";
import { expect, samplesOf } from "./support.js";

export { codesOf, expect, happened };

export const test = base.extend({
  /** Whether connections persist, unless a test says so itself. */
  persistentConnection: [false, { option: true }],

  /** An agent's desktop, started, with the library connected on request. */
  openDesk: async ({ context, services, rtcJs, persistentConnection }, use) => {
    if (persistentConnection) await services.instance("configuration", "PUT", { persistentConnection });
    await use(async ({ query = {}, library = {}, before } = {}) => {
      const page = await context.newPage();
      page.on("pageerror", (error) => console.error(`desk: ${error}`));
      // The library counts elements that are heard and are in no document.
      await page.addInitScript(watchAudio);
      if (before) await page.addInitScript(before);
      const all = new URLSearchParams({ ...query, ...(rtcJs && { "rtc-js": rtcJs }) });
      await page.goto(`${services.page}/test/softphone.html?${all}`);
      await page.locator("html[data-ready][data-library]").waitFor();
      await page.getByRole("button", { name: "Start" }).click();
      await happened(page, "started");
      if (library) await page.evaluate((options) => window.harness.connect(options), library);
      await happened(page, "agent");
      return page;
    });
  },
});

/** Knows every audio element that plays, without keeping it: `window.audible()`. */
function watchAudio() {
  const elements = new Set();
  const known = new WeakSet();
  const { play } = HTMLMediaElement.prototype;
  HTMLMediaElement.prototype.play = function () {
    if (!known.has(this)) elements.add(new WeakRef(this));
    known.add(this);
    return play.call(this);
  };
  window.audible = () => {
    const alive = [...elements].map((element) => element.deref()).filter(Boolean);
    return [...new Set([...alive, ...document.querySelectorAll("audio")])].filter(
      (element) => element.srcObject && !element.muted && !element.paused,
    );
  };
}

/** Waits for something that becomes true in the page. */
export const until = (page, condition, argument) =>
  page.waitForFunction(condition, argument, { timeout: 120_000, polling: 50 });

/** A customer calls, the agent accepts. */
export async function takeCall(desk, phone, attributes = {}) {
  await phone.evaluate((given) => window.phone.call(given), attributes);
  await until(desk, () => window.desk.contact()?.getState().type === "connecting");
  await desk.evaluate(() => window.desk.accept());
  await phone.evaluate(() => window.phone.until("connected"));
}

/** Waits until the latest call is interpreted and the mix is on the wire. */
export async function interpreted(desk, sessions = 1) {
  await until(desk, (n) => {
    const { begun, session, contactId } = window.harness;
    return begun === n && session.state === "running"
      && window.harness.onTheWire(window.desk.contact(contactId)) === session.agentSpeech;
  }, sessions);
}

/** The customer says pilot words; resolves at their end. */
export async function customerSpeaks(phone, first, count, options = {}) {
  const bytes = Buffer.from(pilotWav(first, count)).toString("base64");
  await phone.evaluate(async ([base64, given]) => {
    const wav = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    await window.phone.play(new Blob([wav], { type: "audio/wav" }), given);
  }, [bytes, options]);
}

/** The agent says pilot words; resolves at their end. */
export const agentSpeaks = (desk, first, count, deviceId) =>
  desk.evaluate(([from, n, id]) => window.harness.speak(from, n, id), [first, count, deviceId]);

/** Waits until so many stretches of a speaker's speech have been dealt with. */
export const settled = (desk, speaker, finals, contactId) =>
  until(desk, ([who, n, id]) => window.harness.settled(who, n, id), [speaker, finals, contactId]);

/** The library's events of a type. */
export const events = (desk, type, speaker) =>
  desk.evaluate(([of, who]) => window.harness.of(of, who), [type, speaker]);

/** What a customer's page has recorded: what that customer heard ("pcm"), or all that came over the wire ("wire"). */
export async function recorded(phone, what = "pcm", seconds = 600) {
  const taken = await phone.evaluate((n) => window.phone.take(n), seconds);
  return { rate: taken.rate, samples: samplesOf(taken[what]) };
}

/** What the agent has heard since `harness.record()`. */
export async function agentHeard(desk) {
  const { rate, channels } = await desk.evaluate(() => window.recorder.take());
  return { rate, samples: samplesOf(channels[0]) };
}

export const codesIn = ({ samples, rate }) => pilotCodes(samples, rate);

/** Waits until the last code of these words is in a recording that grows. */
export async function untilHeard(record, first, count) {
  const last = codesOf(first, count).at(-1);
  const isHeard = async () => codesIn(await record()).some(({ code }) => code === last);
  await expect.poll(isHeard, { intervals: [250] }).toBe(true);
}

/** Both say something and hear each other's translation. */
export async function talk(desk, phone, first, { said = 0, contactId } = {}) {
  await customerSpeaks(phone, first, 4);
  await settled(desk, "customer", said + 1, contactId);
  await agentSpeaks(desk, first + 8, 4);
  await settled(desk, "agent", said + 1, contactId);
  await untilHeard(() => agentHeard(desk), first, 4);
  await untilHeard(() => recorded(phone, "pcm", 8), first + 8, 4);
}
