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

/** They wait for deployed stacks, programs and time-outs, longer than any other. */
export const LONGEST = [
  /\/e2e\/deployed/,
  /\/e2e\/(package|commands)\./,
  /\/contract\/ingest-faults\./,
];

/** They wait too, for ten to thirty seconds. All of them at once would leave nobody who computes. */
export const WAITING =
  /\/e2e\/(in-process|upgrade|vendor-double)\.|\/contract\/(alloy-simulator|consumer-kit|incidents)\./;

/** The others compute; in this order, each folder finds what the one before has loaded. */
const COMPUTING = [/\/infra\//, /\/simulation\//, /\/contract\//, /\/unit\//];
export const COMPUTING_BETWEEN_WAITING = 18;

interface File {
  readonly moduleId: string;
}

/** The files in the order in which workers take them: the longest ones, then one that waits among many that compute. */
export function waitingApart<One extends File>(files: readonly One[]): One[] {
  const {
    longest = [],
    waiting = [],
    computing = [],
  } = Object.groupBy(files, ({ moduleId }) => kindOf(moduleId));
  const apart = ranked(computing, COMPUTING).flatMap((file, index) =>
    index % COMPUTING_BETWEEN_WAITING === 0 ? [...waiting.splice(0, 1), file] : [file],
  );
  return [...ranked(longest, LONGEST), ...apart, ...waiting];
}

function kindOf(path: string): "longest" | "waiting" | "computing" {
  if (LONGEST.some((one) => one.test(path))) return "longest";
  return WAITING.test(path) ? "waiting" : "computing";
}

function ranked<One extends File>(files: readonly One[], order: readonly RegExp[]): One[] {
  const rank = ({ moduleId }: File) => order.findIndex((path) => path.test(moduleId));
  return files.toSorted((one, other) => rank(one) - rank(other));
}

class WaitingApart extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return waitingApart(await super.sort(files));
  }
}

export default defineConfig({
  test: {
    // Three more than cores: so many files wait for their deployed stack or for a program most of the time.
    maxWorkers: availableParallelism() + 3,
    sequence: { sequencer: WaitingApart },
    projects: isOneAsked
      ? FOLDERS.map((folder) => project(folder, [folder]))
      : [project("all", FOLDERS)],
  },
});
