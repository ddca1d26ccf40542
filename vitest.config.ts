import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { BaseSequencer } from "vitest/node";
import type { TestSpecification } from "vitest/node";

/** A time-out ends what hangs. No verdict depends on it: a busy machine is slow. */
const PATIENCE = { testTimeout: 900_000, hookTimeout: 900_000 };

/**
 * The files of one project share the modules that they import: to load CDK, the SDK and the handlers again for
 * every file took half of the time. No test replaces a module, and each puts back the globals that it replaces.
 */
const SHARED = { ...PATIENCE, isolate: false };

/** What lasts longest first. The files of a project follow each other, so that a worker goes on to the next one. */
const ORDER = ["e2e", "simulation", "infra", "contract", "unit"];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ project }: TestSpecification) => ORDER.indexOf(project.name);
    return (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other));
  }
}

export default defineConfig({
  test: {
    // Two more than cores: end-to-end tests wait most of their time.
    maxWorkers: availableParallelism() + 2,
    sequence: { sequencer: LongestFirst },
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
      { test: { name: "simulation", include: ["test/simulation/**/*.test.ts"], ...PATIENCE } },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          ...PATIENCE,
          globalSetup: ["test/e2e/deployed/global-setup.ts"],
        },
      },
    ],
  },
});
