// The browser's autoplay policy is on (no flag turns it off) and nobody has
// clicked: the call must stay the ordinary call it was.

import { until } from "./harness.js";
import { expect, test } from "./support.js";

test("without a click nothing is interpreted and both hear each other", async ({ page, services }) => {
  await page.goto(`${services.page}/test/autoplay.html`);
  await page.waitForFunction(() => window.autoplay);
  expect(await page.evaluate(() => new AudioContext().state), "the policy is on").toBe("suspended");
  expect(await page.evaluate(() => window.autoplay.byItself)).toEqual({
    name: "InterpreterError", code: "audio-suspended", stage: "audio", retryable: true,
  });
  const untouched = { sender: true, element: true };
  expect(await page.evaluate(() => window.autoplay.wiring())).toEqual(untouched);
  const heard = await page.evaluate(() => window.autoplay.loudest(3));
  expect(heard.customer).toBeGreaterThan(0.02);
  expect(heard.agent).toBeGreaterThan(0.02);
  const { streams } = await services.control("state");
  expect(streams).toEqual([]);

  // The click that the error asks for.
  await page.getByRole("button", { name: "Interpret" }).click();
  expect(await page.evaluate(() => window.clicked)).toBeNull();
  await until(page, () => window.session.state === "running");
  await expect.poll(() => page.evaluate(() => window.autoplay.wiring())).toEqual({ sender: false, element: false });
  await page.evaluate(() => window.session.stop());
  expect(await page.evaluate(() => window.autoplay.wiring())).toEqual(untouched);
});
