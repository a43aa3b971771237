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
