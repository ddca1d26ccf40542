import { refuseBeyondLimits } from "../../tools/strict-aws/strict-client.ts";
import type { RefusedCall } from "../../tools/strict-aws/strict-client.ts";
import { refusedCalls } from "./iam.ts";

const byLimits: (readonly RefusedCall[])[] = [];
const byProxies: string[] = [];
/** How many of the refusals so far a test has asked for. */
let expected = 0;

/** Has a client refuse what AWS's documented limits refuse; a test that did not expect that fails. */
export function withinLimits(client: unknown): readonly RefusedCall[] {
  const refused = refuseBeyondLimits(client);
  byLimits.push(refused);
  return refused;
}

/** The same of what a proxy has refused, which is told as a sentence. */
export function noteRefusal(sentence: string): void {
  byProxies.push(sentence);
}

/** All that IAM or a documented limit has refused, and no test has expected, as sentences. */
export function unexpectedRefusals(): readonly string[] {
  return allRefusals().slice(expected);
}

/** For a test of a refusal, after it: what was refused until now had to be. */
export function expectRefusals(): void {
  expected = allRefusals().length;
}

function allRefusals(): readonly string[] {
  const beyondLimits = byLimits
    .flat()
    .map(({ operation, refusal }) => `${operation}: ${refusal.name}: ${refusal.message}`);
  return [...refusedCalls(), ...beyondLimits, ...byProxies];
}
