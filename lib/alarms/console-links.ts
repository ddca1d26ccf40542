import { Fn, Stack } from "aws-cdk-lib";
import type { ILogGroup } from "aws-cdk-lib/aws-logs";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { isInWholePipeline, isLean } from "../constructs/stateful.ts";

/** A page of the AWS console, in an alarm's description. */
export interface ConsoleLink {
  readonly title: string;
  /** Null: this stack has no such page. */
  readonly url: string | null;
}

/** The queue's messages, with the buttons to poll and to redrive them. */
export function queueLink(title: string, queue: IQueue): ConsoleLink {
  // The console takes the queue's URL with its slashes and colon escaped.
  const escaped = Fn.join("%2F", Fn.split("/", Fn.join("%3A", Fn.split(":", queue.queueUrl))));
  return { title, url: `${consoleOf(Stack.of(queue))}/sqs/v3/home#/queues/${escaped}` };
}

/** The log groups of a function. */
export function logsLink(title: string, logGroup: ILogGroup): ConsoleLink {
  const name = Fn.join("$252F", Fn.split("/", logGroup.logGroupName));
  return {
    title,
    url: `${consoleOf(Stack.of(logGroup))}/cloudwatch/home#logsV2:log-groups/log-group/${name}`,
  };
}

/** The dashboard of the stack. */
export function dashboardLink(scope: Construct): ConsoleLink {
  const stack = Stack.of(scope);
  return {
    title: "Dashboard",
    url:
      isInWholePipeline(scope) && !isLean(scope)
        ? `${consoleOf(stack)}/cloudwatch/home#dashboards/dashboard/${dashboardNameOf(stack)}`
        : null,
  };
}

/** One dashboard a stack, under its name. */
export function dashboardNameOf(stack: Stack): string {
  return stack.stackName;
}

function consoleOf({ region }: Stack): string {
  return `https://${region}.console.aws.amazon.com`;
}
