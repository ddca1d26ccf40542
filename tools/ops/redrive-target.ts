import { DeleteMessageCommand } from "@aws-sdk/client-sqs";
import type { Message } from "@aws-sdk/client-sqs";

import { rulesOfRoute } from "../../lib/config/rule-names.ts";
import { OWN_TARGETS } from "../../lib/config/route-targets.ts";
import { lookThrough } from "./dead-letter-queue.ts";
import { deliverAgain, eventIn } from "./deliver-again.ts";
import { stoppedAfter } from "./move-by-hand.ts";
import { UsageError } from "./operator-error.ts";
import type { Given } from "./options.ts";
import type { ResultOf } from "./results.ts";
import { rulesOf } from "./route-rules.ts";
import type { RouteRules } from "./route-rules.ts";
import type { ConnectedStack } from "./stack.ts";
import { agreed } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";
import { timeText } from "./time-text.ts";
import { counted } from "../terminal/counted.ts";

type Options = Pick<Given, "application" | "event" | "limit" | "dryRun" | "yes">;

/**
 * A target of a route by what people write, such as `approved/ledger`.
 *
 * @throws UsageError when it is none.
 */
export async function targetNamed(stack: ConnectedStack, text: string) {
  const [route = "", target = ""] = text.split("/");
  const rules = await rulesOf(stack, route);
  if (rules.targets.includes(target)) return { rules, target };
  throw new UsageError(
    `The route ${route} has no target "${target}". It has ${rules.targets.join(", ")}: write --target ${route}/${rules.targets[0] ?? "<name>"}.`,
  );
}

/**
 * `redrive --target`: delivers the dead letters of one target to it alone, each marked as a replay. EventBridge has the
 * rights to the target, and people do not: a dead letter goes through the bus, and is deleted once the bus has it.
 */
export async function redriveTarget(
  stack: ConnectedStack,
  named: string,
  options: Options,
  terminal: Terminal,
  now: number,
): Promise<ResultOf<"redrive">> {
  const { rules, target } = await targetNamed(stack, named);
  const { dryRun, yes, limit } = options;
  if (!dryRun && !yes) {
    await agreed(
      terminal,
      `Deliver the dead letters of ${named} to it again?`,
      "No message was moved",
    );
  }
  let moved = 0;
  let others = 0;
  try {
    await lookThrough(
      stack,
      async ({ sentAt }, message) => {
        const event = eventIn(message.Body ?? "");
        if (event === null || targetOf(message, rules, stack.stackName) !== target) {
          others += 1;
          return "keep";
        }
        const { eventId = "?", applicationToken } = event.detail;
        const isChosen =
          (options.application === null || applicationToken === options.application) &&
          (options.event === null || eventId === options.event);
        // What came later may be what was just delivered, and failed again.
        if (!isChosen || sentAt > now) return "keep";
        if (moved === limit) return "stop";
        if (dryRun) {
          moved += 1;
          terminal.print(`${timeText(sentAt)}  ${event["detail-type"]} ${eventId}`);
          return "keep";
        }
        const mark = { reason: "redrive", at: new Date(now).toISOString() } as const;
        await deliverAgain(stack, event, { route: rules.route, target }, mark);
        const { ReceiptHandle } = message;
        await stack.sqs.send(
          new DeleteMessageCommand({ QueueUrl: rules.deadLetterQueueUrl, ReceiptHandle }),
        );
        moved += 1;
        return "gone";
      },
      rules.deadLetterQueueUrl,
    );
  } catch (error) {
    throw stoppedAfter("redrive", moved, error);
  }
  terminal.print(
    dryRun
      ? `Dry run: ${counted(moved, "message")} would be delivered to ${named} again. No message was moved.`
      : `Delivered ${counted(moved, "message")} to ${named} again.`,
  );
  if (others > 0)
    terminal.print(`${counted(others, "message")} of other targets of the route stayed.`);
  return { isDryRun: dryRun, moved, stayed: others };
}

/** Which target a dead letter is of: EventBridge names the rule, and a queue's reader nothing. */
export function targetOf(
  { MessageAttributes = {} }: Message,
  { route, targets }: RouteRules,
  stackName: string,
): string | undefined {
  const rule = MessageAttributes["RULE_ARN"]?.StringValue?.split("/").at(-1);
  if (rule === undefined) return OWN_TARGETS.queue;
  const names = rulesOfRoute(stackName, route);
  if (rule === names.own) {
    const arn = MessageAttributes["TARGET_ARN"]?.StringValue ?? "";
    // CloudFormation names the route's own queue after the stack.
    return arn.includes(`:sqs:`) && arn.includes(`:${stackName}-`)
      ? OWN_TARGETS.queue
      : OWN_TARGETS.arn;
  }
  return targets.find((target) => rule === names.of(target) || rule === names.replay(target));
}
