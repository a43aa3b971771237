// Where the audio is out of reach: the right error or the right silence, and
// an untouched call.

import { customerSide, hearEachOther, LOUD, speak } from "./desk.js";
import { events, expect, happened, interpreted, takeCall, test, until } from "./softphone.js";

const unreachable = (field) => expect.objectContaining({
  name: "InterpreterError", code: "media-unreachable", stage: "softphone", field,
});

const errors = async (desk) => (await events(desk, "softphone-error")).map(({ error }) => error);

test("the CCP's own frame has the audio: said as soon as its session begins", async ({ openDesk, openPhone }) => {
  const [phone, desk] = [await openPhone(), await openDesk({ query: { framed: "" } })];
  await phone.evaluate(() => window.phone.call());
  await happened(desk, "session");
  await expect.poll(() => errors(desk)).toEqual([unreachable("allowFramedSoftphone")]);
  expect(await desk.evaluate(() => window.harness.sessions.size)).toBe(0);
});

test("a virtual desktop's client has the audio", async ({ openDesk, openPhone }) => {
  const phone = await openPhone();
  // The class that connect-rtc-js brings for it; Streams gives it to the session.
  const desk = await openDesk({ query: { vdi: "AWS_WORKSPACE" }, before: () => {
    const { defineProperty } = Object;
    const ready = setInterval(() => {
      if (!window.connect) return;
      clearInterval(ready);
      defineProperty(window.connect, "DCVWebRTCStrategy", { value: class {} });
    }, 1);
  } });
  await takeCall(desk, phone);
  await expect.poll(() => errors(desk)).toEqual([unreachable("VDIPlatform")]);
  expect(await desk.evaluate(() => [window.harness.sessions.size, Object.hasOwn(window.harness.sender(), "replaceTrack")]))
    .toEqual([0, false]);
});

test("a page without #remote-audio would be silent if the interpreter failed: it is not interpreted", async ({
  openDesk, openPhone,
}) => {
  const [phone, desk] = [await openPhone(), await openDesk()];
  await desk.evaluate(() => document.querySelector("#remote-audio").remove());
  await takeCall(desk, phone);
  await expect.poll(() => errors(desk)).toEqual([unreachable("#remote-audio")]);
  expect(await desk.evaluate(() => window.harness.sessions.size)).toBe(0);
});

test("only the softphone's master interprets; another tab is silent", async ({ openDesk, openPhone, services }) => {
  const [phone, desk, other] = [await openPhone(), await openDesk(), await openDesk()];
  await takeCall(desk, phone);
  await interpreted(desk);
  await until(other, () => window.harness.softphone.contacts[0]?.phase === "talking");
  await happened(other, "session");
  expect(await other.evaluate(() => window.harness.sessions.size)).toBe(0);
  expect(await errors(other)).toEqual([]);
  expect((await services.control("state")).streams).toHaveLength(2);
});

test("chats and tasks are nobody's business, nor is their end the call's", async ({ openDesk, openPhone, services }) => {
  await services.instance("configuration", "PUT", { voiceConcurrency: 1 });
  const [phone, desk] = [await openPhone(), await openDesk()];
  // Before there is a chat: see the next test.
  await until(desk, () => window.connect.core.getSoftphoneManager() !== null);
  const chat = await services.instance("contacts", "POST", { type: "chat" });
  const task = await services.instance("contacts", "POST", { type: "task" });
  await happened(desk, "contact", 2);
  await services.instance(`contacts/${chat.contactId}/accept`, "POST");
  await phone.evaluate(() => window.phone.call());
  await happened(desk, "local media");
  await services.instance("contacts/last/accept", "POST");
  await phone.evaluate(() => window.phone.until("connected"));
  await until(desk, () => window.harness.session?.state === "running");
  await services.instance(`contacts/${chat.contactId}/end`, "POST");
  await services.instance(`contacts/${chat.contactId}/clear`, "POST");
  await services.instance(`contacts/${task.contactId}/reject`, "POST");
  await happened(desk, "contact Destroy");
  expect(await desk.evaluate(() => window.harness.session.state)).toBe("running");
  const seen = await events(desk, "softphone-contactchange");
  expect(new Set(seen.map(({ contact }) => contact.type))).toEqual(new Set(["voice"]));
  expect(await errors(desk)).toEqual([]);
});

test("a page that opens beside a chat: Streams' softphone does not start, which is told", async ({
  openDesk, openPhone, services,
}) => {
  await services.instance("contacts", "POST", { type: "chat" });
  const [phone, desk] = [await openPhone(), await openDesk()];
  // Streams makes its softphone once its tab is the master, and again with each
  // update of the agent that comes after: the call must be one.
  const masters = async () => (await services.instance("state")).tabs.flatMap(({ masterOf }) => masterOf);
  await expect.poll(masters).toContain("connect::softphone");
  await phone.evaluate(() => window.phone.call());
  await happened(desk, "session");
  // Streams 2.28 throws in the softphone's making, and makes one after the other:
  // they have a session each, and a page can reach none of them.
  await expect.poll(() => errors(desk)).toEqual([unreachable("allowFramedSoftphone")]);
  expect(await desk.evaluate(() => [window.connect.core.getSoftphoneManager(), window.harness.sessions.size])).toEqual([null, 0]);
});

test("a call that is rejected or missed never begins", async ({ openDesk, openPhone, services }) => {
  const [phone, desk] = [await openPhone(), await openDesk()];
  for (const [i, end] of ["reject", "miss"].entries()) {
    await phone.evaluate(() => window.phone.until("idle"));
    await phone.evaluate(() => window.phone.call());
    await happened(desk, "contact", i + 1);
    await services.instance(`contacts/last/${end}`, "POST");
    await services.instance("contacts/last/clear", "POST");
    await happened(desk, "contact Destroy", i + 1);
  }
  expect(await desk.evaluate(() => [window.harness.sessions.size, window.harness.softphone.contacts])).toEqual([0, []]);
  expect(await errors(desk)).toEqual([]);
  expect((await services.control("state")).streams).toEqual([]);
});

test("settings of null, or ones that are wrong, leave an ordinary call", async ({ openDesk, openPhone }) => {
  const phone = await openPhone();
  for (const [settings, told] of [
    [null, []],
    [{ agent: { voice: "Nobody" } }, [expect.objectContaining({ code: "voice-mismatch", field: "agent.voice" })]],
  ]) {
    const desk = await openDesk({ library: { settings } });
    await speak(desk, phone);
    await desk.evaluate(() => window.desk.record());
    await takeCall(desk, phone);
    await hearEachOther(desk, phone);
    await expect.poll(() => errors(desk)).toEqual(told);
    expect(await desk.evaluate(() => window.harness.sessions.size)).toBe(0);
    expect(await customerSide(desk)()).toBeGreaterThan(LOUD);
    await desk.evaluate(() => window.desk.hangUp());
    await desk.evaluate(() => window.desk.clear());
    await phone.evaluate(() => window.phone.until("idle"));
    await phone.evaluate(() => window.phone.stop());
    await desk.close();
  }
});

test("before initCCP() it says so", async ({ page, services }) => {
  await page.goto(`${services.page}/test/softphone.html`);
  await page.locator("html[data-ready][data-library]").waitFor();
  const failure = (connect) => page.evaluate((what) => {
    try {
      window.harness.connect({ with: what && window[what] });
    } catch (error) {
      return { code: error.code, field: error.field };
    }
  }, connect);
  expect(await failure("connect")).toEqual({ code: "not-ready", field: undefined });
  expect(await failure("document")).toEqual({ code: "invalid-option", field: "connect" });
});
