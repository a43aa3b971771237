// The degrade ladder in a page: what is heard at each step, and what the demo's
// agent is shown.

import { codesOf, events, interpret, levelOf, settled, speak, takeCall, until, untilHeard } from "./harness.js";
import { accept, openDemo, ring, status } from "./demo.js";
import { expect, test } from "./support.js";

const level = (page) => page.evaluate(() => ["agent", "customer"].map((who) => window.harness.call.session.level(who)));

/** The agent speaks `count` times, two words each. */
async function sentences(page, first, count) {
  for (let n = 0; n < count; n++) {
    await page.evaluate(() => (window.before = window.harness.outcomes("agent").length));
    await speak(page, "agent", first + 2 * n, 2);
    await until(page, () => window.harness.outcomes("agent").slice(window.before).some((outcome) => ["spoken", "caption", "failed", "dropped"].includes(outcome)));
  }
}

const steps = async (page, speaker) => (await events(page, "levelchange", speaker))
  .map(({ previous, level: now, error }) => [previous, now, error?.code]);

for (const [service, below, outcome] of [["polly", "captions", "caption"], ["translate", "original", "failed"]]) {
  test(`${service} that fails gives the listener the original at full level, and comes back`, async ({ page, services }) => {
    await takeCall(page, services);
    await interpret(page, { volumes: { "agent-original-to-customer": 0.25, "agent-translation-to-customer": 1, "agent-translation-to-agent": 0 } });
    expect(await level(page)).toEqual(["speech", "speech"]);
    await services.control("faults", "POST", { service, kind: "error", status: 500, count: 0 });
    await sentences(page, 0, 3);
    await until(page, (step) => window.harness.call.session.level("agent") === step, below);
    // Of the other side nothing has failed.
    expect(await level(page)).toEqual([below, "speech"]);
    expect(await page.evaluate(() => window.harness.call.session.state)).toBe("degraded");
    expect(await page.evaluate(() => window.harness.outcomes("agent"))).toEqual(Array(3).fill(outcome));
    await sentences(page, 16, 1);
    await untilHeard(page, "customer", 16, 2);
    // As loud as it is switched off, when everybody hears the original.
    const full = await levelOf(page, "customer", codesOf(16, 2));

    await services.control("reset", "POST");
    for (let first = 24; (await level(page))[0] !== "speech"; first = 24 + (first + 2) % 16) await sentences(page, first, 1);
    expect(await page.evaluate(() => window.harness.call.session.state)).toBe("running");
      expect(await steps(page, "agent")).toEqual([["original", "speech", undefined], ["speech", below, "service-unavailable"], [below, "speech", undefined]]);
    expect(await steps(page, "customer")).toEqual([["original", "speech", undefined]]);
    await page.evaluate(() => window.harness.call.session.setVolume("agent-translation-to-customer", 0));
    await speak(page, "agent", 48, 4);
    await untilHeard(page, "customer", 48, 2);
    const lowered = await levelOf(page, "customer", codesOf(48, 2));
    expect(lowered / full).toBeGreaterThan(0.2);
    expect(lowered / full).toBeLessThan(0.3);

    await page.evaluate(() => window.harness.call.session.enable("agent", false));
    await until(page, () => window.harness.call.session.level("agent") === "original");
    await speak(page, "agent", 56, 2);
    await untilHeard(page, "customer", 56, 2);
    expect(full / (await levelOf(page, "customer", codesOf(56, 2)))).toBeGreaterThan(0.9);
    // That was asked for: it has no reason.
    expect((await steps(page, "agent")).at(-1)).toEqual(["speech", "original", undefined]);
  });
}

test("a stream that is refused is the original, and a speaker is named rightly", async ({ page, services }) => {
  await takeCall(page, services);
  await interpret(page);
  await services.control("faults", "POST", { service: "transcribe", kind: "refuse", count: 0 });
  for (const count of [1, 1]) await services.control("faults", "POST", { service: "transcribe", kind: "kill", count });
  await until(page, () => ["agent", "customer"].every((who) => window.harness.call.session.level(who) === "original"));
  for (const [speaker, listener] of [["agent", "customer"], ["customer", "agent"]]) {
    await speak(page, speaker, 0, 2);
    await untilHeard(page, listener, 0, 2);
    const [, down] = await events(page, "levelchange", speaker);
    expect(down).toMatchObject({ previous: "speech", level: "original", error: { stage: "transcribe", speaker } });
  }
  await services.control("reset", "POST");
  await until(page, () => ["agent", "customer"].every((who) => window.harness.call.session.level(who) === "speech"));
  const wrong = await page.evaluate(() => {
    try {
      return window.harness.call.session.level("caller");
    } catch ({ name, code, field }) {
      return { name, code, field };
    }
  });
  expect(wrong).toEqual({ name: "InterpreterError", code: "invalid-option", field: "speaker" });
});

test("the demo says at each side what is heard instead, and says nothing when all is well", async ({ page, services }) => {
  await openDemo(page, services);
  const side = (who) => page.locator(`#ladder-${who}`);
  await ring(page);
  // Refused at once: what might work again is tried for seconds each time.
  await services.control("faults", "POST", { service: "polly", kind: "error", status: 400, count: 0 });
  await accept(page);
  await expect(status(page)).toContainText("Interpreting both ways");
  await expect(side("customer")).toHaveText("");
  await expect(side("customer")).toContainText("Read along: you hear the customer’s own voice");
  await expect(side("agent")).toContainText("The customer hears your own voice");
  await expect(status(page)).toContainText("Part of the interpreting is not available");
  // What cannot be spoken is read.
  await expect(page.getByRole("log", { name: "Customer", exact: true }).locator(".outcome[data-outcome=caption]").first()).toBeVisible();
  await services.control("reset", "POST");
  await expect(side("customer")).toHaveText("");
  await expect(side("agent")).toHaveText("");
});
