// Calls through the real Streams, interpreted: found, followed and given back
// by the library alone, and judged by what each side recorded.

import {
  agentHeard, agentSpeaks, codesIn, codesOf, customerSpeaks, events, expect, happened, interpreted, recorded, settled,
  takeCall, talk, test, until, untilHeard,
} from "./softphone.js";

const only = (codes, from, to) => codes.map(({ code }) => code).filter((code) => code >= from && code < to);

test("inbound: connecting, connected, interpreted both ways, ended, after call work, gone", async ({
  openDesk, openPhone,
}) => {
  const [phone, desk] = [await openPhone(), await openDesk()];
  await takeCall(desk, phone);
  await interpreted(desk);
  await desk.evaluate(() => window.harness.record());
  await talk(desk, phone, 0);

  expect(only(codesIn(await agentHeard(desk)), 0, 512)).toEqual(codesOf(0, 4));
  expect(only(codesIn(await recorded(phone)), 0, 512)).toEqual(codesOf(8, 4));

  await desk.evaluate(() => window.desk.hangUp());
  await happened(desk, "contact Ended");
  await until(desk, () => window.harness.session.state === "stopped");
  await desk.evaluate(() => window.desk.clear());
  await happened(desk, "contact Destroy");
  const phases = (await events(desk, "softphone-contactchange")).map(({ contact }) => contact.phase);
  expect(phases.filter((phase, i) => phase !== phases[i - 1])).toEqual(["waiting", "talking", "over"]);
  expect(await desk.evaluate(() => window.harness.softphone.contacts)).toEqual([]);
  expect(await events(desk, "softphone-error")).toEqual([]);
});

test("outbound: ringback is not interpreted, the answered call is", async ({ openDesk, openPhone }) => {
  const [phone, desk] = [await openPhone(), await openDesk()];
  await desk.evaluate(() => window.desk.dial("customer"));
  await phone.evaluate(() => window.phone.until("ringing"));
  await until(desk, () => window.harness.softphone.contacts[0]?.parties.some(({ state }) => state === "connecting"));
  // The ringback has come to the agent before the customer answers.
  await until(desk, () => window.harness.sender()?.transport?.state === "connected");
  expect(await desk.evaluate(() => window.harness.softphone.contacts[0].isInbound)).toBe(false);
  expect(await desk.evaluate(() => window.harness.sessions.size)).toBe(0);
  await phone.evaluate(() => window.phone.answer());
  await interpreted(desk);
  await desk.evaluate(() => window.harness.record());
  await talk(desk, phone, 0);
  await phone.evaluate(() => window.phone.hangUp());
  await until(desk, () => window.harness.session.state === "stopped");
});

test("two calls on one persistent connection, and nothing of ours between them", async ({
  openDesk, openPhone, services,
}) => {
  await services.instance("configuration", "PUT", { persistentConnection: true });
  const [phone, desk] = [await openPhone(), await openDesk()];
  await takeCall(desk, phone);
  await interpreted(desk);
  await desk.evaluate(() => window.harness.record());
  await talk(desk, phone, 0);
  const first = await desk.evaluate(() => {
    window.firstSender = window.harness.sender();
    return window.harness.session.agentSpeech.id;
  });

  // The agent goes on talking while the call ends: microphone and mix are at stake.
  const speaking = agentSpeaks(desk, 24, 12);
  await desk.evaluate(() => window.desk.hangUp());
  await until(desk, () => window.harness.session.state === "stopped");
  await desk.evaluate(() => window.desk.clear());
  await phone.evaluate(() => window.phone.until("idle"));
  await phone.evaluate(() => window.phone.record());
  await speaking;
  expect(await desk.evaluate(() => [window.firstSender.track.enabled, Object.hasOwn(window.firstSender, "replaceTrack")]))
    .toEqual([false, false]);
  const between = await recorded(phone, "wire");
  expect(codesIn(between)).toEqual([]);

  await takeCall(desk, phone);
  await interpreted(desk, 2);
  expect(await desk.evaluate(() => window.harness.sender() === window.firstSender)).toBe(true);
  expect(await desk.evaluate(() => window.harness.session.agentSpeech.id)).not.toBe(first);
  await desk.evaluate(() => window.harness.record());
  await talk(desk, phone, 40, { said: 1 });
});

for (const persistent of [false, true]) {
  const title = `a second contact while the first is on hold, and back, ${persistent ? "on one" : "each on its own"} connection`;
  // connect-rtc-js has one peer connection for all, and its V1 one call on it.
  test(title, persistent ? {} : { tag: "@own" }, async ({ openDesk, openPhone, services, rtcJs }) => {
    test.skip(rtcJs === "V1", "connect-rtc-js V1 refuses a second call: connectContact not supported by TalkingState");
    await services.instance("configuration", "PUT", { voiceConcurrency: 2, persistentConnection: persistent });
    const [one, two, desk] = [await openPhone("one"), await openPhone("two"), await openDesk()];
    const done = (id, act) => desk.evaluate(([which, what]) => new Promise((success, failure) => {
      const contact = window.desk.contact(which);
      const on = { accept: contact, destroy: contact.getAgentConnection(), resume: contact.getInitialConnection() }[what];
      on[what]({ success, failure: (error) => failure(new Error(error)) });
    }), [id, act]);
    await takeCall(desk, one);
    await interpreted(desk);
    await desk.evaluate(() => window.desk.hold());
    await one.evaluate(() => window.phone.until("hold"));
    await two.evaluate(() => window.phone.call());
    await happened(desk, "local media", 2);
    const [first, second] = await desk.evaluate(() => window.desk.agent().getContacts().map((contact) => contact.getContactId()));
    await done(second, "accept");
    await two.evaluate(() => window.phone.until("connected"));
    await interpreted(desk, 2);
    await desk.evaluate(() => window.harness.record());

    // Both customers speak; only the second is in the call. On a persistent
    // connection the first one's page is the other end of it for both.
    const media = persistent ? one : two;
    const waiting = customerSpeaks(one, 0, 4);
    await customerSpeaks(media, 8, 4, { as: "two" });
    await settled(desk, "customer", 1, second);
    await agentSpeaks(desk, 16, 4);
    await settled(desk, "agent", 1, second);
    await untilHeard(() => agentHeard(desk), 8, 4);
    await untilHeard(() => recorded(media, "wire", 8), 16, 4);
    await waiting;
    expect(await desk.evaluate((id) => window.harness.of("transcript", "customer", id), first)).toEqual([]);
    expect(codesIn(await recorded(one))).toEqual([]);

    await done(second, "destroy");
    await two.evaluate(() => window.phone.until("idle"));
    await done(first, "resume");
    await one.evaluate(() => window.phone.until("connected"));
    await until(desk, (id) => window.harness.softphone.session(id).state === "running", first);
    await desk.evaluate(() => window.harness.record());
    await talk(desk, one, 32, { contactId: first });
  });
}

test("a page that is reloaded in a call picks it up again", async ({ openDesk, openPhone }) => {
  const [phone, desk] = [await openPhone(), await openDesk()];
  await takeCall(desk, phone);
  await interpreted(desk);
  await desk.reload();
  await desk.locator("html[data-ready][data-library]").waitFor();
  await desk.getByRole("button", { name: "Start" }).click();
  await happened(desk, "started");
  await desk.evaluate(() => window.harness.connect());
  await phone.evaluate(() => window.phone.until("connected"));
  await interpreted(desk);
  await desk.evaluate(() => window.harness.record());
  await talk(desk, phone, 0);
});
