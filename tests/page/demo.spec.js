// The demo's page around its calls: what an agent sees, sets and does.

import { accept, ccp, hangUp, heardByBoth, openDemo, recordEars, ring, status } from "./demo.js";
import { bandLevel } from "./sound.js";
import { expect, test } from "./support.js";

const level = ({ samples, rate }) => bandLevel(samples.slice(-rate / 2), rate, 100, 4000);

/** Changes the page's configuration. */
const configure = (page, change) => page.route("**/config.json", async (route) => {
  const config = await (await route.fetch()).json();
  await route.fulfill({ json: change(config) });
});

const press = (page, name) => page.getByRole("button", { name, exact: true }).click();

test("hold and mute are Amazon Connect's own", async ({ page, services }) => {
  await openDemo(page, services);
  await ring(page);
  await accept(page);
  await expect(status(page)).toContainText("Interpreting both ways");

  await press(page, "Hold");
  await expect(status(page)).toContainText("On hold");
  await expect(ccp(page).getByRole("button", { name: "Resume" })).toBeVisible();
  await ccp(page).getByRole("button", { name: "Resume" }).click();
  await expect(status(page)).toContainText("Interpreting both ways");

  await ccp(page).getByRole("button", { name: "Mute" }).click();
  const mute = page.getByRole("button", { name: "Mute the agent" });
  await expect(mute).toHaveAttribute("aria-pressed", "true");
  await mute.click();
  await expect(mute).toHaveAttribute("aria-pressed", "false");
  await expect(ccp(page).getByRole("button", { name: "Mute", exact: true })).toBeVisible();

  // The customer ends it.
  await page.frameLocator("#phone iframe").getByRole("button", { name: "Hang up" }).click();
  await expect(status(page)).toContainText("The call has ended");
});

test("what is set is kept for the next call, except for what cuts somebody off", async ({ page, services }) => {
  await openDemo(page, services);
  await page.getByRole("button", { name: "Interpret the agent" }).click();
  await ring(page);
  await accept(page);
  await expect(status(page)).toContainText("Interpreting both ways");
  // The agent speaks first, in the original.
  const line = (side) => page.getByRole("log", { name: side, exact: true }).locator(".line[data-settled=true]");
  await expect(line("Customer")).toHaveCount(1);
  await expect(line("Agent")).toHaveCount(0);
  const volume = page.getByRole("slider", { name: "Agent hears: Customer’s own voice" });
  await volume.fill("0.7");
  await page.getByLabel("Send to the customer").selectOption("silence");
  await page.getByRole("button", { name: "Mute the customer" }).click();
  await hangUp(page);

  await volume.fill("0.5");
  await page.evaluate(async () => {
    const { InterpreterSession } = await import("/pkg/index.js");
    const { setVolume } = InterpreterSession.prototype;
    InterpreterSession.prototype.setVolume = function (...args) {
      window.session = this;
      return setVolume.apply(this, args);
    };
  });
  await ring(page);
  await accept(page);
  await expect(status(page)).toContainText("Interpreting both ways");
  await expect(line("Customer")).toHaveCount(1);
  await expect(line("Agent")).toHaveCount(0);
  await expect(volume).toHaveValue("0.5");
  expect(await page.evaluate(() => window.session.volume("customer-original-to-agent"))).toBe(0.5);
  await expect(page.getByLabel("Send to the customer")).toHaveValue("mix");
  await expect(page.getByRole("button", { name: "Mute the customer" })).toHaveAttribute("aria-pressed", "false");
  await expect(page.getByRole("button", { name: "Interpret the agent" })).toHaveAttribute("aria-pressed", "false");
});

test("the microphone takes the recorded agent's place during the call, and gives it back", async ({ page, services }) => {
  await page.route("**/lines/lines.json", (route) => route.fulfill({ json: { lines: [] } }));
  await openDemo(page, services);
  await page.getByRole("button", { name: "Interpret the agent" }).click();
  await ring(page);
  await recordEars(page);
  await accept(page);
  await expect(status(page)).toContainText("The conversation is over");
  // The loudest 50 ms of the last two seconds: a beep is short.
  const atCustomer = async () => {
    const { samples, rate } = (await heardByBoth(page)).customer;
    const length = Math.round(rate / 20);
    let loudest = 0;
    for (let at = Math.max(0, samples.length - 2 * rate); at + length <= samples.length; at += length) {
      const power = samples.subarray(at, at + length).reduce((sum, sample) => sum + sample * sample, 0) / length;
      loudest = Math.max(loudest, Math.sqrt(power));
    }
    return loudest;
  };
  await expect.poll(atCustomer).toBeLessThan(0.01);

  // Chromium's fake microphone beeps once a second.
  const own = page.getByRole("switch", { name: "My microphone" });
  await own.click();
  await expect(own).toHaveAttribute("aria-checked", "true");
  await expect.poll(atCustomer).toBeGreaterThan(0.02);
  await own.click();
  await expect.poll(atCustomer).toBeLessThan(0.01);
});

test("one listens as the agent, as the customer, or as both", async ({ page, services }) => {
  await openDemo(page, services);
  const audible = () => page.evaluate(() => document.querySelector("#remote-audio").volume > 0);
  const phone = page.frameLocator("#phone iframe").getByRole("checkbox", { name: "Aloud" });
  await ring(page);
  for (const [as, agent, customer] of [["Customer", false, true], ["Agent", true, false], ["Both", true, true]]) {
    await page.getByText(as, { exact: true }).and(page.locator(".segmented span")).click();
    expect(await audible()).toBe(agent);
    await expect(phone).toBeChecked({ checked: customer });
  }
});

test("a contact's attributes say which language it is in, and each call has its own transcript", async ({ page, services }) => {
  await openDemo(page, services);
  await ring(page);
  await accept(page);
  const said = page.getByRole("log", { name: "Agent", exact: true }).locator(".line");
  await expect(said).toHaveCount(1);
  await hangUp(page);
  await expect(said).toHaveCount(1);

  await services.instance("contacts", "POST", { attributes: { languageCode: "fr-CA" } });
  await expect(said).toHaveCount(0);
  await accept(page);
  await expect(page.locator("#customer-language")).toHaveText("French → English");
  await expect(status(page)).toContainText("Interpreting both ways");
});

test("a call that the agent dials is interpreted once the customer answers", async ({ page, services }) => {
  await openDemo(page, services);
  const phone = page.frameLocator("#phone iframe");
  await expect(phone.getByRole("button", { name: "Call" })).toBeEnabled();
  await expect(status(page)).toContainText("Ready");
  await ccp(page).getByRole("button", { name: "Dial" }).click();
  await expect(status(page)).toContainText("Calling");
  await phone.getByRole("button", { name: "Answer" }).click();
  await expect(status(page)).toContainText("Interpreting both ways");
  await expect(page.getByRole("log", { name: "Agent", exact: true }).locator(".line")).toHaveCount(1);
});

/** A customer's phone that is not in the page. */
async function elsewhere(context, services) {
  const phone = await context.newPage();
  await phone.goto(`${services.connect}/customer.html?phone=elsewhere`);
  await expect(phone.getByRole("button", { name: "Call" })).toBeEnabled();
  return phone;
}

test("a call that outlives a reload is interpreted again", async ({ page, context, services }) => {
  const phone = await elsewhere(context, services);
  await openDemo(page, services);
  await phone.getByRole("button", { name: "Call" }).click();
  await accept(page);
  await expect(status(page)).toContainText("Interpreting both ways");
  await page.reload();
  await expect(status(page)).toContainText("Interpreting both ways");
});

test("a call that began without any click is an ordinary one until there is one", async ({ page, context, services }) => {
  const phone = await elsewhere(context, services);
  // Told on the console: a question put by the test's driver would count as a click.
  await page.addInitScript(() => document.addEventListener("DOMContentLoaded", () => {
    const element = document.querySelector("#status");
    if (element) new MutationObserver(() => console.info(element.textContent)).observe(element, { childList: true, subtree: true });
  }));
  const told = (words) => page.waitForEvent("console", { predicate: (message) => message.text().includes(words) });
  const [ready, rings, ordinary] = ["Ready", "A customer is calling", "An ordinary call"].map(told);
  await page.goto(services.page);
  await ready;
  await phone.getByRole("button", { name: "Call" }).click();
  await rings;
  await services.instance("contacts/last/accept", "POST");
  await ordinary;
  await press(page, "Interpret this call");
  await expect(status(page)).toContainText("Interpreting both ways");
  await expect(page.getByRole("button", { name: "Interpret this call" })).toBeHidden();
});

test("without an instance the page says what is missing", async ({ page, services }) => {
  await configure(page, ({ connectInstanceURL, standIn: { control }, ...rest }) => ({ ...rest, standIn: { control } }));
  await openDemo(page, services);
  await expect(page.getByRole("heading", { name: "No Amazon Connect instance" })).toBeVisible();
  await expect(status(page)).toContainText("no calls");
});

test("a softphone library that is not there is named", async ({ page, services }) => {
  await configure(page, (config) => ({ ...config, connectRtcJs: "/connect-rtc-is-elsewhere.js" }));
  await openDemo(page, services);
  await expect(page.getByRole("alert")).toContainText("/connect-rtc-is-elsewhere.js cannot be loaded");
});
