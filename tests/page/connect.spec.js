// Calls through the real Streams and the softphone's session class, with no
// interpreter anywhere: the stand-in for a Connect instance is right when the
// agent and the customer hear each other as a contact goes through its life.

import { expect, samplesOf, test as base } from "./support.js";
import { bandLevel } from "./sound.js";

/** One band for each who speaks, in hertz. */
const BAND = { customer: 440, agent: 1000, second: 2500 };

const test = base.extend({
  /** The agent's desktop, started. */
  desk: async ({ page, services }, use) => {
    await use(await openDesk(page, services));
  },
  /** Opens the customers' phones. */
  openPhone: async ({ context, services }, use) => {
    await use(async (number = "customer") => {
      const page = await context.newPage();
      page.on("pageerror", (error) => console.error(`phone ${number}: ${error}`));
      await page.goto(`${services.connect}/customer.html?phone=${number}`);
      await page.locator("main").click();
      await page.evaluate(() => window.phone.on());
      await page.evaluate(() => window.phone.until("idle"));
      await page.evaluate(() => window.phone.record());
      return page;
    });
  },
});

async function openDesk(page, services, query = "") {
  await page.goto(`${services.page}/test/connect/agent.html${query}`);
  await page.locator("html[data-ready]").waitFor();
  await page.getByRole("button", { name: "Start" }).click();
  await happened(page, "agent");
  await page.evaluate(() => window.desk.record());
  return page;
}

const happened = (page, event, times) => page.evaluate(([of, n]) => window.desk.happened(of, n), [event, times]);
const until = (phone, ...states) => phone.evaluate((wanted) => window.phone.until(...wanted), states);
const log = (page) => page.evaluate(() => window.desk.log);

/** What the agent has heard so far, and what the customer's page has. */
async function agentHeard(page) {
  const { rate, channels } = await page.evaluate(() => window.recorder.take());
  return { rate, samples: samplesOf(channels[0]) };
}

async function customerHeard(phone, what = "pcm") {
  const taken = await phone.evaluate(() => window.phone.take());
  return { rate: taken.rate, samples: samplesOf(taken[what]) };
}

/** How loud a tone is in the last part of a recording. */
const level = ({ samples, rate }, hz, seconds = 0.4) =>
  bandLevel(samples.slice(-Math.round(seconds * rate)), rate, hz - 40, hz + 40);

const LOUD = 0.02;
const SILENT = 0.0005;

async function hearEachOther(desk, phone) {
  await expect.poll(async () => level(await agentHeard(desk), BAND.customer)).toBeGreaterThan(LOUD);
  await expect.poll(async () => level(await customerHeard(phone), BAND.agent)).toBeGreaterThan(LOUD);
}

async function speak(desk, phone) {
  await desk.evaluate((hz) => {
    window.silence = window.desk.microphones.tone("mic-1", hz);
  }, BAND.agent);
  await phone.evaluate((hz) => window.phone.tone(hz), BAND.customer);
}

test("inbound: connecting, connected, ended, after call work, gone, and heard both ways", async ({
  desk, openPhone, services,
}) => {
  const phone = await openPhone();
  await speak(desk, phone);
  await phone.getByRole("button", { name: "Call" }).click();
  await happened(desk, "local media");
  await expect.poll(async () => (await services.instance("state")).contacts[0].media).toBe(true);
  // The media is up, but nobody has accepted: nothing is heard yet.
  expect(level(await customerHeard(phone), BAND.agent)).toBeLessThan(SILENT);
  await desk.evaluate(() => window.desk.accept());
  await happened(desk, "contact Connected");
  await until(phone, "connected");
  await hearEachOther(desk, phone);

  await desk.evaluate(() => window.desk.hangUp());
  await happened(desk, "contact Ended");
  await until(phone, "idle");
  await expect.poll(async () => (await services.instance("state")).legs).toEqual([]);
  await desk.evaluate(() => window.desk.clear());
  await happened(desk, "contact Destroy");
  const events = (await log(desk)).map(({ event, state }) => (state ? `${event} ${state}` : event));
  const order = (...names) => names.map((name) => events.indexOf(name));
  const found = order(
    "contact", "contact Connecting", "contact Connected", "contact ACW", "contact Ended", "contact Destroy",
  );
  expect(found.every((at, i) => at >= 0 && (i === 0 || at > found[i - 1])), events.join("\n")).toBe(true);
  expect(events.filter((event) => event.startsWith("agent state"))).toEqual([
    "agent state Available", "agent state PendingBusy", "agent state Busy", "agent state AfterCallWork",
    "agent state Available",
  ]);
});
