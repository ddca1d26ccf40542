import type { StageConfiguration } from "../../lib/config/stage-configuration.ts";
import { knownEntries, linesOf } from "./credential-history.ts";
import { OperatorError, UsageError } from "./operator-error.ts";
import { probe } from "./probe.ts";
import type { Probed } from "./probe.ts";
import type { ResultOf } from "./results.ts";
import { resultOf } from "./rotate-result.ts";
import { addEntry } from "./rotate-add.ts";
import type { AddOptions } from "./rotate-add.ts";
import { removeEntry } from "./rotate-remove.ts";
import type { RemoveOptions } from "./rotate-remove.ts";
import type { ConnectedStack } from "./stack.ts";
import type { Terminal } from "./terminal.ts";

/**
 * `rotate`: the credentials by which Alloy's webhooks authenticate.
 *
 * Every entry of the secret is valid at once: add a new one, switch Alloy, remove the old one.
 */
export async function rotate(
  stack: ConnectedStack,
  action: string,
  options: AddOptions &
    RemoveOptions & { readonly stages: readonly Pick<StageConfiguration, "stage" | "auth">[] },
  terminal: Terminal,
): Promise<ResultOf<"rotate">> {
  if (options.stages.some(({ stage, auth }) => stage === stack.stage && auth !== "secret")) {
    throw new OperatorError(
      `The stage ${stack.stage} takes OAuth 2.0, and reads no WebhookSecret. To rotate the client's secret: docs/oauth.md#rotate-the-client-secret.`,
    );
  }
  switch (action) {
    case "list":
      return list(stack, terminal);
    case "check":
      return check(stack, terminal);
    case "add":
      return addEntry(stack, options, terminal);
    case "remove":
      return removeEntry(stack, options, terminal);
    default:
      throw new UsageError(
        `"${action}" is nothing to do with credentials. Write list, check, add or remove.`,
      );
  }
}

async function list(stack: ConnectedStack, terminal: Terminal): Promise<ResultOf<"rotate">> {
  const known = await knownEntries(stack);
  terminal.print(
    known.length === 0
      ? "WebhookSecret has no entry: ingest answers every request with 401. To add one: npm run ops -- rotate add --basic alloy"
      : `WebhookSecret of ${stack.stackName}:`,
    ...linesOf(known),
  );
  if (known.length > 1) {
    terminal.print(
      "Nothing records which entry Alloy uses: ingest compares a webhook with all of them. Look in Alloy's Settings > Webhooks.",
    );
  }
  return resultOf("list", known);
}

async function check(stack: ConnectedStack, terminal: Terminal): Promise<ResultOf<"rotate">> {
  const known = await knownEntries(stack);
  const valid = known.filter(({ entry }) => entry.refused === null);
  const probes: Probed[] = [];
  // One after the other: each sandbox then reads the secret once.
  for (const { entry } of valid) probes.push(await probe(stack, entry));
  terminal.print(
    ...linesOf(known),
    ...probes.map(({ entry, state, answer }) => `  ${entry}: ${state} (${answer})`),
  );
  const found = resultOf("check", known, { probes });
  const failed = probes.filter(({ state }) => state !== "taken");
  if (valid.length === 0) throw new OperatorError("WebhookSecret has no valid entry.", { found });
  if (failed.length === 0) return found;
  throw new OperatorError(
    `The endpoint did not take ${failed.map(({ entry }) => entry).join(", ")}. For the reason: npm run ops -- logs ingest`,
    { found },
  );
}
