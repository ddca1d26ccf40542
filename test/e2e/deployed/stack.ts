import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, inject } from "vitest";
import type { Deployment } from "./global-setup.ts";
import { outputsIn } from "./outputs.ts";
import type { Outputs } from "./outputs.ts";

export interface DrivenStack
  extends Outputs, Pick<Deployment, "alloyPort" | "alloyApi" | "timeScale"> {
  readonly endpoint: string;
}

/**
 * The stack of this file in its emulator, once it is there; null when no emulator can be had on this machine. A file that
 * has none asks of the first one whether it is there.
 */
export const stack = await deployed(ownDeployment());

/** Whether there is no stack to drive: `describe.skipIf(isSkipped)`. */
export const isSkipped = stack === null;

function ownDeployment(): Deployment {
  const deployments = inject("deployments");
  const own = deployments[basename(expect.getState().testPath ?? "")];
  const [deployment = own] = Object.values(deployments);
  if (deployment === undefined) throw new Error("Nothing was deployed.");
  return own ?? deployment;
}

async function deployed({
  file,
  ended,
  unneeded,
  ...alloy
}: Deployment): Promise<DrivenStack | null> {
  for (;;) {
    const outputs = outputsIn(file) ?? outputsIn(unneeded);
    if (outputs !== null) {
      const { endpoint } = outputs;
      return endpoint === null ? null : { ...outputs, ...alloy, endpoint };
    }
    if (existsSync(ended))
      throw new Error(`npm start did not come up:\n${readFileSync(ended, "utf8")}`);
    await sleep(100);
  }
}
