import { defineConfig } from "vitest/config";

/** A time-out ends what hangs. No verdict depends on it: a busy machine is slow. */
const PATIENCE = { testTimeout: 900_000, hookTimeout: 900_000 };

/**
 * The files of one project share the modules that they import: to load CDK, the SDK and the handlers again for
 * every file took half of the time. No test replaces a module, and each puts back the globals that it replaces.
 */
const SHARED = { ...PATIENCE, isolate: false };

export default defineConfig({
  test: {
    // All cores: by default Vitest leaves one to itself, which is every second one of CI's two.
    maxWorkers: "100%",
    projects: [
      { test: { name: "unit", include: ["test/unit/**/*.test.ts"], ...SHARED } },
      {
        test: {
          name: "contract",
          include: ["test/contract/**/*.test.ts"],
          ...SHARED,
          setupFiles: ["test/support/fail-on-refusals.ts"],
        },
      },
      { test: { name: "infra", include: ["test/infra/**/*.test.ts"], ...SHARED } },
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
