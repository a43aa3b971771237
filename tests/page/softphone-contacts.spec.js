// What a contact brings: attributes, other parties, devices; and what the host
// does with it.

import {
  agentHeard, agentSpeaks, codesIn, codesOf, customerSpeaks, events, expect, happened, interpreted, recorded, settled,
  takeCall, talk, test, until, untilHeard,
} from "./softphone.js";

const languages = async (services) =>
  (await services.control("state")).streams.filter(({ ended }) => ended === null).map(({ language }) => language).sort();

test("attributes choose the language and the voice", async ({ openDesk, openPhone, services }) => {
  const [phone, desk] = [await openPhone(), await openDesk()];
  await takeCall(desk, phone, { languageCode: "fr-FR", customerVoice: "Lea" });
  await interpreted(desk);
  expect(await languages(services)).toEqual(["en-US", "fr-FR"]);
  expect((await events(desk, "softphone-session"))[0].contact.attributes).toEqual({
    languageCode: "fr-FR", customerVoice: "Lea",
  });
});

test("an attribute switches the interpreting off, or leaves the transcript", async ({ openDesk, openPhone, services }) => {
  const [phone, desk] = [await openPhone(), await openDesk()];
  await takeCall(desk, phone, { interpret: "false" });
  await until(desk, () => window.harness.softphone.contacts[0].phase === "talking");
  await desk.evaluate(() => window.desk.hangUp());
  await desk.evaluate(() => window.desk.clear());
  await phone.evaluate(() => window.phone.until("idle"));
  expect(await desk.evaluate(() => window.harness.sessions.size)).toBe(0);
  expect((await services.control("state")).streams).toEqual([]);

  await takeCall(desk, phone, { interpret: "false", transcribeCall: "true" });
  await interpreted(desk);
  await customerSpeaks(phone, 0, 4);
  await until(desk, () => window.harness.of("transcript", "customer").some(({ isPartial }) => !isPartial));
  expect(await events(desk, "translation")).toEqual([]);
});

test("without auto-start a call waits for the host", async ({ openDesk, openPhone }) => {
  const phone = await openPhone();
  const desk = await openDesk({ library: { autoStart: false } });
  await phone.evaluate(() => window.phone.call());
  await until(desk, () => window.harness.softphone.contacts.length === 1);
  // Asked for while it rings: it begins with the conversation.
  await desk.evaluate(() => window.harness.softphone.interpret(window.desk.contact().getContactId()));
  expect(await desk.evaluate(() => {
    try {
      window.harness.softphone.interpret("nobody's");
    } catch (error) {
      return { code: error.code, field: error.field };
    }
  })).toEqual({ code: "invalid-option", field: "contactId" });
  await happened(desk, "local media");
  await desk.evaluate(() => window.desk.accept());
  await interpreted(desk);
});

test("a callback's connection changes its id, and the call is found", async ({ openDesk, openPhone, services }) => {
  const [phone, desk] = [await openPhone(), await openDesk()];
  await services.instance("contacts", "POST", { type: "queue_callback" });
  await happened(desk, "local media");
  await desk.evaluate(() => window.desk.accept());
  await phone.evaluate(() => window.phone.until("ringing"));
  await phone.evaluate(() => window.phone.answer());
  await until(desk, () => window.harness.session?.state === "running");
  await desk.evaluate(() => window.harness.record());
  await talk(desk, phone, 0);
});

test("a consultation is not interpreted unless the host knows the language; the conference is the customer's again", async ({
  openDesk, openPhone, services,
}) => {
  const phone = await openPhone();
  const otherParty = { agent: { voice: "Lea" }, customer: { language: "fr-FR" } };
  const desk = await openDesk({ library: { otherParty } });
  await takeCall(desk, phone);
  await interpreted(desk);
  await desk.evaluate(() => window.harness.record());
  await services.instance("contacts/last/add", "POST", { phone: "third", consult: true });
  await until(desk, () => window.harness.softphone.contacts[0].phase === "held");
  // It rings at the third party's, and the customer talks to the music.
  await customerSpeaks(phone, 0, 4);
  await services.instance("contacts/last/answer", "POST", { phone: "third" });
  await until(desk, () => window.harness.softphone.contacts[0].phase === "consulting");
  await expect.poll(() => languages(services)).toEqual(["en-US", "fr-FR"]);
  await until(desk, () => window.harness.session.state === "running");
  await customerSpeaks(phone, 8, 4, { as: "third" });
  await settled(desk, "customer", 1);
  await untilHeard(() => agentHeard(desk), 8, 4);

  await services.instance("contacts/last/conference", "POST");
  await until(desk, () => window.harness.softphone.contacts[0].phase === "talking");
  await expect.poll(() => languages(services)).toEqual(["en-US", "es-US"]);
  await until(desk, () => window.harness.session.state === "running");
  await customerSpeaks(phone, 16, 4);
  await settled(desk, "customer", 2);
  await untilHeard(() => agentHeard(desk), 16, 4);
  expect(codesIn(await agentHeard(desk)).map(({ code }) => code)).toEqual([...codesOf(8, 4), ...codesOf(16, 4)]);
});

for (const [what, library, told] of [
  ["without a word from the host", {}, []],
  ["with settings that are wrong", { otherParty: { customer: { language: "xx-XX" } } }, [
    expect.objectContaining({ code: "unsupported-language", field: "customer.language" }),
  ]],
]) {
  test(`${what}, a consultation passes as it is`, async ({ openDesk, openPhone, services }) => {
    const [phone, desk] = [await openPhone(), await openDesk({ library })];
    await takeCall(desk, phone);
    await interpreted(desk);
    await desk.evaluate(() => window.harness.record());
    await services.instance("contacts/last/add", "POST", { phone: "third", consult: true });
    await services.instance("contacts/last/answer", "POST", { phone: "third" });
    await until(desk, () => window.harness.softphone.contacts[0].phase === "consulting");
    // Something else about the contact changes: the settings are not right for that.
    await services.instance("contacts/last/attributes", "POST", { attributes: { note: "consulting" } });
    await until(desk, () => window.harness.softphone.contacts[0].attributes.note === "consulting");
    await customerSpeaks(phone, 8, 4, { as: "third" });
    await untilHeard(() => agentHeard(desk), 8, 4);
    expect(await events(desk, "transcript")).toEqual([]);
    expect((await events(desk, "softphone-error")).map(({ error }) => error)).toEqual(told);

    // The customer is interpreted as before.
    await services.instance("contacts/last/hang-up", "POST", { phone: "third" });
    await services.instance("contacts/last/resume", "POST");
    await until(desk, () => window.harness.softphone.contacts[0].phase === "talking");
    await customerSpeaks(phone, 16, 4);
    await settled(desk, "customer", 1);
    await untilHeard(() => agentHeard(desk), 16, 4);
  });
}

test("an ICE restart goes by unnoticed", async ({ openDesk, openPhone, services }) => {
  await services.instance("configuration", "PUT", { persistentConnection: true });
  const [phone, desk] = [await openPhone(), await openDesk()];
  await takeCall(desk, phone);
  await interpreted(desk);
  await services.instance("contacts/last/stale", "POST");
  await until(desk, () => {
    const id = window.desk.contact().getAgentConnection().getConnectionId();
    return connect.core.getSoftphoneManager().getSession(id).sessionReport.iceRestartSuccesses === 1;
  });
  await desk.evaluate(() => window.harness.record());
  await talk(desk, phone, 0);
  expect(await desk.evaluate(() => window.harness.onTheWire() === window.harness.session.agentSpeech)).toBe(true);
});

test("what the customer is sent is switched any number of times; volumes are kept for the next call", async ({
  openDesk, openPhone,
}) => {
  const [phone, desk] = [await openPhone(), await openDesk()];
  await takeCall(desk, phone);
  await interpreted(desk);
  await desk.evaluate(async () => {
    const { pilotWords } = await import("/test/pilot-wav.js");
    const { session } = window.harness;
    for (let i = 0; i < 20; i++) {
      await session.send("microphone");
      await session.send("clip", { clip: pilotWords(32, 1), loop: i % 2 === 0 });
      await session.send("silence");
      await session.send("mix");
    }
    session.setVolume("agent-translation-to-customer", 0.5);
  });
  await phone.evaluate(() => window.phone.record());
  await agentSpeaks(desk, 0, 4);
  await settled(desk, "agent", 1);
  await untilHeard(() => recorded(phone), 0, 4);
  expect(codesIn(await recorded(phone)).map(({ code }) => code)).toEqual(codesOf(0, 4));

  await desk.evaluate(() => window.desk.hangUp());
  await desk.evaluate(() => window.desk.clear());
  await phone.evaluate(() => window.phone.until("idle"));
  await takeCall(desk, phone);
  await interpreted(desk, 2);
  expect(await desk.evaluate(() => window.harness.session.volume("agent-translation-to-customer"))).toBe(0.5);
});

test("the loudspeaker that is chosen in the CCP is the one that the agent hears", async ({ openDesk, openPhone }) => {
  const [phone, desk] = [await openPhone(), await openDesk()];
  await takeCall(desk, phone);
  await interpreted(desk);
  const chosen = await desk.evaluate(async () => {
    const enumerate = MediaDevices.prototype.enumerateDevices.call(navigator.mediaDevices);
    const device = (await enumerate).filter(({ kind }) => kind === "audiooutput").at(-1);
    window.desk.agent().setSpeakerDevice(device.deviceId);
    return device.deviceId;
  });
  expect(chosen).not.toBe("");
  await until(desk, (id) => window.audible().length === 1 && window.audible()[0].sinkId === id, chosen);
  expect(await desk.evaluate(() => [document.querySelector("#remote-audio").sinkId, window.audible()[0].id])).toEqual([chosen, ""]);
});
