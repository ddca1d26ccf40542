import { PutEventsCommand } from "@aws-sdk/client-eventbridge";
import * as v from "valibot";

import { jsonForSqs } from "../../lambdas/domain/event/envelope.ts";
import { REPLAY_SOURCE } from "../../lambdas/settings/routes.ts";
import type { RouteId } from "../../lambdas/settings/routes.ts";
import type { ConnectedStack } from "./stack.ts";

/** An event as EventBridge writes it into a queue. */
const EventSchema = v.looseObject({
  id: v.optional(v.string()),
  time: v.optional(v.string()),
  source: v.string(),
  "detail-type": v.string(),
  detail: v.looseObject({
    eventId: v.optional(v.string()),
    applicationToken: v.nullish(v.string()),
  }),
});

const ReplaySchema = v.object({ source: v.literal(REPLAY_SOURCE), detail: EventSchema });

export type BusEvent = v.InferOutput<typeof EventSchema>;

/** The event in a message of a queue that EventBridge feeds; of a replay that failed, the event in it. Null: it is none. */
export function eventIn(body: string): BusEvent | null {
  const json = v.safeParse(v.pipe(v.string(), v.parseJson()), body);
  if (!json.success) return null;
  const replay = v.safeParse(ReplaySchema, json.output);
  if (replay.success) return replay.output.detail;
  const event = v.safeParse(EventSchema, json.output);
  return event.success ? event.output : null;
}

/** Why people deliver an event again; the event says it to its reader, in `detail.replay`. */
export interface ReplayMark {
  readonly reason: "resume" | "redrive" | "replay";
  /** ISO 8601. */
  readonly at: string;
}

/**
 * Delivers an event to one target of a route alone, marked as a replay.
 *
 * @throws Error when the bus does not take it.
 */
export async function deliverAgain(
  { events, stackName }: ConnectedStack,
  event: BusEvent,
  to: { readonly route: RouteId; readonly target: string },
  mark: ReplayMark,
): Promise<void> {
  // A queue refuses characters that EventBridge takes.
  const Detail = jsonForSqs({ ...event, detail: { ...event.detail, replay: mark } });
  const { Entries = [] } = await events.send(
    new PutEventsCommand({
      Entries: [
        {
          EventBusName: stackName,
          Source: REPLAY_SOURCE,
          DetailType: `${to.route}/${to.target}`,
          Detail,
        },
      ],
    }),
  );
  const [entry] = Entries;
  // Only what the answer names is on the bus; what it came from must not go before.
  if (entry?.EventId === undefined) {
    throw new Error(
      `the bus did not take the event: ${entry?.ErrorMessage ?? "it gives no reason"}`,
    );
  }
}
