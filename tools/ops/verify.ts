import { isGood, tableOf } from "../deploy/report.ts";
import { OperatorError } from "./operator-error.ts";
import type { Finding, Result } from "../deploy/finding.ts";
import type { ResultOf } from "./results.ts";
import type { ConnectedStack } from "./stack.ts";
import type { Terminal } from "./terminal.ts";
import { checkAlarms, checkChannels, ringChannels } from "./verify-alarms.ts";
import { checkArrival } from "./verify-arrival.ts";
import type { ArrivalOptions } from "./verify-arrival.ts";
import { checkPoller } from "./verify-poller.ts";
import { checkEncryption, checkRetention, resourcesOf } from "./verify-resources.ts";
import { unread } from "./verify-finding.ts";

export interface VerifyOptions extends ArrivalOptions {
  /** Ring an alarm of each severity, which whoever is on call receives. */
  readonly ring: boolean;
}

/**
 * `verify`: the first contact with a stack that is deployed and filled (docs/first-contact.md). It sends one authentic
 * webhook of no application through the deployed URL, and looks at whatever must be right before Alloy sends any.
 *
 * @throws OperatorError when a line is red.
 */
export async function verify(
  stack: ConnectedStack,
  options: VerifyOptions,
  terminal: Terminal,
): Promise<ResultOf<"verify">> {
  const findings: Finding[] = await checkArrival(stack, options, terminal);
  findings.push(await checkPoller(stack, terminal));
  const looks: readonly (readonly [string, () => Promise<Result>])[] = [
    ["alarm channels", async () => checkChannels(stack, await resourcesOf(stack))],
    ["test alarms", async () => ringChannels(stack, options)],
    ["alarms", async () => checkAlarms(stack)],
    ["encryption", async () => checkEncryption(stack, await resourcesOf(stack))],
    ["retention", async () => checkRetention(stack, await resourcesOf(stack))],
  ];
  for (const [check, look] of looks) {
    const result = await look().catch(unread);
    findings.push({ check, ...(stack.isLocal ? inEmulator(result) : result) });
  }
  terminal.print(...tableOf(findings));
  const red = findings.filter(({ state }) => state === "red").map(({ check }) => check);
  const found = { isReady: isGood(findings), findings };
  if (found.isReady) return found;
  throw new OperatorError(
    `Not ready: ${red.join(", ")}. Mend these, and run the command again. Good: every line green (docs/first-contact.md).`,
    { found },
  );
}

/** An emulator has no keys of topics, no rules of buckets, and writes down no action of an alarm. */
function inEmulator(result: Result): Result {
  if (result.state !== "red") return result;
  return {
    ...result,
    state: "yellow",
    fix: "look at it in an account: the emulator does not keep it",
  };
}
