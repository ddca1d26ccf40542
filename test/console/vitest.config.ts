import { defineConfig } from "vitest/config";

/**
 * The console in a browser: `npm run test:console`. It is no project of `npm test`, which needs Node, npm and Python
 * alone; this one needs Chromium, and fails where there is none.
 */
export default defineConfig({
  test: {
    name: "console",
    include: ["test/console/**/*.browser.ts"],
    // A time-out ends what hangs. No verdict depends on it.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Most of the time a scenario waits for the poller.
    maxWorkers: 2,
    isolate: false,
  },
});
