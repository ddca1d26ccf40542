import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { defineConfig } from "vitest/config";
import type { TestProjectConfiguration } from "vitest/config";
import { BaseSequencer } from "vitest/node";
import type { TestSpecification } from "vitest/node";

/**
 * What Node has compiled once, the next process reads: this one's workers, and the commands that tests start. Half of what a
 * command's start costs is compiling.
 */
process.env["NODE_COMPILE_CACHE"] ??= join(import.meta.dirname, ".local", "compiled");

/**
 * The temporary folder of a run's tests and of what they start: whatever they leave in it goes with the run. A test that reads
 * this file has it from its worker.
 */
if (process.env["TEMPLATES_OF_RUN"] === undefined) {
  const temporary = mkdtempSync(join(tmpdir(), "run-"));
  process.env["TMPDIR"] = temporary;
  /** Where workers find the templates that others of this run have made (test/support/template.ts). */
  process.env["TEMPLATES_OF_RUN"] = mkdtempSync(join(temporary, "templates-"));
  // Nobody has to wait for the disk.
  const remove = () => spawn("rm", ["-rf", temporary], { detached: true, stdio: "ignore" }).unref();
  process.once("exit", remove);
}

/** A time-out ends what hangs. No verdict depends on it: a busy machine is slow. */
const PATIENCE = { testTimeout: 900_000, hookTimeout: 900_000 };

/**
 * The files of one project share the modules that they import: to load CDK, the SDK and the handlers again for
 * every file took half of the time. No test replaces a module, and each puts back the globals that it replaces.
 */
const SHARED = { ...PATIENCE, isolate: false };

const FOLDERS = ["contract", "e2e", "infra", "simulation", "unit"];

/**
 * `npm test -- --project unit` runs one of them. Otherwise they are one project: a worker belongs to one, and with five each
 * would load CDK, the SDK and the handlers for each of them.
 */
const isOneAsked = process.argv.some((argument) => argument.startsWith("--project"));

function project(name: string, folders: readonly string[]): TestProjectConfiguration {
  return {
    test: {
      name,
      include: folders.map((folder) => `test/${folder}/**/*.test.ts`),
      ...SHARED,
      setupFiles: ["test/support/let-e2e-go-first.ts", "test/support/fail-on-refusals.ts"],
      // Tests of e2e that are concurrent wait, for minutes or for an empty queue.
      maxConcurrency: 12,
      ...(folders.includes("e2e") && { globalSetup: ["test/e2e/deployed/global-setup.ts"] }),
    },
  };
}

/** What lasts longest first: deployed stacks and time-outs are waited for, while the others compute. */
const ORDER = [
  /\/e2e\/deployed/,
  /\/e2e\/(package|commands)\./,
  /\/contract\/ingest-faults\./,
  /\/e2e\//,
  /\/contract\//,
  /\/simulation\//,
  /\/infra\//,
  /\/unit\//,
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) =>
      ORDER.findIndex((path) => path.test(moduleId));
    return (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other));
  }
}

export default defineConfig({
  test: {
    // Three more than cores: so many files wait for their deployed stack or for a program most of the time.
    maxWorkers: availableParallelism() + 3,
    sequence: { sequencer: LongestFirst },
    projects: isOneAsked
      ? FOLDERS.map((folder) => project(folder, [folder]))
      : [project("all", FOLDERS)],
  },
});
