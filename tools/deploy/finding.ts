import type { StageConfiguration } from "../../lib/config/stage-configuration.ts";
import type { StackTemplate } from "../template/template.ts";
import type { Account, DeployedStack } from "./account.ts";

/** `red`: the deployment would fail, or hurt. `yellow`: it would not, and somebody should know. */
export type State = "green" | "yellow" | "red";

/** One line of the table. */
export interface Finding {
  readonly check: string;
  readonly state: State;
  readonly found: string;
  /** What good looks like. */
  readonly good: string;
  /** What to do; null when it is good. */
  readonly fix: string | null;
}

/** What the checks look at. */
export interface Surroundings {
  readonly stage: StageConfiguration;
  readonly stackName: string;
  readonly template: StackTemplate;
  readonly account: Account;
  /** Null: it is not there yet. */
  readonly stack: DeployedStack | null;
}

/** What a check has found. */
export type Result = Omit<Finding, "check">;

export function green(found: string, good: string): Result {
  return { state: "green", found, good, fix: null };
}
