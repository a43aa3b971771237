import { defineConfig } from "@playwright/test";

// Scenarios that are also run with the real connect-rtc-js, where CONNECT_RTC_JS
// names the file: each of its session classes, with and without a persistent
// connection.
const scenarios = /softphone-(call|guard|mute)\.spec\.js/;
/** What listens for every sample, or to a whole conversation, has the machine to itself. */
const alone = /\/(blocked|call|soak|worklets)\.spec\.js/;
/** What takes ten minutes is for `cargo xtask test --long`. */
const long = process.env.LONG_TESTS ? [] : [/\/soak\.spec\.js/];
const own = /\/conformance\.spec\.js/;
const conformance = ["V2", "V1"].flatMap((rtcJs) =>
  [false, true].map((persistentConnection) => ({
    name: `connect-rtc-js ${rtcJs}${persistentConnection ? ", persistent" : ""}`,
    testMatch: scenarios,
    grepInvert: /@own/,
    use: { rtcJs, persistentConnection },
  })));

// A real call with real delays in each test: a test takes as long as the
// people in it talk. The limits are there to end a hung browser, not to
// measure anything.
// Two at a time: a test mostly waits for somebody to finish a sentence.
export default defineConfig({
  projects: [
    { name: "pages", testIgnore: [alone, own] },
    { name: "alone", testMatch: alone, testIgnore: long, workers: 1 },
    ...(process.env.CONNECT_RTC_JS ? [{ name: "connect-rtc-js", testMatch: own }, ...conformance] : []),
  ],
  testDir: ".",
  testMatch: "*.spec.js",
  workers: 2,
  retries: 0,
  timeout: process.env.LONG_TESTS ? 600_000 : 300_000,
  expect: { timeout: 60_000 },
  reporter: "list",
  use: {
    viewport: { width: 1280, height: 800 },
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--allow-loopback-in-peer-connection",
        "--disable-features=WebRtcHideLocalIpsWithMdns",
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
      ],
    },
  },
});
