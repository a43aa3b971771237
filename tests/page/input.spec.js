// Bad input: the error says what is wrong, and the call stays a call.

import { accept, ring, status } from "./demo.js";
import { codesHeard, codesOf, events, interpret, speak, takeCall, until } from "./harness.js";
import { expect, test } from "./support.js";

const WORDS = 2;

/** Each hears the other's own voice. */
async function expectOriginals(page, speakers = ["agent", "customer"]) {
  for (const speaker of speakers) {
    const listener = speaker === "agent" ? "customer" : "agent";
    await speak(page, speaker, 0, WORDS);
    await expect.poll(async () => (await codesHeard(page, listener)).map(({ code }) => code))
      .toEqual(expect.arrayContaining(codesOf(0, WORDS)));
  }
}

const refused = [
  ["a language that the services do not know", { customer: { language: "tlh-AQ" } }, "unsupported-language", "customer.language"],
  ["a voice of the wrong language", { agent: { voice: "Joanna" } }, "voice-mismatch", "agent.voice"],
  ["a missing language", { agent: { language: undefined } }, "invalid-option", "agent.language"],
  ["a message of an impossible length", { customer: { messageMs: 5 } }, "invalid-option", "customer.messageMs"],
  ["a region that is none", { region: "Virginia" }, "invalid-option", "region"],
  ["a volume that would hurt", { volumes: { "customer-original-to-agent": 40 } }, "invalid-option", "volumes.customer-original-to-agent"],
];

for (const [what, options, code, field] of refused) {
  test(`${what} is refused by name`, async ({ page, services }) => {
    await takeCall(page, services);
    const error = await page.evaluate((o) => window.harness.interpret(o), options);
    expect(error).toMatchObject({ name: "InterpreterError", code, field, stage: "options" });
    await expectOriginals(page);
  });
}

test("a track that has ended is refused by name", async ({ page, services }) => {
  await takeCall(page, services);
  await page.evaluate(() => window.harness.call.sources.agent.track.stop());
  const error = await page.evaluate(() => window.harness.interpret());
  expect(error).toMatchObject({ name: "InterpreterError", code: "track-ended", field: "agent.track" });
  await expectOriginals(page, ["customer"]);
});

/** Interprets with the usual volumes and gives the first error that comes. */
async function firstError(page, options) {
  const refusal = await page.evaluate((o) => window.harness.interpret(o), { volumes: {}, ...options });
  expect(refusal).toBeNull();
  await until(page, () => window.harness.of("error").length > 0);
  return (await events(page, "error"))[0].error;
}

test("refused credentials name their stage", async ({ page, services }) => {
  await services.control("settings", "PUT", { unauthenticated: false });
  await takeCall(page, services);
  const error = await firstError(page);
  expect(error).toMatchObject({ name: "InterpreterError", code: "credentials-unavailable", stage: "credentials" });
  await expectOriginals(page);
});

test("credentials that the services refuse name the service's stage", async ({ page, services }) => {
  await takeCall(page, services);
  const error = await firstError(page, {
    credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "not-the-secret" },
  });
  expect(error).toMatchObject({ name: "InterpreterError", code: "access-denied", stage: "transcribe" });
  await expectOriginals(page);
});

test("the wrong region names the service's stage", async ({ page, services }) => {
  await takeCall(page, services);
  const error = await firstError(page, { region: "eu-west-1" });
  expect(error).toMatchObject({ name: "InterpreterError", code: "access-denied", stage: "transcribe" });
  await expectOriginals(page);
});

test("without AudioWorklet the feature is named", async ({ page, services }) => {
  await page.addInitScript(() => {
    const { AudioWorkletNode } = window;
    delete window.AudioWorkletNode;
    // The recorder of this test needs one; the library comes later and finds none.
    window.AudioWorkletNodeForTests = AudioWorkletNode;
  });
  await takeCall(page, services);
  const error = await page.evaluate(() => window.harness.interpret());
  expect(error).toMatchObject({ name: "InterpreterError", code: "unsupported", field: "AudioWorklet" });
  await expectOriginals(page);
});

test("the demo page says it in words and keeps the call", async ({ page, services }) => {
  // The customer's phone in its frame is another browser's.
  await page.addInitScript(() => {
    if (window === window.top) delete window.AudioWorkletNode;
  });
  await page.goto(services.page);
  await expect(page.getByRole("alert")).toContainText("Use a current Chrome or Edge");
  await ring(page);
  await accept(page);
  await expect(status(page)).toContainText("An ordinary call");
  await page.getByRole("button", { name: "Hang up" }).click();
  await expect(status(page)).toContainText("The call has ended");
});

test("the demo page names the wrong key of its configuration", async ({ page, services }) => {
  await page.route("**/config.json", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ json: { ...(await answer.json()), customer: { langauge: "es-US" } } });
  });
  await page.goto(services.page);
  await expect(page.getByRole("alert")).toContainText("customer.langauge");
});
