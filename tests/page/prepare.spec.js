// What is made before the call: credentials that are asked for once, and
// connections; and what is wrong with what was given.

import { codesHeard, codesOf, events, settled, speak, takeCall, until, untilHeard } from "./harness.js";
import { expect, test } from "./support.js";

/** Counts what a provider is asked, and lets it hang or fail. */
async function countProvider(page) {
  await page.evaluate(async () => {
    const { fromCognitoIdentityPool, prepare } = await import("/pkg/index.js");
    const { identityProvider, loadConfig } = await import("/config.js");
    const config = await loadConfig();
    await (await import("/pkg/index.js")).default();
    const real = await identityProvider(config.identity, fromCognitoIdentityPool, new URL(location.href));
    window.asked = 0;
    window.provider = () => {
      window.asked += 1;
      return window.fails ? Promise.reject(new Error("not yet")) : real();
    };
    window.prepared = (options) => prepare(options).then(() => null, ({ name, code, field, stage }) => ({ name, code, field, stage }));
    window.where = { region: config.options.region, endpoints: config.options.endpoints };
  });
}

const interpretWithIt = (page) => page.evaluate(async () => {
  const error = await window.harness.interpret({ credentials: window.provider });
  return error;
});

test("prepared credentials are the next session's, asked for once, and its connections are open", async ({ page, services }) => {
  await takeCall(page, services);
  await countProvider(page);
  const requests = [];
  page.on("request", (request) => request.method() === "GET" && !request.url().startsWith(services.page) && requests.push(request.url()));
  expect(await page.evaluate(() => window.prepared({ credentials: window.provider, ...window.where }))).toBeNull();
  expect(await page.evaluate(() => window.asked)).toBe(1);
  // One to each of the two services that are asked over HTTP; here they have one address.
  const { translate } = await page.evaluate(() => window.where.endpoints);
  expect(requests).toEqual(Array(2).fill(`${translate.url ?? translate}/`));

  expect(await interpretWithIt(page)).toBeNull();
  await until(page, () => window.harness.call.session.state === "running");
  await speak(page, "customer", 0, 4);
  await settled(page, "customer", 1);
  await untilHeard(page, "agent", 0, 4);
  expect((await codesHeard(page, "agent")).map(({ code }) => code)).toEqual(codesOf(0, 4));
  expect(await page.evaluate(() => window.asked)).toBe(1);
  expect(await events(page, "error")).toEqual([]);
  // What was prepared is used once.
  await page.evaluate(() => window.harness.call.session.stop());
  expect(await interpretWithIt(page)).toBeNull();
  await until(page, () => window.harness.call.session.state === "running");
  expect(await page.evaluate(() => window.asked)).toBe(2);
});

test("another provider's credentials are nobody else's", async ({ page, services }) => {
  await takeCall(page, services);
  await countProvider(page);
  expect(await page.evaluate(() => window.prepared({ credentials: () => ({ accessKeyId: "AKIA", secretAccessKey: "wrong" }) }))).toBeNull();
  expect(await interpretWithIt(page)).toBeNull();
  await until(page, () => window.harness.call.session.state === "running");
  expect(await page.evaluate(() => window.asked)).toBe(1);
  expect(await events(page, "error")).toEqual([]);
});

test("a provider that fails is told by prepare(), and asked again by the session", async ({ page, services }) => {
  await takeCall(page, services);
  await countProvider(page);
  await page.evaluate(() => (window.fails = true));
  const error = await page.evaluate(() => window.prepared({ credentials: window.provider }));
  expect(error).toEqual({ name: "InterpreterError", code: "credentials-unavailable", stage: "credentials" });
  await page.evaluate(() => (window.fails = false));
  expect(await interpretWithIt(page)).toBeNull();
  await until(page, () => window.harness.call.session.state === "running");
  expect(await page.evaluate(() => window.asked)).toBe(2);
});

test("what prepare() does not know is refused by name", async ({ page, services }) => {
  await takeCall(page, services);
  await countProvider(page);
  for (const [options, field] of [
    ["{ regoin: 'us-east-1' }", "regoin"],
    ["{ region: 'Virginia' }", "region"],
    ["{ credentials: 5 }", "credentials"],
    ["{ region: 'us-east-1', endpoints: { polly: 'ftp://x' } }", "endpoints.polly"],
    ["null", "options"],
  ]) {
    const error = await page.evaluate((source) => window.prepared(new Function(`return ${source}`)()), options);
    expect(error, options).toMatchObject({ code: "invalid-option", field, stage: "options" });
  }
  expect(await page.evaluate(() => window.asked)).toBe(0);
});

test("the session says how long its utterances took", async ({ page, services }) => {
  await takeCall(page, services);
  await countProvider(page);
  expect(await interpretWithIt(page)).toBeNull();
  const delays = (speaker) => page.evaluate((who) => window.harness.call.session.delays(who), speaker);
  expect(await delays("customer")).toEqual({ count: 0 });
  await until(page, () => window.harness.call.session.state === "running");
  for (let n = 0; n < 3; n++) await speak(page, "customer", 4 * n, 2, 0.8);
  await settled(page, "customer", 3);
  await until(page, () => window.harness.of("latency", "customer").length === 3);
  const took = (await events(page, "latency", "customer")).map(({ marks }) => marks.heardMs - marks.capturedMs).toSorted((a, b) => a - b);
  expect(await delays("customer")).toEqual({ count: 3, p50Ms: took[1], p95Ms: took[2] });
  expect(await delays("agent")).toEqual({ count: 0 });
  const refusal = await page.evaluate(() => {
    try { return window.harness.call.session.delays("nobody"); } catch ({ code, field }) { return { code, field }; }
  });
  expect(refusal).toEqual({ code: "invalid-option", field: "speaker" });
});
