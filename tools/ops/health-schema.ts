import * as v from "valibot";

const timeOrNull = v.nullable(v.pipe(v.string(), v.description("ISO 8601, UTC")));

const AttentionSchema = v.object({
  kind: v.picklist(["alarm", "endpoint", "gaps", "queue", "metric", "arrival"]),
  name: v.pipe(v.string(), v.description("alarm id, logical id of the queue, or metric")),
  severity: v.pipe(
    v.picklist(["page", "ticket", "note"]),
    v.description("note: it is unusual, and the stack is healthy with it"),
  ),
  sentence: v.string(),
  since: timeOrNull,
  next: v.pipe(
    v.nullable(v.string()),
    v.description("the command that answers who is affected, without `--stage`"),
  ),
  runbook: v.nullable(v.string()),
});

/** What `statusOf` reports of a stack: JSON. */
export const StatusSchema = v.object({
  v: v.literal(1),
  stack: v.string(),
  at: v.pipe(v.string(), v.description("ISO 8601, UTC")),
  isHealthy: v.pipe(v.boolean(), v.description("whether nothing but notes needs attention")),
  why: v.pipe(v.string(), v.description("one sentence")),
  lastWebhookAt: v.pipe(
    timeOrNull,
    v.description("to the minute; null: none came in the last three hours"),
  ),
  lastPollAt: v.pipe(timeOrNull, v.description("the poller's last run, to the minute")),
  endpoint: v.object({
    url: v.string(),
    answer: v.pipe(v.string(), v.description("of API Gateway to a GET, which counts nowhere: 404")),
    ms: v.number(),
    isFine: v.boolean(),
  }),
  attention: v.pipe(v.array(AttentionSchema), v.description("pages first, then tickets")),
  queues: v.array(
    v.object({ id: v.string(), waiting: v.number(), inFlight: v.number(), isFine: v.boolean() }),
  ),
  metrics: v.array(
    v.object({
      name: v.string(),
      kind: v.pipe(
        v.picklist(["gauge", "counter"]),
        v.description("gauge: its last value. counter: the sum of the last hour"),
      ),
      value: v.nullable(v.number()),
      lastWeek: v.pipe(
        v.nullable(v.number()),
        v.description("of a counter, the sum of the same hour a week ago"),
      ),
      good: v.string(),
      isFine: v.boolean(),
    }),
  ),
});

export type Status = v.InferOutput<typeof StatusSchema>;
export type Attention = v.InferOutput<typeof AttentionSchema>;
