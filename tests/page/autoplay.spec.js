// The browser's autoplay policy is on (no flag turns it off) and nobody has
// clicked: the call must stay the ordinary call it was.

import { until } from "./harness.js";
import { expect, test } from "./support.js";

test("without a click nothing is interpreted and both hear each other", async ({ page, services }) => {
  const told = page.waitForEvent("console", { predicate: (message) => message.type() === "info" });
  await page.goto(`${services.page}/test/autoplay.html`);
  const found = JSON.parse((await told).text());
  expect(found.context, "the policy is on").toBe("suspended");
  expect(found.error).toEqual({ name: "InterpreterError", code: "audio-suspended", stage: "audio", retryable: true });
  const untouched = { sender: true, element: true };
  expect(found.wiring).toEqual(untouched);
  expect(found.loudestAtCustomer).toBeGreaterThan(0.02);
  expect(found.loudestAtAgent).toBeGreaterThan(0.02);
  expect((await services.control("state")).streams).toEqual([]);

  // The click that the error asks for.
  await page.getByRole("button", { name: "Interpret" }).click();
  expect(await page.evaluate(() => window.clicked)).toBeNull();
  await until(page, () => window.session.state === "running");
  await expect.poll(() => page.evaluate(() => window.wiring())).toEqual({ sender: false, element: false });
  await page.evaluate(() => window.session.stop());
  expect(await page.evaluate(() => window.wiring())).toEqual(untouched);
});
