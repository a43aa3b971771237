// Drives the demo's own page: a customer calls, the agent accepts in the CCP.

import { decimate } from "./sound.js";
import { expect, samplesOf } from "./support.js";

/** The rate that clips are compared at. */
const RATE = 16_000;

/** Opens the page. Every element that plays is known from the start, in a document or not. */
export async function openDemo(page, services) {
  await page.addInitScript(() => {
    const players = new EventTarget();
    const { play } = HTMLMediaElement.prototype;
    players.all = new Set();
    HTMLMediaElement.prototype.play = function () {
      const known = players.all.has(this);
      players.all.add(this);
      if (!known) players.dispatchEvent(new CustomEvent("player", { detail: this }));
      return play.call(this);
    };
    window.players = players;
  });
  await page.goto(services.page);
}

export const status = (page) => page.getByRole("status");

/** The CCP in its frame. */
export const ccp = (page) => page.frameLocator("#ccp iframe");

const phone = (page) => page.frames().find((frame) => frame.url().includes("/customer.html"));

/** The customer calls. */
export async function ring(page) {
  await page.getByRole("button", { name: "Let a customer call" }).click();
  await expect(status(page)).toContainText("A customer is calling");
}

/** The agent's one click. */
export const accept = (page) => ccp(page).getByRole("button", { name: "Accept" }).click();

/** Starts recording: what the agent's page lets be heard, and what the customer hears. */
export async function recordEars(page) {
  await page.evaluate(async () => {
    const { Recorder } = await import("/test/recorder.js");
    window.recorder = await Recorder.ofPage(document.querySelector("#remote-audio"), window.players);
  });
  await phone(page).evaluate(() => window.phone.record());
}

/** What both have heard since then, each on a clock of its own. */
export async function heardByBoth(page) {
  const agent = await page.evaluate(() => window.recorder.take());
  const customer = await phone(page).evaluate(() => window.phone.take(600));
  return {
    agent: { rate: agent.rate, samples: samplesOf(agent.channels[0]) },
    customer: decimate({ rate: customer.rate, samples: samplesOf(customer.pcm) }, RATE),
  };
}

/** Ends the call and the work after it. */
export async function hangUp(page) {
  await page.locator("header.top").getByRole("button", { name: "Hang up" }).click();
  await page.getByRole("button", { name: "Close the contact" }).click();
  await expect(page.getByRole("button", { name: "Let a customer call" })).toBeEnabled();
}
