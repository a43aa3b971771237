// Calls through the real Streams and the softphone's session class, with no
// interpreter anywhere: the stand-in for a Connect instance is right when the
// agent and the customer hear each other as a contact goes through its life.

import {
  BAND, LOUD, SILENT, agentHeard, agentSide, agentSpeaks, customerHeard, customerSide, endCall, happened,
  hearEachOther, level, log, openDesk, someSound, speak, takeCall, test, until,
} from "./desk.js";
import { bandLevel } from "./sound.js";
import { expect, samplesOf } from "./support.js";

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
  await expect.poll(agentSide(phone)).toBeLessThan(SILENT);
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
    const secondSide = async () => level(await agentHeard(desk), BAND.second);
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
  await agentSpeaks(desk);
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

test("with the softphone's tab closed another takes the call up", async ({ desk, context, openPhone, services }) => {
  const phone = await openPhone();
  await phone.evaluate((hz) => window.phone.tone(hz), BAND.customer);
  const other = await openDesk(await context.newPage(), services);
  await agentSpeaks(other);
  await takeCall(desk, phone);
  await happened(other, "contact Connected");
  await desk.close();
  await happened(other, "contact Connected", 2);
  await hearEachOther(other, phone);
  await endCall(other, phone);
});

test("the CCP's own buttons take, hold and end a call", async ({ desk, openPhone }) => {
  const phone = await openPhone();
  await speak(desk, phone);
  const ccp = desk.frameLocator("iframe");
  // A page behind another is drawn seldom.
  const press = async (name) => {
    await desk.bringToFront();
    await ccp.getByRole("button", { name, exact: true }).click();
  };
  await phone.getByRole("button", { name: "Call" }).click();
  await happened(desk, "local media");
  await press("Accept");
  await happened(desk, "contact Accepted");
  await happened(desk, "contact Connected");
  await hearEachOther(desk, phone);
  await press("Mute");
  await expect.poll(agentSide(phone, "wire")).toBeLessThan(SILENT);
  await press("Unmute");
  await expect.poll(agentSide(phone)).toBeGreaterThan(LOUD);
  await press("Hold");
  await until(phone, "hold");
  await press("Resume");
  await until(phone, "connected");
  await press("Hang up");
  await happened(desk, "contact Ended");
  await press("Clear");
  await happened(desk, "contact Destroy");
  await expect(ccp.getByLabel("State", { exact: true })).toHaveText("Available");
});

test("a callback: the agent accepts, then the customer is called", async ({ desk, openPhone, services }) => {
  const phone = await openPhone();
  await speak(desk, phone);
  await services.instance("contacts", "POST", { type: "queue_callback" });
  await happened(desk, "contact Incoming");
  await happened(desk, "local media");
  await desk.evaluate(() => window.desk.accept());
  await until(phone, "ringing");
  const connection = () => desk.evaluate(() => window.desk.contact().getAgentConnection().getConnectionId());
  const before = await connection();
  await phone.getByRole("button", { name: "Answer" }).click();
  await happened(desk, "contact Connected");
  expect(await connection(), "the agent's connection is another one now").not.toBe(before);
  await hearEachOther(desk, phone);
  await endCall(desk, phone);
});

test("a third party: consulted, in conference, alone with the agent", async ({ desk, openPhone, services }) => {
  const phone = await openPhone();
  await speak(desk, phone);
  await phone.evaluate((hz) => window.phone.tone(hz, { as: "third" }), BAND.second);
  await takeCall(desk, phone);
  await hearEachOther(desk, phone);
  const third = async () => level(await agentHeard(desk), BAND.second);
  await services.instance("contacts/last/add", "POST", { phone: "third", consult: true });
  await until(phone, "hold");
  await services.instance("contacts/last/answer", "POST", { phone: "third" });
  await expect.poll(third).toBeGreaterThan(LOUD);
  await expect.poll(customerSide(desk)).toBeLessThan(SILENT);
  expect(await desk.evaluate(() => window.desk.contact().getThirdPartyConnections().length)).toBe(1);
  await services.instance("contacts/last/conference", "POST");
  await hearEachOther(desk, phone);
  expect(await third()).toBeGreaterThan(LOUD);
  await expect.poll(async () => level(await customerHeard(phone), BAND.second)).toBeGreaterThan(LOUD);
  await services.instance("contacts/last/hang-up", "POST", { phone: "customer" });
  await until(phone, "idle");
  await expect.poll(customerSide(desk)).toBeLessThan(SILENT);
  expect(await third()).toBeGreaterThan(LOUD);
});

test("a chat beside the call has no softphone", async ({ desk, openPhone, services }) => {
  const phone = await openPhone();
  await speak(desk, phone);
  await services.instance("contacts", "POST", { type: "chat", attributes: { languageCode: "es-US" } });
  await happened(desk, "contact Connecting");
  await desk.evaluate(() => window.desk.accept());
  await happened(desk, "contact Connected");
  expect(await desk.evaluate(() => window.desk.contact().getAttributes().languageCode.value)).toBe("es-US");
  await phone.getByRole("button", { name: "Call" }).click();
  await happened(desk, "local media");
  await services.instance("contacts/last/accept", "POST");
  await happened(desk, "contact Connected", 2);
  await hearEachOther(desk, phone);
  const seen = await log(desk);
  expect(seen.filter(({ event }) => event === "contact").map(({ type }) => type)).toEqual(["chat", "voice"]);
  expect(seen.filter(({ event }) => event === "session").length).toBe(1);
});

test("the service hangs up, and a contact is gone without a word", async ({ desk, openPhone, services }) => {
  const phone = await openPhone();
  await speak(desk, phone);
  await takeCall(desk, phone);
  await services.instance("contacts/last/bye", "POST");
  await happened(desk, "contact Ended");
  await expect.poll(async () => (await services.instance("state")).legs).toEqual([]);
  await desk.evaluate(() => window.desk.clear());
  await happened(desk, "contact Destroy");

  await takeCall(desk, phone, 2);
  await hearEachOther(desk, phone);
  await services.instance("contacts/last/vanish", "POST");
  await happened(desk, "contact Destroy", 2);
  await expect.poll(async () => (await services.instance("state")).legs).toEqual([]);
});

test("an ICE restart keeps the call and its sender", async ({ desk, openPhone, services }) => {
  await services.instance("configuration", "PUT", { persistentConnection: true });
  const phone = await openPhone();
  await speak(desk, phone);
  await takeCall(desk, phone);
  await hearEachOther(desk, phone);
  const ufrag = () => desk.evaluate(() => {
    const id = window.desk.contact().getAgentConnection().getConnectionId();
    const session = window.connect.core.getSoftphoneManager().getSession(id);
    window.sender ??= session._pc.getSenders()[0];
    return {
      ufrag: /ice-ufrag:(.*)/.exec(session._pc.currentRemoteDescription.sdp)[1].trim(),
      same: session._pc.getSenders()[0] === window.sender,
      restarts: session.sessionReport.iceRestartSuccesses ?? 0,
    };
  });
  const before = await ufrag();
  await services.instance("contacts/last/stale", "POST");
  await expect.poll(async () => (await ufrag()).restarts).toBe(1);
  const after = await ufrag();
  expect(after.same).toBe(true);
  expect(after.ufrag).not.toBe(before.ufrag);
  await someSound(phone);
  await hearEachOther(desk, phone);
});

test("minified Streams, and a softphone with a socket of its own", async ({ page, openPhone, services }) => {
  await services.instance("configuration", "PUT", { useWebSocketProvider: false });
  const desk = await openDesk(page, services, "?minified");
  const phone = await openPhone();
  await speak(desk, phone);
  await takeCall(desk, phone);
  await hearEachOther(desk, phone);
  await endCall(desk, phone);
  await expect.poll(async () => (await services.instance("state")).legs).toEqual([]);
});

test("the browser's own microphone is heard, through all that the browser does to it", async ({
  page, openPhone, services,
}) => {
  const desk = await openDesk(page, services, "?real-microphone");
  const phone = await openPhone();
  await takeCall(desk, phone);
  await expect.poll(async () => {
    const { samples, rate } = await customerHeard(phone, "pcm", 3);
    return bandLevel(samples, rate, 100, 4000);
  }).toBeGreaterThan(0.003);
});

// Who watches for the session's beginning can find it in four states.
const ORDERS = [
  { found: "no connection", options: { holdPeerConnectionMs: 400 }, pc: false, sender: false, track: null },
  {
    found: "a connection without a sender", options: { holdSenderMs: 400 }, initMs: 100,
    pc: true, sender: false, track: null,
  },
  { found: "the softphone's own microphone", initMs: 100, streamsMs: 400, pc: true, sender: true, track: 1 },
  { found: "the microphone that Streams put there", initMs: 400, pc: true, sender: true, track: 2 },
];
for (const { found, options = {}, initMs = 0, streamsMs = 0, ...state } of ORDERS) {
  test(`a session's beginning is told when there is ${found}`, async ({ page, openPhone, services }) => {
    await services.instance("delays", "PUT", { "connection::session_init": initMs });
    const desk = await openDesk(page, services, `?options=${encodeURIComponent(JSON.stringify(options))}`);
    // The first call is Streams' question for permission, the third its own microphone.
    await desk.evaluate((ms) => {
      window.desk.microphones.delayMs = (call) => (call === 2 ? ms : 0);
    }, streamsMs);
    const phone = await openPhone();
    await speak(desk, phone);
    await takeCall(desk, phone);
    await happened(desk, "session");
    const session = (await log(desk)).find(({ event }) => event === "session");
    expect(session).toMatchObject(state);
    await hearEachOther(desk, phone);
  });
}

test("a softphone inside the CCP: the desktop hears of it and has nothing of it", async ({
  page, openPhone, services,
}) => {
  const desk = await openDesk(page, services, "?framed");
  const phone = await openPhone();
  await takeCall(desk, phone);
  expect(await desk.evaluate(() => window.connect.core.getSoftphoneManager() ?? null)).toBeNull();
  expect((await log(desk)).filter(({ event }) => event === "session")).toMatchObject([{ session: false, pc: false }]);
  // It has the browser's own microphone, in another origin than the desktop's.
  const loud = async () => {
    const { samples, rate } = await customerHeard(phone, "wire", 3);
    return bandLevel(samples, rate, 100, 4000);
  };
  await expect.poll(loud).toBeGreaterThan(0.003);
  await desk.evaluate(() => window.desk.agent().mute());
  await happened(desk, "mute");
  await expect.poll(loud).toBeLessThan(SILENT);
  await endCall(desk, phone);
  await expect.poll(async () => (await services.instance("state")).legs).toEqual([]);
});

test("a phone inside another page is used by messages", async ({ page, services }) => {
  await page.goto(`${services.page}/test/connect/embed.html`);
  await page.frameLocator("iframe").locator("main").click();
  const ask = (method, ...args) => page.evaluate(([name, list]) => window.ask(name, ...list), [method, args]);
  await ask("until", "idle");
  await ask("on");
  await ask("record");
  await ask("call", { languageCode: "es-US" });
  await ask("until", "waiting");
  expect((await services.instance("state")).contacts[0].attributes).toEqual({ languageCode: "es-US" });
  expect(await page.evaluate(() => window.states)).toContain("waiting");
  const wav = await page.evaluate(async () => {
    const { pilotWords } = await import("/test/pilot-wav.js");
    const blob = await (await fetch(pilotWords(0, 1))).blob();
    await window.ask("play", blob);
    const { said } = await window.ask("take");
    return said;
  });
  expect(Math.max(...samplesOf(wav))).toBeGreaterThan(0.1);
  await ask("hangUp");
  await ask("until", "idle");
  await expect(ask("take", 1, 2)).resolves.toMatchObject({ rate: 48_000 });
  await expect(page.evaluate(() => window.ask("play", "/nothing.wav"))).rejects.toThrow();
});
