import { readFileSync } from "node:fs";
import type { Construct } from "constructs";
import * as v from "valibot";
import { ROOT } from "./installation.ts";

const CdkJsonSchema = v.object({ context: v.record(v.string(), v.unknown()) });

/** CDK's feature flags as our cdk.json has them, and what else stands in its context. */
export function ourContext(): Readonly<Record<string, unknown>> {
  return v.parse(CdkJsonSchema, JSON.parse(readFileSync(`${ROOT}cdk.json`, "utf8"))).context;
}

/**
 * Sets CDK's feature flags as ours are, for everything that will be in a scope: the template is the same in every app,
 * whatever flags that one has. Call it before anything is in the scope.
 */
export function useOurFeatureFlags(scope: Construct): void {
  for (const [flag, value] of Object.entries(ourContext())) scope.node.setContext(flag, value);
}
