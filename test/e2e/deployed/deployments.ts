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

/** Whether an emulator can be had on this machine: the first stack that is deployed says it, once it is there. */
export async function hasEmulator(): Promise<boolean> {
  const [first] = Object.values(inject("deployments"));
  if (first === undefined) throw new Error("Nothing was deployed.");
  return (await deployed(first)) !== null;
}

/** The deployment of the file that runs. @throws Error when it has none. */
export function ownDeployment(): Deployment {
  const file = basename(expect.getState().testPath ?? "");
  const own = inject("deployments")[file];
  if (own === undefined) throw new Error(`No stack was deployed for ${file}.`);
  return own;
}

/** The stack of a deployment in its emulator, once it is there; null when no emulator can be had. */
export async function deployed({
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
