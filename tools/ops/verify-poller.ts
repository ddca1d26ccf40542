import * as v from "valibot";

import { invokePoller } from "./poll.ts";
import { green } from "../deploy/finding.ts";
import type { Finding, Result } from "../deploy/finding.ts";
import type { ConnectedStack } from "./stack.ts";
import type { Terminal } from "./terminal.ts";
import { unread } from "./verify-finding.ts";

const ProbeSchema = v.object({ probe: v.string() });

/** Whether Alloy answers the poller: it asks for an application that nobody has. */
export async function checkPoller(stack: ConnectedStack, terminal: Terminal): Promise<Finding> {
  const look = async () => resultOf(await invokePoller(stack, { probe: true }, terminal));
  return { check: "Alloy's API", ...(await look().catch(unread)) };
}

function resultOf(report: unknown): Result {
  const good = "Alloy lets the poller's key in";
  const parsed = v.safeParse(ProbeSchema, report);
  if (!parsed.success) {
    const fix = "deploy this version first";
    return { state: "red", found: "the stack's poller is older than this tool", good, fix };
  }
  const { probe } = parsed.output;
  // Alloy knows the key, and no application of this name: an answer of another server would say the same, so that
  // only the first real application settles the address.
  if (probe === "unknown" || probe === "application") return green("the key is let in", good);
  const fix =
    probe === "unauthorized"
      ? "fill AlloyApiSecret with a key of the stage's environment (docs/credentials.md)"
      : "compare alloy.baseUrl in lib/stages.ts; npm run ops -- logs poller";
  return { state: "red", found: probe, good, fix };
}
