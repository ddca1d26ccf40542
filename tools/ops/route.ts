import { DisableRuleCommand, EnableRuleCommand } from "@aws-sdk/client-eventbridge";
import { DeleteMessageCommand } from "@aws-sdk/client-sqs";

import { ROUTE_TITLES } from "../../lambdas/settings/routes.ts";
import { lookThrough } from "./dead-letter-queue.ts";
import { deliverAgain, eventIn } from "./deliver-again.ts";
import { OperatorError, UsageError } from "./operator-error.ts";
import type { Clock, Given } from "./options.ts";
import type { ResultOf } from "./results.ts";
import { isEnabled, rulesOf } from "./route-rules.ts";
import type { RouteRules } from "./route-rules.ts";
import type { ConnectedStack } from "./stack.ts";
import { agreed } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";
import { counted } from "../terminal/counted.ts";

/**
 * EventBridge: "incoming events might not immediately start matching", without a time (its reference, "EnableRule" and
 * "DisableRule"). It takes seconds; while one waits, an event is in both places.
 */
const SETTLE_MS = 60_000;

type RouteOptions = Pick<Given, "second" | "yes"> & Clock;

/**
 * `route`: pauses a route without the loss of an event, and resumes it.
 *
 * 1. A pause enables the rule that keeps, and waits until it takes effect.
 * 2. It looks whether that rule is on, and then disables the rules of the targets.
 * 3. A resume goes the other way: at any moment one of the two is on.
 * 4. It then delivers each held event to each target, marked as a replay, and deletes it after that.
 */
export async function route(
  stack: ConnectedStack,
  action: string,
  options: RouteOptions,
  terminal: Terminal,
): Promise<ResultOf<"route">> {
  if (!["pause", "resume", "status"].includes(action)) {
    throw new UsageError(
      `"${action}" is nothing to do with a route. Write pause, resume or status, then the route.`,
    );
  }
  if (options.second === "")
    throw new UsageError("Name the route: npm run ops -- route pause approved");
  const rules = await rulesOf(stack, options.second);
  const { route: name, targets } = rules;
  if (action === "pause") {
    await pause(stack, rules, options, terminal);
    return { route: name, state: "paused", targets: [...targets], delivered: 0 };
  }
  if (action === "resume") {
    const delivered = await resume(stack, rules, options, terminal);
    return { route: name, state: "active", targets: [...targets], delivered };
  }
  const state = await stateOf(stack, rules);
  terminal.print(`${name}: ${SAYS[state]}`, `  targets: ${targets.join(", ")}`);
  return { route: name, state, targets: [...targets], delivered: 0 };
}

type RouteState = ResultOf<"route">["state"];

const SAYS: Readonly<Record<RouteState, string>> = {
  active: "active",
  both: "active, and its events are also kept: run pause or resume again",
  paused: "paused",
  off: "OFF, and its events are LOST: run route pause now, which keeps them",
};

async function pause(
  stack: ConnectedStack,
  rules: RouteRules,
  { yes, wait }: RouteOptions,
  terminal: Terminal,
): Promise<void> {
  const { hold, live } = rules;
  if (!yes) {
    const question = `Pause the route ${rules.route} of ${stack.stackName}? Its targets (${rules.targets.join(", ")}) receive nothing until you resume it.`;
    await agreed(terminal, question, "The route was not paused");
  }
  await turn(stack, "on", [hold]);
  terminal.print(
    "The rule that keeps the events is on. Waiting a minute, so that it takes effect.",
  );
  await wait(SETTLE_MS);
  if (!(await isEnabled(stack, hold))) {
    throw new OperatorError(
      `The rule ${hold} is off again, so the route was not paused. Is a deployment running? Run the command again after it.`,
    );
  }
  await turn(stack, "off", live);
  terminal.print(
    `The route ${rules.route} is paused. Its events are kept for 14 days. To resume it: npm run ops -- route resume ${rules.route}`,
  );
}

async function resume(
  stack: ConnectedStack,
  rules: RouteRules,
  { yes, wait, now }: RouteOptions,
  terminal: Terminal,
): Promise<number> {
  const { hold, live } = rules;
  if (!yes) {
    const question = `Resume the route ${rules.route} of ${stack.stackName}, and deliver its held events to ${rules.targets.join(", ")}?`;
    await agreed(terminal, question, "The route was not resumed");
  }
  await turn(stack, "on", live);
  terminal.print("The rules of the targets are on. Waiting a minute, so that they take effect.");
  await wait(SETTLE_MS);
  for (const rule of live) {
    if (!(await isEnabled(stack, rule))) {
      throw new OperatorError(
        `The rule ${rule} is off again, so the pause goes on, and nothing is lost. Run the command again.`,
      );
    }
  }
  await turn(stack, "off", [hold]);
  await wait(SETTLE_MS);
  const moved = await deliverHeld(stack, rules, new Date(now).toISOString(), terminal);
  terminal.print(
    `The route ${rules.route} is resumed. ${counted(moved, "message")} of the pause went to each of its targets (${rules.targets.join(", ")}).`,
  );
  return moved;
}

/** An event is deleted when every target has it: a failure in between delivers it twice, under its `eventId`. */
async function deliverHeld(
  stack: ConnectedStack,
  { route: name, targets, heldQueueUrl }: RouteRules,
  at: string,
  terminal: Terminal,
): Promise<number> {
  let moved = 0;
  try {
    await lookThrough(
      stack,
      async (_, { Body = "", ReceiptHandle }) => {
        const event = eventIn(Body);
        if (event === null || event["detail-type"] !== ROUTE_TITLES[name]) return "keep";
        for (const target of targets) {
          await deliverAgain(stack, event, { route: name, target }, { reason: "resume", at });
        }
        await stack.sqs.send(new DeleteMessageCommand({ QueueUrl: heldQueueUrl, ReceiptHandle }));
        moved += 1;
        terminal.progress(`Delivered ${moved} so far …`);
        return "gone";
      },
      heldQueueUrl,
    );
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new OperatorError(
      `The route is resumed, and ${counted(moved, "message")} of the pause were delivered, then it stopped (${why}). The others are still held. Run the command again.`,
      { cause: error },
    );
  }
  return moved;
}

async function stateOf(stack: ConnectedStack, { hold, live }: RouteRules): Promise<RouteState> {
  const on = await Promise.all(live.map((rule) => isEnabled(stack, rule)));
  const keeps = await isEnabled(stack, hold);
  if (on.every(Boolean)) return keeps ? "both" : "active";
  return keeps ? "paused" : "off";
}

async function turn(
  { events, stackName }: ConnectedStack,
  state: "on" | "off",
  rules: readonly string[],
): Promise<void> {
  for (const Name of rules) {
    const input = { Name, EventBusName: stackName };
    if (state === "on") await events.send(new EnableRuleCommand(input));
    else await events.send(new DisableRuleCommand(input));
  }
}
