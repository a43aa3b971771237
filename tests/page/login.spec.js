// The configuration's hook for a login, at an identity pool that takes no guests.

import { interpret, takeCall } from "./harness.js";
import { test } from "./support.js";

test("a login module's token gets the credentials", async ({ page, services }) => {
  await services.control("settings", "PUT", { unauthenticated: false });
  await page.route("**/config.json", async (route) => {
    const config = await (await route.fetch()).json();
    await route.fulfill({ json: { ...config, userPoolId: "us-east-1_local", loginModule: "/test/login.js" } });
  });
  await takeCall(page, services);
  await interpret(page);
});
