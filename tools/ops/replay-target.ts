import { randomUUID } from "node:crypto";

import * as v from "valibot";

import {
  applicantRegisterOf,
  applicationStateOf,
  EFFECTS_FROM,
  effectsOf,
} from "../../lambdas/adapters/dynamo/application-item.ts";
import type { ApplicationState } from "../../lambdas/domain/application/application-state.ts";
import { isDecisionBody, parseDecision } from "../../lambdas/domain/application/decision.ts";
import { allEffects, numberOf } from "../../lambdas/domain/application/effect-numbers.ts";
import { isLate } from "../../lambdas/domain/application/lateness.ts";
import { parseWebhook } from "../../lambdas/domain/event/parse-webhook.ts";
import { publishedDecision, publishedEvent } from "../../lambdas/domain/routing/published-event.ts";
import type { PublishedEvent } from "../../lambdas/domain/routing/published-event.ts";
import { eventWithinLimits } from "../../lambdas/domain/routing/within-limits.ts";
import { EVENT_SOURCE, ROUTE_TITLES } from "../../lambdas/settings/routes.ts";
import type { RouteId } from "../../lambdas/settings/routes.ts";
import { bodyOf, EventSchema, tokenOf } from "./application.ts";
import type { StoredEvent } from "./application.ts";
import { deliverAgain } from "./deliver-again.ts";
import type { BusEvent } from "./deliver-again.ts";
import { OperatorError, UsageError } from "./operator-error.ts";
import type { OptionsAt } from "./options.ts";
import type { ResultOf } from "./results.ts";
import { itemsOf, stateIn } from "./person.ts";
import type { StoredItem } from "./person.ts";
import { routeOfTarget } from "./route-rules.ts";
import type { ConnectedStack } from "./stack.ts";
import type { Terminal } from "./terminal.ts";
import { timeText } from "./time-text.ts";

/** An event that is published only if Alloy's answer confirms it: its own message never was. */
const RecordSchema = v.object({
  ...EventSchema.entries,
  isWithheld: v.optional(v.boolean(), false),
});
type RecordedEvent = v.InferOutput<typeof RecordSchema>;

/**
 * `replay --target`: publishes the recorded events of an application again, to one target of their route alone, each
 * marked as a replay. Nothing goes through the queue, and nothing is merged or counted.
 *
 * 1. Read the application and its events. Those of the target's route are chosen, as they are recorded.
 * 2. Make the event of each as the consumer would now: `status` and `outcome` are those of the application today.
 * 3. Put it on the bus under the source of replays, which the target's own rule hands on.
 */
export async function replayToTarget(
  stack: ConnectedStack,
  tokenOrExternalId: string,
  named: string,
  options: OptionsAt<"event" | "dryRun" | "force">,
  terminal: Terminal,
): Promise<ResultOf<"replay">> {
  const { event: eventId, dryRun, force, now } = options;
  if (force) {
    throw new UsageError(
      "--force publishes to everybody, and --target to one target. Leave one of them out.",
    );
  }
  const { route, target } = await routeOfTarget(stack, named);
  const token = await tokenOf(stack, tokenOrExternalId);
  const items = await itemsOf(stack, token);
  const state = wholeStateIn(items);
  if (state === null || state.forgottenAt !== null || state.isShadow) {
    throw new OperatorError(
      `The application ${token} is unknown here, forgotten, or a shadow of another one: it has no event to replay.`,
    );
  }
  const chosen = eventsIn(items).filter(
    (event) =>
      event.route === route && !event.isWithheld && (eventId === null || event.eventId === eventId),
  );
  if (chosen.length === 0) {
    throw new OperatorError(
      `The application ${token} has no published event${eventId === null ? "" : ` ${eventId}`} of the route ${route}. For the list: npm run ops -- show ${token}. What Alloy's answer alone said is in an archive of the bus, if the stage has one.`,
    );
  }
  const mark = { reason: "replay", at: new Date(now).toISOString() } as const;
  let sent = 0;
  for (const event of chosen) {
    const published = readableEventOf(event, state);
    if (typeof published === "string") {
      terminal.warn(`${event.eventId} (${event.type}) ${published}, so it is left out.`);
      continue;
    }
    if (dryRun) terminal.print(`${timeText(event.eventAt)}  ${event.type} ${event.eventId}`);
    else {
      const frame = frameOf(stack, eventWithinLimits(published), route, now);
      await deliverAgain(stack, frame, { route, target }, mark);
    }
    sent += 1;
  }
  terminal.print(
    dryRun
      ? `Dry run: ${sent} of ${chosen.length} events of ${token} would go to ${named} alone.`
      : `Sent ${sent} of ${chosen.length} events of ${token} to ${named} alone, marked as a replay.`,
  );
  return { isDryRun: dryRun, sent, chosen: chosen.length, leftOut: chosen.length - sent };
}

/** The state with its applicants and its numbers of effects, which may have items of their own. */
function wholeStateIn(items: readonly StoredItem[]): ApplicationState | null {
  const item = stateIn(items);
  if (item === undefined) return null;
  const state = applicationStateOf(item);
  const keyOf = ({ sk }: StoredItem) => String(sk);
  const applicants = items.filter((one) => keyOf(one).startsWith("APPLICANT#"));
  const apart = items.filter((one) => keyOf(one).startsWith(EFFECTS_FROM)).flatMap(effectsOf);
  return {
    ...state,
    entities: {
      ...Object.fromEntries(
        applicants.map((one) => [keyOf(one).slice("APPLICANT#".length), applicantRegisterOf(one)]),
      ),
      ...state.entities,
    },
    effects: allEffects(apart.slice(0, state.effects.apart), state.effects),
  };
}

function eventsIn(items: readonly StoredItem[]): readonly RecordedEvent[] {
  return items.flatMap((item) => {
    if (!String(item["sk"]).startsWith("EVENT#")) return [];
    const event = v.safeParse(RecordSchema, item);
    return event.success ? [event.output] : [];
  });
}

/** What the consumer would publish of a recorded event; a text: why nobody can say. */
function readableEventOf(event: RecordedEvent, state: ApplicationState): PublishedEvent | string {
  try {
    return publishedOf(event, state);
  } catch (error) {
    return `cannot be read (${error instanceof Error ? error.message : String(error)})`;
  }
}

function publishedOf(recorded: StoredEvent, state: ApplicationState): PublishedEvent | string {
  const body = bodyOf(recorded)?.toString();
  if (body === undefined) return "was too large to keep";
  const { eventId, eventAt, receivedAt } = recorded;
  const receipt = { receiptId: eventId, origin: "replay", receivedAt } as const;
  const sequence = numberOf(state.effects, [eventId]);
  if (isDecisionBody(body)) {
    const parsed = parseDecision(body);
    if ("reason" in parsed) return parsed.reason;
    const { decision } = parsed;
    const late = state.decided?.decisionId !== eventId;
    const environment = decision.snapshot.environment ?? state.environment;
    if (environment === null) return NO_ENVIRONMENT;
    return publishedDecision({ decision, sequence, state, late, receipt, environment });
  }
  const parsed = parseWebhook(body);
  if (parsed.kind !== "journey-event") return "is no event of an application";
  const event = { ...parsed.event, eventId, at: eventAt, outcome: recorded.outcome ?? null };
  const environment = event.environment ?? state.environment;
  if (environment === null) return NO_ENVIRONMENT;
  const late = isLate(event, state);
  return publishedEvent({
    event,
    sequence,
    route: routeOf(recorded),
    state,
    late,
    receipt,
    environment,
  });
}

const NO_ENVIRONMENT = "does not say whether it is of the sandbox";

/** It is the route of the target, and so one of ours. */
function routeOf({ route }: StoredEvent): RouteId {
  const known = Object.keys(ROUTE_TITLES).find((one): one is RouteId => one === route);
  if (known === undefined) throw new Error(`the route ${route} is unknown`);
  return known;
}

/** The event as EventBridge would hand it on. */
function frameOf(
  { statementKeyArn }: ConnectedStack,
  detail: PublishedEvent,
  route: RouteId,
  now: number,
): BusEvent {
  const [, , , region = "", account = ""] = statementKeyArn.split(":");
  return {
    version: "0",
    id: randomUUID(),
    "detail-type": ROUTE_TITLES[route],
    source: EVENT_SOURCE,
    account,
    time: new Date(now).toISOString().replace(/\.\d+Z$/, "Z"),
    region,
    resources: [],
    detail: { ...detail },
  };
}
