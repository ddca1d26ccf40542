import { setTimeout as sleep } from "node:timers/promises";

import { DeleteMessageCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import type { Message } from "@aws-sdk/client-sqs";

import { jsonForSqs } from "../../lambdas/domain/event/envelope.ts";
import { ROUTE_IDS } from "../../lambdas/settings/routes.ts";
import type { RouteId } from "../../lambdas/settings/routes.ts";
import { pascalCase } from "../../lib/pascal-case.ts";
import { choiceText, isChosen } from "./dead-letter.ts";
import type { Choice } from "./dead-letter.ts";
import { lookThrough } from "./dead-letter-queue.ts";
import { deliverAgain, eventIn } from "./deliver-again.ts";
import type { BusEvent } from "./deliver-again.ts";
import type { LetterQueue } from "./letter-queues.ts";
import { stoppedAfter } from "./move-by-hand.ts";
import { OperatorError } from "./operator-error.ts";
import type { Given } from "./options.ts";
import { makePollerRuns } from "./poll.ts";
import { targetOf } from "./redrive-target.ts";
import type { ResultOf } from "./results.ts";
import { rulesOf } from "./route-rules.ts";
import type { RouteRules } from "./route-rules.ts";
import type { ConnectedStack } from "./stack.ts";
import { agreed } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";
import { resourcesOf } from "./verify-resources.ts";
import { counted } from "../terminal/counted.ts";

type OtherKind = Exclude<LetterQueue["kind"], "events">;

/** Where a dead letter of each queue goes. */
export const DESTINATIONS: Readonly<Record<OtherKind, string>> = {
  route: "go to the route's queue or target again",
  bus: "go to the queue or targets of its route again",
  submission: "go into the event queue",
  schedule: "be removed after a run of the poller, which does what the failed start did not",
};

type Options = Pick<Given, "limit" | "perSecond" | "yes"> & {
  readonly choice: Choice;
  readonly queue: LetterQueue;
  readonly now: number;
};

/**
 * Redrives the dead letters of a route, of submissions, of the schedule, or of the bus. A message is where it belongs
 * before it is deleted, so that a run that is cut off leaves it in both, and the next run continues.
 */
export async function redriveElsewhere(
  stack: ConnectedStack,
  options: Options,
  terminal: Terminal,
): Promise<ResultOf<"redrive">> {
  const { choice, queue, limit, perSecond, yes, now } = options;
  const { id, kind, url } = queue;
  if (kind === "events") throw new Error(`${id} has a redrive of its own.`);
  if (!yes) {
    const question = `Redrive the messages of ${id}${choiceText(choice)} of ${stack.stackName}? They ${DESTINATIONS[kind]}.`;
    await agreed(terminal, question, "No message was moved");
  }
  if (kind === "schedule") await makePollerRuns(stack, terminal, 1)();
  const routes = new Map<RouteId, Promise<Destination>>();
  let moved = 0;
  let stayed = 0;
  try {
    await lookThrough(
      stack,
      async (letter, message) => {
        if (!isChosen(letter, choice)) return "keep";
        // What came later may be what was just sent, and failed again.
        if (letter.sentAt > now) {
          stayed += 1;
          return "keep";
        }
        if (moved === limit) return "stop";
        if (moved > 0 && perSecond !== null) await sleep(1_000 / perSecond);
        await send(message);
        await stack.sqs.send(
          new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: message.ReceiptHandle }),
        );
        moved += 1;
        terminal.progress(`Moved ${moved} so far …`);
        return "gone";
      },
      url,
    );
  } catch (error) {
    throw stoppedAfter("redrive", moved, error);
  }
  terminal.print(
    moved === 0
      ? `${id} has no message${choiceText(choice)}.`
      : `Moved ${counted(moved, "message")} of ${id}.`,
  );
  if (stayed > 0)
    terminal.print(`${counted(stayed, "message")} arrived during the move and stayed there.`);
  return { isDryRun: false, moved, stayed };

  async function send(message: Message): Promise<void> {
    const { Body = "" } = message;
    if (kind === "schedule") return;
    if (kind === "submission") return sendTo(stack, stack.eventQueueUrl, submissionIn(Body));
    const event = eventIn(Body);
    const route = queue.route ?? ROUTE_IDS.find((one) => one === event?.detail["route"]);
    if (event === null || route === undefined) {
      throw new Error(`message ${message.MessageId ?? "?"} is no event of a route: discard it`);
    }
    const destination = routes.get(route) ?? destinationOf(stack, route);
    routes.set(route, destination);
    await deliver(stack, await destination, { event, route, message, now });
  }
}

/** Where events of a route go: its targets by their rules, or its own queue. */
type Destination = { readonly rules: RouteRules } | { readonly queueUrl: string };

async function destinationOf(stack: ConnectedStack, route: RouteId): Promise<Destination> {
  const resources = await resourcesOf(stack);
  const name = pascalCase(route);
  const hasTargets = resources
    .ofType("AWS::Events::Rule")
    .some(({ id }) => id === `${name}HoldRule`);
  if (hasTargets) return { rules: await rulesOf(stack, route) };
  const queue = resources.ofType("AWS::SQS::Queue").find(({ id }) => id === `${name}Queue`);
  if (queue !== undefined) return { queueUrl: queue.name };
  throw new OperatorError(
    `The route ${route} has only targetArn, to which this tool has no right. Write routes.${route}.targets instead, and deploy: then its dead letters can be delivered again.`,
  );
}

async function deliver(
  stack: ConnectedStack,
  destination: Destination,
  {
    event,
    route,
    message,
    now,
  }: {
    readonly event: BusEvent;
    readonly route: RouteId;
    readonly message: Message;
    readonly now: number;
  },
): Promise<void> {
  if ("queueUrl" in destination) return sendTo(stack, destination.queueUrl, jsonForSqs(event));
  const { rules } = destination;
  const failed = targetOf(message, rules, stack.stackName);
  const targets = failed !== undefined && rules.targets.includes(failed) ? [failed] : rules.targets;
  const mark = { reason: "redrive", at: new Date(now).toISOString() } as const;
  for (const target of targets) await deliverAgain(stack, event, { route, target }, mark);
}

/** The envelope that the rule's input transformer would have made (docs/contracts.md#queue-message). */
function submissionIn(body: string): string {
  const event = eventIn(body);
  // A message that failed behind the rule is an envelope already.
  if (event?.id === undefined || event.time === undefined) return body;
  return jsonForSqs({
    v: 1,
    kind: "submission",
    receiptId: event.id,
    receivedAt: event.time,
    submission: event.detail,
  });
}

async function sendTo(
  { sqs }: ConnectedStack,
  QueueUrl: string,
  MessageBody: string,
): Promise<void> {
  const { MessageId } = await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
  // Only what the answer names is there; the dead letter must not go before.
  if (MessageId === undefined) throw new Error("the queue names no message in its answer");
}
