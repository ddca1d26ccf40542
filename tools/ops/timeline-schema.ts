import * as v from "valibot";

const time = v.pipe(v.string(), v.description("ISO 8601, UTC"));
const timeOrNull = v.nullable(time);
const textOrNull = v.nullable(v.string());

const PublicationSchema = v.object({
  state: v.pipe(
    v.picklist(["published", "pending", "failed", "not-published", "unknown"]),
    v.description(
      "published: the bus acknowledged the event. pending: its idempotency record is in progress. failed: see failures. unknown: the number of the effect is stored apart",
    ),
  ),
  route: v.pipe(v.string(), v.description("the route of the event, published or not")),
  number: v.pipe(
    v.nullable(v.number()),
    v.description("the sequence of the published event; null: it has none"),
  ),
  acknowledgedAt: v.pipe(
    timeOrNull,
    v.description("when the bus had the event; null: not known, or longer ago than 40 days"),
  ),
  why: v.pipe(textOrNull, v.description("why the event was not published")),
});

const EventSchema = v.object({
  kind: v.literal("event"),
  eventId: v.string(),
  type: v.string(),
  outcome: textOrNull,
  at: v.pipe(timeOrNull, v.description("when it happened at Alloy")),
  receivedAt: timeOrNull,
  origin: v.pipe(v.string(), v.description("webhook, poll, submission or replay")),
  attempt: v.pipe(
    v.nullable(v.number()),
    v.description("which of Alloy's ten attempts brought the webhook; null: no webhook brought it"),
  ),
  latencyMs: v.pipe(v.number(), v.description("from the event to its receipt")),
  publication: PublicationSchema,
});

const MissingSchema = v.object({
  kind: v.pipe(v.literal("missing"), v.description("Alloy has the event, and we have not")),
  eventId: v.string(),
  type: v.string(),
  at: timeOrNull,
});

const GapSchema = v.object({
  stage: v.pipe(v.string(), v.description("where the event stopped")),
  since: timeOrNull,
  evidence: v.string(),
  events: v.array(v.object({ eventId: v.string(), type: v.string(), at: timeOrNull })),
});

/** An application as `timelineOf` reports it: JSON, without bodies and without external ids. */
export const TimelineSchema = v.object({
  v: v.literal(1),
  applicationToken: v.string(),
  journey: v.object({ token: textOrNull, name: textOrNull }),
  environment: textOrNull,
  here: v.pipe(
    v.object({ status: textOrNull, outcome: textOrNull, lastEventAt: timeOrNull }),
    v.description("the state in our table"),
  ),
  alloy: v.pipe(
    v.nullable(v.object({ status: v.string(), outcome: textOrNull, askedAt: timeOrNull })),
    v.description(
      "the last answer of Alloy that changed the state here; null: none did, so both agree",
    ),
  ),
  submittedAt: timeOrNull,
  adoptedAt: timeOrNull,
  forgottenAt: timeOrNull,
  nextCheckAt: timeOrNull,
  settledAt: v.pipe(timeOrNull, v.description("when the checks ended; null: they go on")),
  gap: v.nullable(GapSchema),
  events: v.pipe(
    v.array(v.variant("kind", [EventSchema, MissingSchema])),
    v.description("in the order in which they happened at Alloy"),
  ),
  failures: v.array(
    v.object({
      eventId: v.string(),
      eventType: v.string(),
      reason: v.string(),
      failedAt: timeOrNull,
      stage: v.picklist(["failed-processing", "dead-lettered"]),
    }),
  ),
  corrections: v.pipe(
    v.number(),
    v.description("published effects that no event here has: what Alloy's answer alone said"),
  ),
  unreadable: v.pipe(v.array(v.string()), v.description("sort keys of items of another format")),
});

export type Timeline = v.InferOutput<typeof TimelineSchema>;
export type TimelineEvent = v.InferOutput<typeof EventSchema>;
