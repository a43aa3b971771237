// Takes the README's picture: node tests/page/picture.mjs PAGE_URL OUT.png
// Lets a customer call, accepts in the CCP and waits until both sides have been heard.

import { chromium } from "@playwright/test";
import { accept, ring } from "./demo.js";
import config from "./playwright.config.js";

const [url, out] = process.argv.slice(2);
if (!url || !out) throw new Error("usage: picture.mjs PAGE_URL OUT.png");

const browser = await chromium.launch(config.use.launchOptions);
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme: "light" });
  await page.goto(url);
  await ring(page);
  await accept(page);
  const line = (side, state) => page.getByRole("log", { name: side, exact: true }).locator(`.line${state}`);
  for (const [side, count] of [["Agent", 3], ["Customer", 3]]) {
    await line(side, "[data-settled=true]").nth(count - 1).waitFor({ timeout: 180_000 });
  }
  // Somebody is being spoken for at this moment.
  await page.locator(".piece[data-outcome=speaking]").last().waitFor({ timeout: 60_000 });
  await page.screenshot({ path: out });
} finally {
  await browser.close();
}
