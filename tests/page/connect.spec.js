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
      await page.goto(`${services.connect}/customer.html?phone=${encodeURIComponent(number)}`);
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

/** An inbound call that both are in. */
async function takeCall(desk, phone, times = 1) {
  await phone.getByRole("button", { name: "Call" }).click();
  await happened(desk, "local media", times);
  await desk.evaluate(() => window.desk.accept());
  await happened(desk, "contact Connected", times);
  await until(phone, "connected");
}

async function endCall(desk, phone, times = 1) {
  await desk.evaluate(() => window.desk.hangUp());
  await happened(desk, "contact Ended", times);
  await desk.evaluate(() => window.desk.clear());
  await happened(desk, "contact Destroy", times);
  await until(phone, "idle");
}

/** A page has had time to hear what it would hear. */
const someSound = async (phone) => {
  const before = (await customerHeard(phone)).samples.length;
  await expect.poll(async () => (await customerHeard(phone)).samples.length).toBeGreaterThan(before + 48_000);
};

const agentSide = (phone, what) => async () => level(await customerHeard(phone, what), BAND.agent);
const customerSide = (desk) => async () => level(await agentHeard(desk), BAND.customer);

test("outbound: the agent hears it ring, and the customer after the answer", async ({ desk, openPhone }) => {
  const phone = await openPhone("+1555");
  await speak(desk, phone);
  await desk.evaluate(() => window.desk.dial("+1555"));
  await happened(desk, "contact Connected");
  await until(phone, "ringing");
  await happened(desk, "local media");
  expect(await desk.evaluate(() => window.desk.contact().getInitialConnection().getState().type)).toBe("connecting");
  expect(await desk.evaluate(() => window.desk.contact().isInbound())).toBe(false);
  await expect.poll(async () => level(await agentHeard(desk), 425)).toBeGreaterThan(LOUD);
  expect(await agentSide(phone)()).toBeLessThan(SILENT);
  await phone.getByRole("button", { name: "Answer" }).click();
  await until(phone, "connected");
  await hearEachOther(desk, phone);
  await phone.getByRole("button", { name: "Hang up" }).click();
  await happened(desk, "contact Ended");
  await until(phone, "idle");
});

test("a call that is rejected, and one that is missed", async ({ desk, openPhone, services }) => {
  const phone = await openPhone();
  await phone.evaluate(() => window.phone.call());
  await happened(desk, "contact Connecting");
  await desk.evaluate(() => window.desk.reject());
  await happened(desk, "contact Missed");
  await until(phone, "idle");
  await desk.evaluate(() => window.desk.clear());
  await happened(desk, "contact Destroy");

  await phone.evaluate(() => window.phone.call());
  await happened(desk, "contact Connecting", 2);
  await services.instance("contacts/last/miss", "POST");
  await happened(desk, "contact Missed", 2);
  await until(phone, "idle");
  const states = (await log(desk)).filter(({ event }) => event === "agent state").map(({ state }) => state);
  expect(states.slice(-2)).toEqual(["PendingBusy", "MissedCallAgent"]);
  await expect.poll(async () => (await services.instance("state")).legs).toEqual([]);
});

test("two calls on one persistent connection, and silence between them", async ({ desk, openPhone, services }) => {
  await services.instance("configuration", "PUT", { persistentConnection: true });
  const phone = await openPhone();
  await speak(desk, phone);
  await takeCall(desk, phone);
  await hearEachOther(desk, phone);
  const [first] = (await services.instance("state")).legs;
  await endCall(desk, phone);
  await someSound(phone);
  expect(await agentSide(phone, "wire")(), "nothing is sent between calls").toBeLessThan(SILENT);
  expect(await phone.evaluate(() => window.phone.links())).toEqual([{ leg: first.leg, state: "connected" }]);

  await takeCall(desk, phone, 2);
  await hearEachOther(desk, phone);
  const [second, ...others] = (await services.instance("state")).legs;
  expect(others).toEqual([]);
  expect(second.peerConnectionId).toBe(first.peerConnectionId);
  await endCall(desk, phone, 2);
});

test("mute is Streams' own, hold and the muting of a participant are the service's", async ({
  desk, openPhone, services,
}) => {
  const phone = await openPhone();
  await speak(desk, phone);
  await takeCall(desk, phone);
  await hearEachOther(desk, phone);

  await desk.evaluate(() => window.desk.agent().mute());
  await expect.poll(agentSide(phone, "wire")).toBeLessThan(SILENT);
  await desk.evaluate(() => window.desk.agent().unmute());
  await expect.poll(agentSide(phone)).toBeGreaterThan(LOUD);

  await desk.evaluate(() => window.desk.hold());
  await until(phone, "hold");
  await expect.poll(agentSide(phone)).toBeLessThan(SILENT);
  await expect.poll(customerSide(desk)).toBeLessThan(SILENT);
  expect(await agentSide(phone, "wire")(), "on hold the softphone sends as before").toBeGreaterThan(LOUD);
  await desk.evaluate(() => window.desk.resume());
  await until(phone, "connected");
  await hearEachOther(desk, phone);

  await services.instance("contacts/last/mute", "POST", { phone: "agent" });
  await expect.poll(agentSide(phone)).toBeLessThan(SILENT);
  expect(await customerSide(desk)()).toBeGreaterThan(LOUD);
  await services.instance("contacts/last/unmute", "POST", { phone: "agent" });
  await expect.poll(agentSide(phone)).toBeGreaterThan(LOUD);
});

test("another microphone replaces the first on the wire", async ({ desk, openPhone }) => {
  const phone = await openPhone();
  await speak(desk, phone);
  await desk.evaluate((hz) => window.desk.microphones.tone("mic-2", hz), BAND.second);
  await takeCall(desk, phone);
  await hearEachOther(desk, phone);
  await desk.evaluate(() => window.desk.agent().setMicrophoneDevice("mic-2"));
  await happened(desk, "microphone");
  await expect.poll(async () => level(await customerHeard(phone), BAND.second)).toBeGreaterThan(LOUD);
  expect(await agentSide(phone)()).toBeLessThan(SILENT);
});

for (const persistentConnection of [false, true]) {
  test(`a second contact while the first is on hold, persistent connection ${persistentConnection}`, async ({
    page, openPhone, services,
  }) => {
    await services.instance("configuration", "PUT", { persistentConnection, voiceConcurrency: 2 });
    const desk = await openDesk(page, services);
    const phone = await openPhone();
    const second = await openPhone("second");
    await speak(desk, phone);
    // On a persistent connection the first page is everybody's media server.
    const voice = persistentConnection ? phone : second;
    await voice.evaluate((hz) => window.phone.tone(hz, { as: "second" }), BAND.second);
    await takeCall(desk, phone);
    await hearEachOther(desk, phone);
    await desk.evaluate(() => window.desk.hold());
    await until(phone, "hold");

    const { contactId } = await services.instance("contacts", "POST", { phone: "second" });
    await happened(desk, "local media", 2);
    await services.instance(`contacts/${contactId}/accept`, "POST");
    await until(second, "connected");
    const legs = (await services.instance("state")).legs;
    expect(legs.length).toBe(persistentConnection ? 1 : 2);
    const secondSide = async () => {
      const sound = await desk.evaluate((i) => window.recorder.take().then(({ rate, channels }) => ({ rate, pcm: channels[i] })), 0);
      return level({ rate: sound.rate, samples: samplesOf(sound.pcm) }, BAND.second);
    };
    await expect.poll(secondSide).toBeGreaterThan(LOUD);
    await expect.poll(agentSide(phone), "the customer on hold hears nothing").toBeLessThan(SILENT);

    await services.instance(`contacts/${contactId}/hang-up`, "POST");
    await until(second, "idle");
    await services.instance(`contacts/${contactId}/clear`, "POST");
    await happened(desk, "contact Destroy");
    await desk.evaluate(() => window.desk.resume());
    await until(phone, "connected");
    await expect.poll(agentSide(phone)).toBeGreaterThan(LOUD);
    // A session that ends empties the one audio element, whoever is in it: as
    // in connect-rtc-js without a shared connection.
    if (persistentConnection) await expect.poll(customerSide(desk)).toBeGreaterThan(LOUD);
  });
}

test("a page that is reloaded in a call takes it up again", async ({ desk, openPhone, services }) => {
  const phone = await openPhone();
  await speak(desk, phone);
  await takeCall(desk, phone);
  await hearEachOther(desk, phone);
  await openDesk(desk, services);
  await speak(desk, phone);
  await happened(desk, "contact Connected");
  await until(phone, "connected");
  await hearEachOther(desk, phone);
  await endCall(desk, phone);
});

test("only one of two tabs is the softphone", async ({ desk, context, openPhone, services }) => {
  const phone = await openPhone();
  await speak(desk, phone);
  const other = await openDesk(await context.newPage(), services);
  await takeCall(desk, phone);
  await happened(other, "contact Connected");
  await happened(other, "session");
  const session = (page) => log(page).then((all) => all.find(({ event }) => event === "session").session);
  expect(await session(desk)).toBe(true);
  expect(await session(other)).toBe(false);
  expect((await services.instance("state")).tabs.map(({ masterOf }) => masterOf.includes("connect::softphone")))
    .toEqual([true, false]);
  await hearEachOther(desk, phone);
  await other.evaluate(() => window.desk.agent().mute());
  await happened(desk, "mute");
  await expect.poll(agentSide(phone, "wire")).toBeLessThan(SILENT);
});
