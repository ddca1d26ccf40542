import { deployed, hasEmulator, ownDeployment } from "./deployments.ts";
import type { DrivenStack } from "./deployments.ts";

/** Whether there is no stack to drive: `describe.skipIf(isSkipped)`. */
export const isSkipped = !(await hasEmulator());

/** Of the files that this worker has begun: they share their modules. */
const stacks = new Map<string, DrivenStack | null>();

/** Waits for the stack of the file that runs. @returns it; null when no emulator can be had on this machine. */
export async function untilDeployed(): Promise<DrivenStack | null> {
  const own = ownDeployment();
  const stack = await deployed(own);
  stacks.set(own.file, stack);
  return stack;
}

/** The stack of the file that runs. @throws Error when it was not waited for, or cannot be had. */
export function ownStack(): DrivenStack {
  const stack = stacks.get(ownDeployment().file) ?? null;
  if (stack === null) throw new Error("There is no stack to drive: skip these tests.");
  return stack;
}
