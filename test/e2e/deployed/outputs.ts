import { existsSync, readFileSync } from "node:fs";
import * as v from "valibot";

/** The outputs file of docs/contracts.md#commands, which is all that a test needs; without an endpoint there is no emulator. */
const Outputs = v.object({
  endpoint: v.nullable(v.string()),
  region: v.string(),
  webhookUrl: v.string(),
  basic: v.object({ username: v.string(), password: v.string() }),
  hmac: v.string(),
  outputs: v.record(v.string(), v.string()),
  refusals: v.nullable(v.string()),
});
export type Outputs = v.InferOutput<typeof Outputs>;

/** Null: it is not there yet. */
export function outputsIn(file: string): Outputs | null {
  return existsSync(file) ? v.parse(Outputs, JSON.parse(readFileSync(file, "utf8"))) : null;
}
