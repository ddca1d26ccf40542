import {
  DescribeAlarmHistoryCommand,
  paginateDescribeAlarms,
  SetAlarmStateCommand,
} from "@aws-sdk/client-cloudwatch";
import { paginateListSubscriptionsByTopic } from "@aws-sdk/client-sns";

import { TEST_ALARMS } from "../../lambdas/settings/names.ts";
import { green } from "../deploy/finding.ts";
import type { Result } from "../deploy/finding.ts";
import type { ConnectedStack } from "./stack.ts";
import type { ArrivalOptions } from "./verify-arrival.ts";
import type { StackResources } from "./verify-resources.ts";

/** CloudWatch writes down within seconds what it did. */
const RUNG_MS = 30_000;

const PAUSE_MS = 2_000;

/** Alarms that are named. */
const MOST_NAMED = 5;

/** Whether each topic has a subscriber, and each subscriber has confirmed. */
export async function checkChannels(
  { sns }: ConnectedStack,
  resources: StackResources,
): Promise<Result> {
  const good = "a subscriber to each topic, and each one confirmed";
  const topics = resources.ofType("AWS::SNS::Topic");
  const silent: string[] = [];
  const pending: string[] = [];
  for (const { id, name } of topics) {
    let subscribers = 0;
    for await (const { Subscriptions = [] } of paginateListSubscriptionsByTopic(
      { client: sns },
      { TopicArn: name },
    )) {
      subscribers += Subscriptions.length;
      const isPending = Subscriptions.some(
        ({ SubscriptionArn = "" }) => !SubscriptionArn.startsWith("arn:"),
      );
      if (isPending) pending.push(id);
    }
    if (subscribers === 0) silent.push(id);
  }
  if (pending.length > 0) {
    const fix = "each subscriber opens the link that SNS has sent";
    return { state: "red", found: `not confirmed: ${pending.join(", ")}`, good, fix };
  }
  if (silent.length === 0) return green(`${topics.length} topics`, good);
  const fix = "alarms.channels in lib/stages.ts (docs/alerts.md); Slack is not counted here";
  return { state: "yellow", found: `nobody: ${silent.join(", ")}`, good, fix };
}

/** Rings an alarm of each severity, and reads whether CloudWatch could tell its topic. */
export async function ringChannels(
  { cloudWatch, stackName }: ConnectedStack,
  { ring, wait }: Pick<ArrivalOptions, "wait"> & { readonly ring: boolean },
): Promise<Result> {
  const good = "CloudWatch could notify each topic, and the people on call say that both arrived";
  if (!ring) {
    const fix = "tell the people on call, then: npm run ops -- verify --ring";
    return { state: "yellow", found: "not rung", good, fix };
  }
  const failed: string[] = [];
  for (const id of Object.values(TEST_ALARMS)) {
    const AlarmName = `${stackName}-${id}`;
    const since = Date.now();
    // An alarm acts on a change alone.
    for (const StateValue of ["OK", "ALARM"] as const) {
      const StateReason = "A test by npm run ops -- verify --ring: nothing is wrong.";
      await cloudWatch.send(new SetAlarmStateCommand({ AlarmName, StateValue, StateReason }));
    }
    if (!(await wasNotified(AlarmName, since))) failed.push(id);
  }
  if (failed.length === 0) return green(Object.values(TEST_ALARMS).join(", "), good);
  const fix = "compare the policies of the topics and of their key with the template";
  return { state: "red", found: `nothing was sent of: ${failed.join(", ")}`, good, fix };

  async function wasNotified(AlarmName: string, since: number): Promise<boolean> {
    for (let waited = 0; waited <= RUNG_MS; waited += PAUSE_MS) {
      const { AlarmHistoryItems = [] } = await cloudWatch.send(
        new DescribeAlarmHistoryCommand({
          AlarmName,
          HistoryItemType: "Action",
          // CloudWatch's clock, not this machine's.
          StartDate: new Date(since - RUNG_MS),
        }),
      );
      const action = AlarmHistoryItems.find(({ HistorySummary = "" }) =>
        /action/i.test(HistorySummary),
      );
      if (action !== undefined) return /^Success/i.test(action.HistorySummary ?? "");
      await wait(PAUSE_MS);
    }
    return false;
  }
}

/** Whether any alarm rings, or has no data to decide by. */
export async function checkAlarms({ cloudWatch, stackName }: ConnectedStack): Promise<Result> {
  const good = "none rings, and an hour after a deployment none has INSUFFICIENT_DATA";
  const ringing: string[] = [];
  const blind: string[] = [];
  let count = 0;
  for await (const { MetricAlarms = [], CompositeAlarms = [] } of paginateDescribeAlarms(
    { client: cloudWatch },
    { AlarmNamePrefix: `${stackName}-`, AlarmTypes: ["MetricAlarm", "CompositeAlarm"] },
  )) {
    for (const { AlarmName = "", StateValue } of [...MetricAlarms, ...CompositeAlarms]) {
      count += 1;
      const id = AlarmName.slice(stackName.length + 1);
      if (StateValue === "ALARM") ringing.push(id);
      if (StateValue === "INSUFFICIENT_DATA") blind.push(id);
    }
  }
  if (count === 0) {
    return { state: "red", found: "there is none", good, fix: "deploy the stack again" };
  }
  if (ringing.length > 0) {
    const fix = "docs/runbooks has a page for each";
    return { state: "yellow", found: `ringing: ${named(ringing)}`, good, fix };
  }
  if (blind.length === 0) return green(`${count} alarms`, good);
  const fix = "wait an hour after a deployment; what stays so watches a metric that nobody writes";
  return { state: "yellow", found: `INSUFFICIENT_DATA: ${named(blind)}`, good, fix };
}

function named(ids: readonly string[]): string {
  const more = ids.length - MOST_NAMED;
  return `${ids.slice(0, MOST_NAMED).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
