import { defineConfig } from "@playwright/test";

export default defineConfig({
  testMatch: "*.spec.js",
  // A failure is a failure: nothing is tried again.
  retries: 0,
  workers: 1,
  forbidOnly: !!process.env.CI,
  reporter: "list",
  outputDir: "test-results",
  use: {
    launchOptions: {
      executablePath: process.env.CHROMIUM,
      args: [
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--autoplay-policy=no-user-gesture-required",
      ],
    },
  },
});
