import { defineConfig } from "vitest/config";

/** A time-out ends what hangs. No verdict depends on it: a busy machine is slow. */
const PATIENCE = { testTimeout: 900_000, hookTimeout: 900_000 };

export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["test/unit/**/*.test.ts"], ...PATIENCE } },
      {
        test: {
          name: "contract",
          include: ["test/contract/**/*.test.ts"],
          ...PATIENCE,
          setupFiles: ["test/support/fail-on-refusals.ts"],
        },
      },
      { test: { name: "infra", include: ["test/infra/**/*.test.ts"], ...PATIENCE } },
      {
        test: {
          name: "simulation",
          include: ["test/simulation/**/*.test.ts"],
          ...PATIENCE,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          ...PATIENCE,
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
