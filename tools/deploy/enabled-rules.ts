import { EventBridgeClient, ListRulesCommand } from "@aws-sdk/client-eventbridge";

import { SDK_LIMITS } from "../../lambdas/adapters/sdk-limits.ts";

/** Names of the rules of a bus that take events. Only where a route can be paused, the deploying role has the right. */
export async function enabledRulesOf(
  region: string,
  EventBusName: string,
): Promise<ReadonlySet<string>> {
  const client = new EventBridgeClient({ ...SDK_LIMITS, region });
  const names = new Set<string>();
  let NextToken: string | undefined;
  do {
    const page = await client.send(
      new ListRulesCommand({ EventBusName, ...(NextToken !== undefined && { NextToken }) }),
    );
    for (const { Name = "", State } of page.Rules ?? []) if (State === "ENABLED") names.add(Name);
    ({ NextToken } = page);
  } while (NextToken !== undefined);
  return names;
}
