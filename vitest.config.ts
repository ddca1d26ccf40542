import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      // Property tests and suites of a thousand cases are quick, but not on a machine that is busy.
      { test: { name: "unit", include: ["test/unit/**/*.test.ts"], testTimeout: 30_000 } },
      {
        test: {
          name: "contract",
          include: ["test/contract/**/*.test.ts"],
          testTimeout: 30_000,
          setupFiles: ["test/support/fail-on-refusals.ts"],
        },
      },
      { test: { name: "infra", include: ["test/infra/**/*.test.ts"], testTimeout: 60_000 } },
      {
        test: {
          name: "simulation",
          include: ["test/simulation/**/*.test.ts"],
          testTimeout: 120_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 300_000,
          fileParallelism: false,
          globalSetup: ["test/e2e/global-setup.ts", "test/e2e/alarm-messages.ts"],
          setupFiles: ["test/e2e/refused-calls.ts"],
          // After the others: what runs in an emulator has its own time-outs, and wants the machine.
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
