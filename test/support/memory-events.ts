import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import * as v from "valibot";
import { ROUTE_IDS } from "../../lambdas/settings/routes.ts";
import { answered } from "../../tools/cloud-in-memory/clients.ts";

const InputSchema = v.object({
  Name: v.optional(v.string(), ""),
  EventBusName: v.optional(v.string()),
  Entries: v.optional(
    v.array(
      v.object({
        EventBusName: v.optional(v.string()),
        Source: v.string(),
        DetailType: v.string(),
        Detail: v.string(),
      }),
    ),
    [],
  ),
});

/** EventBridge as `ops route` and `ops redrive --target` call it. */
export function memoryEvents() {
  /** Rules that are on or off; one that was never turned is as the template has it. */
  const states = new Map<string, string>();
  const calls: string[] = [];
  const put: { readonly type: string; readonly detail: unknown }[] = [];
  /** Called before each operation; what it throws is the operation's failure. */
  const hooks: { onCall: (call: string) => void } = { onCall: () => undefined };
  const client = answered(
    new EventBridgeClient({ region: "us-east-1" }),
    (given, commandName): object => {
      const { Name, EventBusName, Entries } = v.parse(InputSchema, given);
      const operation = commandName.replace("Command", "");
      const buses =
        operation === "PutEvents" ? Entries.map((one) => one.EventBusName) : [EventBusName];
      for (const bus of buses) {
        // Without a name it is the default bus of the account, which has none of the rules.
        if (bus !== undefined && bus.startsWith("AlloyJourneyWebhooks-")) continue;
        throw new Error(`${operation} of another bus: ${bus ?? "default"}`);
      }
      hooks.onCall(`${operation} ${Name}`);
      switch (operation) {
        case "EnableRule":
        case "DisableRule":
          calls.push(`${operation} ${Name}`);
          states.set(Name, operation === "EnableRule" ? "ENABLED" : "DISABLED");
          return {};
        case "DescribeRule":
          return {
            State: states.get(Name) ?? (Name.endsWith("-hold") ? "DISABLED" : "ENABLED"),
            EventPattern: JSON.stringify({ "detail-type": [replayOf(Name)] }),
          };
        case "PutEvents":
          for (const { DetailType, Detail } of Entries) {
            calls.push(`PutEvents ${DetailType}`);
            put.push({ type: DetailType, detail: JSON.parse(Detail) });
          }
          return {
            FailedEntryCount: 0,
            Entries: Entries.map((_, index) => ({ EventId: `e${index}` })),
          };
        default:
          throw new Error(`${operation} is not known here.`);
      }
    },
  );
  return { client, states, calls, put, hooks };
}

/** The pattern of a replay rule, by its name. */
function replayOf(name: string): string {
  const rest = name.replace(/-replay$/, "").replace(/^AlloyJourneyWebhooks-[a-z]+-/, "");
  const route = ROUTE_IDS.find((one) => rest.startsWith(`${one}-`)) ?? "none";
  return `${route}/${rest.slice(route.length + 1)}`;
}
