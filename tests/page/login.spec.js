// Logins, at an identity pool that takes no guests: at the user pool's hosted
// pages, and the configuration's hook for a login of the host's own.

import { createHash, randomBytes } from "node:crypto";
import { accept, hangUp, openDemo, ring, status } from "./demo.js";
import { interpret, takeCall } from "./harness.js";
import { expect, test } from "./support.js";

/** The stand-in's user pool and its user. */
const POOL = { userPoolId: "us-east-1_local", userPoolWebClientId: "desk" };
const [USERNAME, PASSWORD, NAME] = ["agent", "local-aws", "Zoë Ferreira"];

/** The user pool's domain: the stand-in's services are all on one origin. */
async function domainOf(services) {
  const answer = await fetch(`${services.page}/config.json`);
  return (await answer.json()).endpoints.cognitoIdentity;
}

/** Nobody is let in without a login, and the page may have one. */
async function closeDoor(services) {
  const own = [`${services.page}/`];
  await services.control("settings", "PUT", { unauthenticated: false, callbackUrls: own, logoutUrls: own });
}

/** The page's configuration, changed. */
const configure = (page, more) => page.route("**/config.json", async (route) => {
  const config = await (await route.fetch()).json();
  await route.fulfill({ json: { ...config, ...more } });
});

/** Opens the demo with the login at the hosted pages, of which nobody has made use yet. */
async function openWithLogin(page, services) {
  await closeDoor(services);
  await configure(page, { ...POOL, cognitoDomainURL: await domainOf(services) });
  await openDemo(page, services);
  await expect(status(page)).toContainText("Log in to take calls");
}

const button = (page, name) => page.getByRole("button", { name, exact: true });

async function logIn(page) {
  await button(page, "Log in").click();
  await page.getByLabel("Username").fill(USERNAME);
  await page.getByLabel("Password").fill(PASSWORD);
  await button(page, "Sign in").click();
  await expect(page.getByText(NAME)).toBeVisible();
  await expect(status(page)).toContainText("Ready");
}

/** All tokens that a page has been given, in the order in which they came. */
function tokensOf(page) {
  const all = [];
  page.on("response", async (answer) => {
    if (!answer.url().endsWith("/oauth2/token")) return;
    const { id_token: id, access_token: access, refresh_token: refresh } = await answer.json();
    all.push(...[id, access, refresh].filter(Boolean));
  });
  return all;
}

/** Everything that a page leaves behind where others may read it. */
async function leftBehind(page) {
  const inPage = await page.evaluate(async () => [
    ...Object.entries(localStorage), ...Object.entries(sessionStorage),
    document.cookie, location.href, window.name, JSON.stringify(history.state),
    ...(await indexedDB.databases()).map(({ name }) => name), ...await caches.keys(),
  ].flat());
  return [...inPage, ...(await page.context().cookies()).map(({ value }) => value)].join("\n");
}

test("an agent logs in by keyboard, takes a call, and leaves no token behind", async ({ page, services }) => {
  const tokens = tokensOf(page);
  await openWithLogin(page, services);
  // Nothing else is there: after the way past the head comes the one button.
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await expect(button(page, "Log in")).toBeFocused();
  await expect(page.getByRole("button", { disabled: false })).toHaveCount(1);
  await expect(page.getByRole("log")).toHaveCount(0);
  await page.keyboard.press("Enter");

  await expect(page.getByLabel("Username")).toBeFocused();
  await page.keyboard.type(USERNAME);
  await page.keyboard.press("Tab");
  await page.keyboard.type("another");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toContainText("Incorrect username or password");
  await page.keyboard.type(USERNAME);
  await page.keyboard.press("Tab");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");

  await expect(page.getByText(NAME)).toBeVisible();
  await expect(page).toHaveURL(`${services.page}/`);
  await expect(status(page)).toContainText("Ready");
  await ring(page);
  await accept(page);
  await expect(status(page)).toContainText("Interpreting both ways");
  await expect(page.locator(".outcome[data-outcome=spoken]").first()).toBeVisible();
  await expect(button(page, "Log out")).toBeDisabled();
  await expect(button(page, "Log out")).toHaveAccessibleDescription("After this call");

  expect(tokens.length).toBeGreaterThanOrEqual(3);
  const left = await leftBehind(page);
  for (const token of tokens) expect(left).not.toContain(token);
  // Nor any other, and nothing of the way there.
  expect(left).not.toContain("eyJ");
  expect(left).not.toContain("connect-interpreter.login");
  await hangUp(page);
  await expect(button(page, "Log out")).toBeEnabled();
});

test("who logs out has to give the password again", async ({ page, services }) => {
  await openWithLogin(page, services);
  await logIn(page);
  // A reload forgets the tokens; the hosted pages know who it was.
  await page.reload();
  await button(page, "Log in").click();
  await expect(page.getByText(NAME)).toBeVisible();
  await button(page, "Log out").click();
  await expect(status(page)).toContainText("Log in to take calls");
  await expect(page).toHaveURL(`${services.page}/`);
  await button(page, "Log in").click();
  await expect(page.getByLabel("Password")).toBeVisible();
});

test("an answer to a login that this page has not begun is refused", async ({ page, services }) => {
  await openWithLogin(page, services);
  const forged = [
    { begun: false, query: "code=stolen&state=guessed" },
    { begun: true, query: "code=stolen&state=guessed" },
    { begun: true, query: "code=stolen" },
    { begun: true, query: "error=access_denied&error_description=Call+0900" },
  ];
  for (const { begun, query } of forged) {
    if (begun) {
      await button(page, "Log in").click();
      await expect(page.getByLabel("Username")).toBeVisible();
    }
    await page.goto(`${services.page}/?${query}&desk=7`);
    await expect(page.getByRole("alert")).toContainText("does not belong to a login that this page has begun");
    await expect(page.getByRole("alert")).not.toContainText("0900");
    await expect(button(page, "Log in")).toBeEnabled();
    // What is not of a login stays.
    await expect(page).toHaveURL(`${services.page}/?desk=7`);
    expect(await page.evaluate(() => ({ ...sessionStorage }))).toEqual({});
    await page.goto(services.page);
  }
  const { counters } = await services.control("state");
  expect(counters.requests.login).toBeUndefined();

  // What the hosted pages themselves refuse is told in their words.
  await page.route("**/oauth2/authorize?*", (route) => route.continue({ url: route.request().url().replace("scope=openid", "scope=all") }));
  await button(page, "Log in").click();
  await expect(page.getByRole("alert")).toContainText("The login was refused: a scope does not exist");
  await expect(page).toHaveURL(`${services.page}/`);
});

test("a renewal that fails in a call leaves the call as it is, and says what to do", async ({ page, services }) => {
  await openWithLogin(page, services);
  // So short that credentials are never asked for without a renewal.
  await services.control("settings", "PUT", { tokenLifetimeS: 299 });
  await logIn(page);
  await ring(page);
  await accept(page);
  await expect(status(page)).toContainText("Interpreting both ways");
  const credentials = (await services.control("state")).counters.requests.cognito.ok;
  await services.control("faults", "POST", { service: "login", kind: "refuse-renewal", count: 0 });
  await services.control("faults", "POST", { kind: "expire-credentials" });
  await expect(page.getByRole("alert")).toContainText("The login cannot be renewed");
  await expect(page.getByRole("alert")).toContainText("Log in again after this call.");

  // The old token has given new credentials, and both are interpreted on.
  const answered = async (service) => (await services.control("state")).counters.requests[service]?.ok ?? 0;
  await expect.poll(() => answered("cognito")).toBeGreaterThan(credentials);
  const before = await answered("polly");
  await expect.poll(() => answered("polly")).toBeGreaterThan(before + 2);
  await expect(status(page)).toContainText("Interpreting both ways");
  await expect(page.getByText(NAME)).toBeVisible();
  const again = button(page, "Log in again");
  await expect(again).toBeDisabled();
  await expect(again).toHaveAccessibleDescription("After this call");

  await hangUp(page);
  await services.control("reset", "POST");
  await closeDoor(services);
  await again.click();
  await expect(page.getByText(NAME)).toBeVisible();
  await expect(again).toBeHidden();
  await expect(page.getByRole("alert")).toBeEmpty();
});

test("there is one renewal at a time; the old token is used until its end, and renewing is tried again", async ({ page, services }) => {
  const cors = { "access-control-allow-origin": "*" };
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const token = (jti, lifetimeS) => [part({}), part({ jti, iat: 0, exp: lifetimeS, name: "Ÿ???" }), "signature"].join(".");
  const asked = [];
  let answer;
  await page.route("http://pool.example/oauth2/token", async (route) => {
    asked.push(Object.fromEntries(new URLSearchParams(route.request().postData())));
    await route.fulfill(await answer());
  });
  const give = (jti, lifetimeS, more) => async () => ({ headers: cors, json: { id_token: token(jti, lifetimeS), ...more } });
  const refuse = async () => ({ status: 400, headers: cors, json: { error: "invalid_grant" } });

  await page.goto(`${services.page}/config.schema.json`);
  answer = give("first", 200, { refresh_token: "refresh" });
  await page.evaluate(async () => {
    const { Login } = await import("/login.js");
    window.login = new Login({ domain: "http://pool.example", clientId: "desk" });
    window.problems = [];
    window.login.addEventListener("problem", ({ detail }) => window.problems.push([detail.name, detail.advice]));
    await window.login.finish({ code: "code", state: "s", error: null, pending: { state: "s", verifier: "verifier" } });
  });
  expect(asked).toEqual([expect.objectContaining({
    grant_type: "authorization_code", client_id: "desk", code: "code", code_verifier: "verifier",
    redirect_uri: `${services.page}/config.schema.json`,
  })]);
  expect(await page.evaluate(() => window.login.name)).toBe("Ÿ???");
  const tokens = (count) => page.evaluate((n) => Promise.all(Array.from({ length: n }, () => window.login.token())), count);

  answer = refuse;
  expect(await tokens(2)).toEqual([token("first", 200), token("first", 200)]);
  expect(asked).toHaveLength(2);
  expect(await page.evaluate(() => [window.login.failing, window.problems])).toEqual([true, [["LoginError", "Log in again after this call."]]]);

  answer = give("second", 3600);
  expect(await tokens(3)).toEqual(Array(3).fill(token("second", 3600)));
  expect(asked.slice(2)).toEqual([{ grant_type: "refresh_token", client_id: "desk", refresh_token: "refresh" }]);
  expect(await page.evaluate(() => window.login.failing)).toBe(false);
  // Its end is far.
  await tokens(1);
  expect(asked).toHaveLength(3);

  // An agent's clock that is wrong is wrong before and after; one that jumps has come to the end.
  answer = refuse;
  await page.evaluate(() => {
    const { now } = Date;
    Date.now = () => now() + 3_600_000;
  });
  await expect(tokens(1)).rejects.toThrow("The login has ended");
  answer = give("third", 3600);
  expect(await tokens(1)).toEqual([token("third", 3600)]);
});

/** The ID token of a login, without a page: what a host's own login would have. */
async function idToken(services) {
  const domain = await domainOf(services);
  const verifier = randomBytes(32).toString("base64url");
  const redirect_uri = `${services.page}/`;
  const query = new URLSearchParams({
    response_type: "code", client_id: POOL.userPoolWebClientId, redirect_uri, scope: "openid",
    code_challenge: createHash("sha256").update(verifier).digest("base64url"), code_challenge_method: "S256",
  });
  const back = await fetch(`${domain}/login?${query}`, {
    method: "POST", redirect: "manual", body: new URLSearchParams({ username: USERNAME, password: PASSWORD }),
  });
  const code = new URL(back.headers.get("location")).searchParams.get("code");
  const answer = await fetch(`${domain}/oauth2/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "authorization_code", client_id: POOL.userPoolWebClientId, redirect_uri, code, code_verifier: verifier,
    }),
  });
  return (await answer.json()).id_token;
}

test("a login module's token gets the credentials", async ({ page, services }) => {
  await closeDoor(services);
  await page.exposeFunction("idToken", () => idToken(services));
  await configure(page, { userPoolId: POOL.userPoolId, loginModule: "/test/login.js" });
  await takeCall(page, services);
  await interpret(page);
});

test("the answer of another login is left to its module", async ({ page, services }) => {
  await configure(page, { userPoolId: POOL.userPoolId, loginModule: "/test/login.js" });
  const theirs = `${services.page}/?code=theirs&state=theirs`;
  await page.goto(theirs);
  await expect(status(page)).toContainText("Ready");
  await expect(page).toHaveURL(theirs);
});
