// A desk around Streams and the customers' phones, as page tests use them.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { bandLevel } from "./sound.js";
import { expect, firstLine, samplesOf, test as base } from "./support.js";

/** One band for each who speaks, in hertz. */
export const BAND = { customer: 440, agent: 1000, second: 2500 };

export const test = base.extend({
  /** Which session class of the real connect-rtc-js runs the calls (V1, V2); the project's own if none. */
  rtcJs: ["", { option: true }],
  /** connect-rtc-js only relays, and needs a TURN server to do it. */
  iceServers: async ({ rtcJs }, use) => {
    if (!rtcJs) return use([]);
    const child = spawn(process.env.LOOPBACK_TURN_BIN, { stdio: ["pipe", "pipe", "inherit"] });
    const exited = once(child, "exit");
    await use(JSON.parse(await firstLine(child, "loopback-turn")));
    child.stdin.end();
    await exited;
  },
  /** The agent's desktop, started. */
  desk: async ({ page, services }, use) => {
    await use(await openDesk(page, services));
  },
  /** Opens the customers' phones. */
  openPhone: async ({ context, services }, use) => {
    await use(async (number = "customer") => {
      const page = await context.newPage();
      page.on("pageerror", (error) => console.error(`phone ${number}: ${error}`));
      await page.goto(`${services.connect}/customer.html?phone=${encodeURIComponent(number)}`);
      await page.locator("main").click();
      await page.evaluate(() => window.phone.on());
      await page.evaluate(() => window.phone.until("idle"));
      await page.evaluate(() => window.phone.record());
      return page;
    });
  },
});

export async function openDesk(page, services, query = "") {
  await page.goto(`${services.page}/test/connect/agent.html${query}`);
  await page.locator("html[data-ready]").waitFor();
  await page.getByRole("button", { name: "Start" }).click();
  await happened(page, "agent");
  await page.evaluate(() => window.desk.record());
  return page;
}

export const happened = (page, event, times) => page.evaluate(([of, n]) => window.desk.happened(of, n), [event, times]);
export const until = (phone, ...states) => phone.evaluate((wanted) => window.phone.until(...wanted), states);
export const log = (page) => page.evaluate(() => window.desk.log);

/** What the agent has heard so far, and the last seconds of what the customer's page has. */
export async function agentHeard(page) {
  const { rate, channels } = await page.evaluate(() => window.recorder.take());
  return { rate, samples: samplesOf(channels[0]) };
}

export async function customerHeard(phone, what = "pcm", seconds = 1) {
  const taken = await phone.evaluate((n) => window.phone.take(n), seconds);
  return { rate: taken.rate, samples: samplesOf(taken[what]) };
}

/** How loud a tone is in the last part of a recording. */
export const level = ({ samples, rate }, hz, seconds = 0.4) =>
  bandLevel(samples.slice(-Math.round(seconds * rate)), rate, hz - 40, hz + 40);

export const LOUD = 0.02;
export const SILENT = 0.0005;

export async function hearEachOther(desk, phone) {
  await expect.poll(async () => level(await agentHeard(desk), BAND.customer)).toBeGreaterThan(LOUD);
  await expect.poll(async () => level(await customerHeard(phone), BAND.agent)).toBeGreaterThan(LOUD);
}

/** The agent says a tone; once, since two of the same could cancel each other out. */
export const agentSpeaks = (desk) => desk.evaluate((hz) => {
  window.desk.microphones.tone("mic-1", hz);
}, BAND.agent);

export async function speak(desk, phone) {
  await agentSpeaks(desk);
  await phone.evaluate((hz) => window.phone.tone(hz), BAND.customer);
}

/** An inbound call that both are in. */
export async function takeCall(desk, phone, times = 1) {
  await phone.getByRole("button", { name: "Call" }).click();
  await happened(desk, "local media", times);
  await desk.evaluate(() => window.desk.accept());
  await happened(desk, "contact Connected", times);
  await until(phone, "connected");
}

export async function endCall(desk, phone, times = 1) {
  await desk.evaluate(() => window.desk.hangUp());
  await happened(desk, "contact Ended", times);
  await desk.evaluate(() => window.desk.clear());
  await happened(desk, "contact Destroy", times);
  await until(phone, "idle");
}

/** A page has had time to hear what it would hear. */
export const someSound = async (phone) => {
  const length = async () => (await customerHeard(phone, "pcm", 600)).samples.length;
  const before = await length();
  await expect.poll(length).toBeGreaterThan(before + 48_000);
};

export const agentSide = (phone, what) => async () => level(await customerHeard(phone, what), BAND.agent);
export const customerSide = (desk) => async () => level(await agentHeard(desk), BAND.customer);
