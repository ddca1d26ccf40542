import { DescribeLogGroupsCommand } from "@aws-sdk/client-cloudwatch-logs";

import { FUNCTIONS, logGroupOf } from "./logs.ts";
import { PLACES } from "./places.ts";
import type { ResultOf } from "./results.ts";
import type { ConnectedStack } from "./stack.ts";
import type { Terminal } from "./terminal.ts";
import { isoOf } from "./timeline.ts";
import { timeText } from "./time-text.ts";

/** How many of each were removed; counted up as it goes. */
export interface Removed {
  items: number;
  payloads: number;
  deadLetters: number;
  webhooks: number;
}

const DAY_MS = 86_400_000;

/** Prints the receipt of `forget`: what it has removed, and what remains, where and until when. No envelope's receipt. */
export async function printReceipt(
  stack: ConnectedStack,
  done: {
    readonly tokens: readonly string[];
    readonly removed: Removed;
    /** Items of Investigations that name the person. */
    readonly investigations: number;
    /** Epoch milliseconds. */
    readonly now: number;
  },
  terminal: Terminal,
): Promise<ResultOf<"forget">["remains"]> {
  const { tokens, removed, investigations, now } = done;
  const logsEnd = await logsEndOf(stack, now);
  terminal.print(
    `Receipt: ${tokens.join(", ")} in ${stack.stackName}, ${timeText(now)}`,
    "Removed:",
    `  ${removed.items} items of the application table and their entries in its indexes`,
    `  ${removed.payloads} bodies of the payload bucket`,
    `  ${removed.deadLetters} messages of the dead-letter queue`,
    `  ${removed.webhooks} unsupported webhooks that named the person`,
    "Remains:",
  );
  const remains: ResultOf<"forget">["remains"] = [];
  for (const { name, data, after = "", remainsMs } of PLACES) {
    if (data === "none" || after === "") continue;
    const end = remainsMs === "logs" ? logsEnd : remainsMs && timeText(now + remainsMs);
    const count = name === "ApplicationTable, Investigations" ? `${investigations} items: ` : "";
    terminal.print(`  ${name}: ${count}${after}${end === undefined ? "" : `; until ${end}`}`);
    const until = typeof remainsMs === "number" ? isoOf(now + remainsMs) : null;
    remains.push({ place: name, what: `${count}${after}`, until });
  }
  return remains;
}

/** When the last function's log of today ends, as text. */
async function logsEndOf(stack: ConnectedStack, now: number): Promise<string> {
  const days = await Promise.all(
    FUNCTIONS.map(async (name) => {
      const logGroupNamePrefix = await logGroupOf(stack, name);
      const { logGroups = [] } = await stack.logs.send(
        new DescribeLogGroupsCommand({ logGroupNamePrefix }),
      );
      return logGroups[0]?.retentionInDays ?? null;
    }),
  );
  const known = days.filter((one) => one !== null);
  return known.length === 0
    ? "their retention (retention.logs)"
    : timeText(now + Math.max(...known) * DAY_MS);
}
